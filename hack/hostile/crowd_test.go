package hostile

import (
	"net/http"
	"sync"
	"testing"
)

func TestTenThousandIdleConnectionsAreAffordable(t *testing.T) {
	t.Parallel()
	const (
		idle = 10_000
		own  = 500 // descriptors that the test and the product need besides
	)
	descriptors(t, idle+own)
	p := start(t)
	before := resident(t, p.PID())
	stop := p.serveOthers()
	defer stop()

	conns := make([]*conn, idle)
	var crowd sync.WaitGroup
	const dialers = 8
	for first := range dialers {
		crowd.Go(func() {
			for i := first; i < idle; i += dialers {
				c, err := p.dial()
				if err != nil {
					t.Errorf("connection %d: %v", i, err)
					return
				}
				conns[i] = c
				if status, _, err := c.ask(health); status != http.StatusOK {
					t.Errorf("connection %d was answered %d, %v", i, status, err)
				}
			}
		})
	}
	crowd.Wait()
	if t.Failed() {
		return
	}
	after := resident(t, p.PID())
	t.Logf("%d connections took %d MiB to %d MiB", idle, before>>20, after>>20)
	if after-before > 250<<20 {
		t.Errorf("%d idle connections cost %d MiB", idle, (after-before)>>20)
	}
	alive := 0
	for _, c := range conns {
		if status, _, err := c.ask(health); err == nil && status == http.StatusOK {
			alive++
		}
		c.Close() //nolint:errcheck // its work is done
	}
	if alive != idle {
		t.Errorf("%d of %d idle connections were still served", alive, idle)
	}
}
