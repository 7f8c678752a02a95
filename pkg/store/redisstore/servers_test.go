package redisstore_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisProcess is a Redis of the test's own, to be killed and started again on the same port and data.
type redisProcess struct {
	*testing.T
	port int
	args []string
	cmd  *exec.Cmd
}

func startRedis(t *testing.T, args ...string) *redisProcess {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &redisProcess{T: t, port: l.Addr().(*net.TCPAddr).Port}
	_ = l.Close()
	p.args = append([]string{"--port", strconv.Itoa(p.port), "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--logfile", "/dev/null"}, args...)
	p.start()
	t.Cleanup(p.kill)
	return p
}

func (p *redisProcess) address() string { return fmt.Sprintf("127.0.0.1:%d", p.port) }
func (p *redisProcess) url() string     { return "redis://" + p.address() + "/0" }

func (p *redisProcess) start() {
	p.Helper()
	p.cmd = exec.Command("redis-server", p.args...)
	if err := p.cmd.Start(); err != nil {
		p.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: p.address(), MaxRetries: -1, DialerRetries: 1})
	defer func() { _ = client.Close() }()
	await(p.T, func() bool { return client.Ping(context.Background()).Err() == nil })
}

func (p *redisProcess) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	_ = p.cmd.Wait()
}

// proxy stands between a gate and Redis. It can be cut, or swallow all that is sent.
type proxy struct {
	*testing.T
	listener net.Listener
	target   string
	swallow  atomic.Bool

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

func startProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{T: t, listener: l, target: target, conns: map[net.Conn]bool{}}
	t.Cleanup(func() {
		_ = l.Close()
		p.setCut(true)
	})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return p
}

func (p *proxy) url() string { return "redis://" + p.listener.Addr().String() + "/0" }

// setCut ends all connections and refuses new ones, or lets them through again.
func (p *proxy) setCut(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	for conn := range p.conns {
		_ = conn.Close()
	}
	clear(p.conns)
}

func (p *proxy) hold(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		_ = conn.Close()
		return false
	}
	p.conns[conn] = true
	return true
}

func (p *proxy) serve(client net.Conn) {
	upstream, err := net.DialTimeout("tcp", p.target, time.Second)
	if err != nil {
		_ = client.Close()
		return
	}
	if !p.hold(client) || !p.hold(upstream) {
		_ = upstream.Close()
		return
	}
	go p.pump(client, upstream)
	p.pump(upstream, client)
}

func (p *proxy) pump(to, from net.Conn) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !p.swallow.Load() {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if err == io.EOF {
				_ = to.Close()
			}
			return
		}
	}
}

// cpu reports the processor time this process spent on each iteration since the benchmark began.
func cpu(b *testing.B, began time.Duration) {
	b.ReportMetric(float64((spent()-began).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

func spent() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
