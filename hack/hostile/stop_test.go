package hostile

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestASignalInTheMiddleOfLoadCostsNoAnswer(t *testing.T) {
	t.Parallel()
	p := start(t)
	var answered atomic.Int64
	busy := make(chan struct{})
	var load sync.WaitGroup
	for range 64 {
		load.Go(func() { p.submitUntilTold(&answered, busy) })
	}
	straggler, err := p.dial()
	must(t, err)
	body := said("in flight")
	_, err = io.WriteString(straggler, p.submission(len(body))+body[:5])
	must(t, err)
	<-busy

	stopped := make(chan error, 1)
	go func() { stopped <- p.Stop() }()
	p.refusesNewcomers()
	select {
	case err := <-stopped:
		t.Fatalf("it ended although a request was in flight: %v", err)
	default:
	}
	if status, _, err := straggler.ask(body[5:]); status != http.StatusCreated {
		t.Errorf("a request in flight was answered %d, %v", status, err)
	}
	load.Wait()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	t.Logf("%d submissions were answered", answered.Load())
}

// submitUntilTold submits on one connection until an answer says that it is the last; each must be answered.
func (p *product) submitUntilTold(answered *atomic.Int64, busy chan<- struct{}) {
	c, err := p.dial()
	if err != nil {
		p.t.Error(err)
		return
	}
	defer c.Close() //nolint:errcheck // its work is done
	body := said("load")
	for {
		status, last, err := c.ask(p.submission(len(body)) + body)
		if status != http.StatusCreated {
			p.t.Errorf("a submission was answered %d, %v", status, err)
			return
		}
		if answered.Add(1) == 1000 {
			close(busy)
		}
		if last {
			return
		}
	}
}

// refusesNewcomers waits until nobody can connect any more.
func (p *product) refusesNewcomers() {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		switch c, err := net.DialTimeout("tcp", p.addr, patience); {
		case err == nil:
			must(p.t, c.Close())
		case errors.Is(err, syscall.ECONNREFUSED):
			return
		case !errors.Is(err, syscall.ECONNRESET): // it came while the door was being closed
			p.t.Fatal(err)
		}
	}
	p.t.Error("it still takes connections")
}
