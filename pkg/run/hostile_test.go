package run_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
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
	cfg.IdleTimeout = 200 * time.Millisecond
	cfg.ReadTimeout = 2 * time.Second
	cfg.WriteTimeout = 2 * time.Second
	// Far enough above each deadline for a busy machine, and below the next longer one.
	const soon, atLast = 1800 * time.Millisecond, 8 * time.Second
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

	const whole, half, post = "GET / HTTP/1.1\r\nHost: heard\r\n\r\n", "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nHost: heard\r\n"
	attacks := map[string]struct {
		within time.Duration
		attack func(net.Conn)
	}{
		"says nothing":           {soon, func(net.Conn) {}},
		"idles after an answer":  {soon, func(c net.Conn) { _, _ = io.WriteString(c, whole) }},
		"trickles headers":       {soon, func(c net.Conn) { trickle(c, half, "X-More: of it\r\n") }},
		"trickles later headers": {soon, func(c net.Conn) { trickle(c, whole+half, "X-More: of it\r\n") }},
		"trickles a body":        {atLast, func(c net.Conn) { trickle(c, post+"Content-Length: 1000000\r\n\r\n", "x") }},
		"trickles chunks":        {atLast, func(c net.Conn) { trickle(c, post+"Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n") }},
		"never ends its chunks": {atLast, func(c net.Conn) {
			_, err := io.WriteString(c, post+"Transfer-Encoding: chunked\r\n\r\n")
			for chunk := "1000\r\n" + strings.Repeat("x", 0x1000) + "\r\n"; err == nil; {
				_, err = io.WriteString(c, chunk)
			}
		}},
	}
	var attackers sync.WaitGroup
	for name, row := range attacks {
		conn := dial(t, p)
		attackers.Go(func() {
			go row.attack(conn)
			_ = conn.SetReadDeadline(time.Now().Add(row.within))
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("a client that %s still had its connection after %s", name, row.within)
			}
		})
	}
	conn := dial(t, p)
	attackers.Go(func() {
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
	for {
		began := time.Now()
		if _, err := get(p.url("/")); err != nil {
			t.Fatalf("an honest client was not served: %v", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("an honest client waited %s", took)
		}
		select {
		case <-over:
			return
		case <-time.After(20 * time.Millisecond):
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
	var cut []int
	for i, conn := range conns {
		if exchange(conn) != nil {
			cut = append(cut, i)
		}
	}
	if len(cut) != beyond || slices.Max(cut) > bound/2 {
		t.Errorf("%d connections gave way to %d: %v", len(cut), beyond, cut)
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

func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
