package hostile

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The deadlines of these tests: as short as the configuration grants, so that they can be awaited.
const (
	headerDeadline = 2 * time.Second
	bodyDeadline   = 6 * time.Second
	answerDeadline = 35 * time.Second
)

func shortened() []string {
	return []string{
		"HEARD_READ_HEADER_TIMEOUT=" + headerDeadline.String(), "HEARD_READ_TIMEOUT=" + bodyDeadline.String(),
		"HEARD_WRITE_TIMEOUT=" + answerDeadline.String(),
	}
}

func TestHostileClientsAreCutWhileOthersAreServed(t *testing.T) {
	t.Parallel()
	p := start(t, shortened()...)
	p.fill()
	before := resident(t, p.PID())
	stop := p.serveOthers()
	var attackers sync.WaitGroup
	for _, row := range []struct {
		name   string
		many   int
		within time.Duration
		attack func(*conn)
	}{
		{"says nothing", 50, headerDeadline, func(*conn) {}},
		{"trickles its headers", 50, headerDeadline, func(c *conn) { trickle(c, "GET / HTTP/1.1\r\n", "X-More: of it\r\n") }},
		{"trickles its second headers", 50, headerDeadline, func(c *conn) {
			trickle(c, health+"GET / HTTP/1.1\r\n", "X-More: of it\r\n")
		}},
		{"trickles its body", 50, bodyDeadline, func(c *conn) { trickle(c, p.submission(1_000_000), " ") }},
		{"trickles its chunks", 50, bodyDeadline, func(c *conn) { trickle(c, p.submission(-1), "1\r\n \r\n") }},
	} {
		for range row.many {
			attackers.Go(func() {
				c, err := p.dial()
				if err != nil {
					t.Errorf("a client that %s: %v", row.name, err)
					return
				}
				defer c.Close() //nolint:errcheck // it is cut
				go row.attack(c)
				p.limit(c, row.within+patience)
				if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("a client that %s still had its connection after %s", row.name, row.within+patience)
				}
			})
		}
	}
	var tooLarge atomic.Int32
	for range 32 { // twice as many as may hold bodies of that size at once
		attackers.Go(func() { p.endless(&tooLarge) })
	}
	for range 16 {
		attackers.Go(p.neverReads)
	}
	peak := p.watch(before, &attackers)
	stop()
	t.Logf("%d MiB before, %d MiB at most; %d of 32 endless bodies were answered 413", before>>20, peak>>20, tooLarge.Load())
	if peak > memory {
		t.Errorf("the attack made it take %d MiB", peak>>20)
	}
	if tooLarge.Load() < 8 {
		t.Errorf("only %d endless bodies were answered 413", tooLarge.Load())
	}
}

// memory is what the product may take however it is attacked, in bytes: 512 MiB is where it saves, and the collector may be late.
const memory = 640 << 20

// watch gives the most memory that the product has until all are done.
func (p *product) watch(peak int64, until *sync.WaitGroup) int64 {
	done := make(chan struct{})
	go func() { until.Wait(); close(done) }()
	for {
		peak = max(peak, resident(p.t, p.PID()))
		select {
		case <-done:
			return peak
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// fill stores a page of items as large as they can be.
func (p *product) fill() {
	p.t.Helper()
	c, err := p.dial()
	must(p.t, err)
	defer c.Close() //nolint:errcheck // its work is done
	body := said(strings.Repeat("x", 8192))
	for range 100 {
		if status, _, err := c.ask(p.submission(len(body)) + body); status != http.StatusCreated {
			p.t.Fatalf("status %d, %v", status, err)
		}
	}
}

// serveOthers submits as honest clients do, on a connection each, and holds the product to its answers until it is stopped.
func (p *product) serveOthers() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var served sync.WaitGroup
	slowest, n := time.Duration(0), 0
	served.Go(func() {
		for body := said("honest"); ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
			began := time.Now()
			c, err := p.dial()
			if err != nil {
				p.t.Errorf("an honest client cannot connect: %v", err)
				continue
			}
			status, _, err := c.ask(p.submission(len(body)) + body)
			if status != http.StatusCreated {
				p.t.Errorf("an honest client was answered %d, %v", status, err)
			}
			c.Close() //nolint:errcheck // its work is done
			slowest, n = max(slowest, time.Since(began)), n+1
		}
	})
	return func() {
		cancel()
		served.Wait()
		p.t.Logf("%d honest clients were served meanwhile, the slowest within %s", n, slowest)
	}
}

// trickle writes a piece over and over, until the connection is cut.
func trickle(c *conn, opening, piece string) {
	_, err := io.WriteString(c, opening)
	for err == nil {
		time.Sleep(20 * time.Millisecond)
		_, err = io.WriteString(c, piece)
	}
}

// endless sends a body that never ends, as fast as it is taken. It must be refused soon after the cap of 8 MB: with 413, or
// with 503 where others like it hold all the memory for bodies. Who is too busy sending to hear that is cut all the same.
func (p *product) endless(tooLarge *atomic.Int32) {
	c, err := p.dial()
	if err != nil {
		p.t.Error(err)
		return
	}
	defer c.Close() //nolint:errcheck // it is cut
	sent := make(chan int)
	go func() {
		n, err := io.WriteString(c, p.submission(-1))
		for chunk, more := "10000\r\n"+strings.Repeat(" ", 0x10000)+"\r\n", 0; err == nil; n += more {
			more, err = io.WriteString(c, chunk)
		}
		sent <- n
	}()
	p.limit(c, bodyDeadline+patience)
	switch status, last, err := c.answer(); {
	case status == http.StatusRequestEntityTooLarge && last:
		tooLarge.Add(1)
	case status != http.StatusServiceUnavailable && !errors.Is(err, syscall.ECONNRESET):
		p.t.Errorf("an endless body was answered %d, %v", status, err)
	}
	if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Error("an endless body still had its connection after it was refused")
	}
	c.Close() //nolint:errcheck // it is cut
	const buffers = 16 << 20
	if n := <-sent; n > 8<<20+buffers {
		p.t.Errorf("%d MiB of an endless body were taken", n>>20)
	}
}

// neverReads asks for page after page and reads none.
func (p *product) neverReads() {
	dialer := net.Dialer{Timeout: patience, Control: func(_, _ string, raw syscall.RawConn) (err error) {
		refused := raw.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10) })
		return errors.Join(refused, err)
	}}
	c, err := dialer.Dial("tcp", p.addr)
	if err != nil {
		p.t.Error(err)
		return
	}
	defer c.Close() //nolint:errcheck // it is cut
	p.limit(c, answerDeadline+patience)
	for request := p.list(); err == nil; {
		_, err = io.WriteString(c, request)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Errorf("a client that never reads still had its connection after %s", answerDeadline+patience)
	}
}
