package run_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/run"
)

// trickle writes text over and over, one piece every few milliseconds, until the connection is cut.
func trickle(conn net.Conn, opening, piece string) {
	_, err := io.WriteString(conn, opening)
	for err == nil {
		time.Sleep(10 * time.Millisecond)
		_, err = io.WriteString(conn, piece)
	}
}

func TestHostileClientsAreCutByADeadlineWhileOthersAreServed(t *testing.T) {
	cfg := defaults(t)
	cfg.ReadHeaderTimeout = 200 * time.Millisecond
	cfg.ReadTimeout = 300 * time.Millisecond
	cfg.WriteTimeout = 400 * time.Millisecond
	cfg.IdleTimeout = 250 * time.Millisecond
	const atLast = 3 * time.Second // far above each deadline, far below the defaults
	unread := make(chan error, 1)
	p := serve(t, cfg, newEnv(), run.App{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/large" {
			_, err := io.CopyN(w, strings.NewReader(strings.Repeat("x", 64<<20)), 64<<20)
			unread <- err
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusRequestTimeout)
		}
	})})

	const post = "POST / HTTP/1.1\r\nHost: heard\r\n"
	attacks := map[string]func(net.Conn){
		"says nothing":     func(net.Conn) {},
		"trickles headers": func(c net.Conn) { trickle(c, "GET / HTTP/1.1\r\nHost: heard\r\n", "X-More: of it\r\n") },
		"trickles later headers": func(c net.Conn) {
			trickle(c, "GET / HTTP/1.1\r\nHost: heard\r\n\r\nGET / HTTP/1.1\r\n", "X-More: of it\r\n")
		},
		"trickles a body": func(c net.Conn) { trickle(c, post+"Content-Length: 1000000\r\n\r\n", "x") },
		"trickles chunks": func(c net.Conn) { trickle(c, post+"Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n") },
		"never ends its chunks": func(c net.Conn) {
			_, err := io.WriteString(c, post+"Transfer-Encoding: chunked\r\n\r\n")
			for chunk := "1000\r\n" + strings.Repeat("x", 0x1000) + "\r\n"; err == nil; {
				_, err = io.WriteString(c, chunk)
			}
		},
		"idles after an answer": func(c net.Conn) { _, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: heard\r\n\r\n") },
	}
	var attackers sync.WaitGroup
	for name, attack := range attacks {
		attackers.Go(func() {
			conn := dial(t, p)
			began := time.Now()
			go attack(conn)
			_ = conn.SetReadDeadline(began.Add(atLast))
			if _, err := io.Copy(io.Discard, conn); isTimeout(err) {
				t.Errorf("a client that %s still had its connection after %s", name, atLast)
			}
		})
	}
	attackers.Go(func() {
		conn := dial(t, p)
		_, _ = io.WriteString(conn, "GET /large HTTP/1.1\r\nHost: heard\r\n\r\n")
		select {
		case err := <-unread:
			if err == nil {
				t.Error("64 MiB were written to a client that never read")
			}
		case <-time.After(atLast):
			t.Errorf("a handler still wrote to a client that never reads after %s", atLast)
		}
	})

	over := make(chan struct{})
	go func() { attackers.Wait(); close(over) }()
	for honest := newClient(t); ; {
		began := time.Now()
		if _, err := get(honest, p.url("/")); err != nil {
			t.Fatalf("an honest client was not served: %v", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("an honest client waited %s", took)
		}
		select {
		case <-over:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestIdleConnectionsHoldLittleMemoryAndGiveWay(t *testing.T) {
	const bound, beyond = 2_000, 200
	cfg := defaults(t)
	cfg.MaxConnections = bound
	p := serve(t, cfg, newEnv(), run.App{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})})

	before := memory()
	conns := make([]net.Conn, 0, bound+beyond)
	idle := func() {
		conn := dial(t, p)
		conns = append(conns, conn)
		if err := exchange(conn); err != nil {
			t.Fatalf("connection %d was not served: %v", len(conns), err)
		}
	}
	for range bound {
		idle()
	}
	each := (memory() - before) / bound
	t.Logf("%d bytes per idle connection", each)
	if each > 64<<10 {
		t.Errorf("%d bytes per idle connection", each)
	}
	for range beyond {
		idle()
	}
	// The oldest gave way, and only they.
	for i, conn := range conns[:beyond] {
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := conn.Read(make([]byte, 1)); err == nil || isTimeout(err) {
			t.Fatalf("connection %d of %d is still open: %v", i, bound+beyond, err)
		}
	}
	for i, conn := range conns[beyond:] {
		if err := exchange(conn); err != nil {
			t.Fatalf("connection %d was cut although it was within the bound: %v", beyond+i, err)
		}
	}
}

func TestConnectionsBeingAnsweredAreNotCutForNewOnes(t *testing.T) {
	cfg := defaults(t)
	cfg.MaxConnections = 2
	inside, release := make(chan struct{}, 2), make(chan struct{})
	p := serve(t, cfg, newEnv(), run.App{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		inside <- struct{}{}
		<-release
	})})
	answers := make(chan error, 2)
	for range 2 {
		conn := dial(t, p)
		go func() { answers <- exchange(conn) }()
		receive(t, inside)
	}
	if err := exchange(dial(t, p)); err == nil {
		t.Error("a third connection was served beyond the bound")
	}
	close(release)
	for range 2 {
		if err := receive(t, answers); err != nil {
			t.Errorf("a connection being answered was cut: %v", err)
		}
	}
	if err := exchange(dial(t, p)); err != nil {
		t.Errorf("not served although the others are idle: %v", err)
	}
}

func dial(t *testing.T, p *process) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// exchange sends one request and reads its empty answer.
func exchange(conn net.Conn) error {
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: heard\r\n\r\n"); err != nil {
		return err
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	answer := make([]byte, 512)
	for n := 0; ; {
		read, err := conn.Read(answer[n:])
		if n += read; strings.HasSuffix(string(answer[:n]), "\r\n\r\n") {
			return nil
		}
		if err != nil {
			return fmt.Errorf("after %q: %w", answer[:n], err)
		}
	}
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
