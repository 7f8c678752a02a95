package heard_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/store/memgate"
	"github.com/heard-dev/heard/pkg/store/redisstore"
)

// The crowd's limit, and how long it is held to it unless HEARD_TEST_ACCURACY says otherwise. The burst is what the limit
// gives in two seconds: should all the crowd be held up for less, nothing is lost.
const (
	crowdRate  = 100 // a second
	crowdBurst = 2 * crowdRate
	crowdTime  = 10 * time.Second
	replicas   = 4
)

// crowd asks several processes for three times the limit.
type crowd struct {
	*testing.T
	deployment *deployment
	processes  []*installation
	key        string
	admitted   atomic.Int64
	refused    atomic.Int64
}

func gather(t *testing.T) *crowd {
	t.Helper()
	c := &crowd{T: t, deployment: deploy(t)}
	var gates []*redisstore.Gate
	store := sqlite(t) // quick to read, as it is on every request without Redis: a slow one would lessen what is offered
	for n := range replicas {
		process, shared := c.deployment.replica(t, fmt.Sprint("replica-", n), store)
		c.processes, gates = append(c.processes, process), append(gates, shared)
	}
	acquainted := func(g *redisstore.Gate) bool { return g.Replicas() == replicas }
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if len(slices.DeleteFunc(slices.Clone(gates), acquainted)) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the processes do not know of each other")
		}
	}
	first := c.processes[0]
	org, err := first.manager.CreateOrg(t.Context(), byTest(), manage.OrgDraft{Slug: "crowded", Name: "Crowded"})
	must(t, err)
	_, _, err = first.manager.PutOverride(t.Context(), byTest(), org.ID, limit.Override{
		Name: "crowd", Org: "crowded", Policy: "reads.key", Rate: tenant.Rate{Limit: 60 * crowdRate, Burst: crowdBurst},
	}, false)
	must(t, err)
	_, text, err := first.manager.CreateKey(t.Context(), byTest(), org.ID, manage.KeyDraft{Name: "crowd", Scopes: []access.Right{access.OrgRead}})
	must(t, err)
	c.key = text.Reveal()
	return c
}

// replica is a process that knows of the others.
func (d *deployment) replica(t *testing.T, name string, store platform.Store) (*installation, *redisstore.Gate) {
	t.Helper()
	shared, err := redisstore.Open(t.Context(), redisstore.Options{
		URL: d.redis.url, Prefix: d.prefix, Group: "crowd", Instance: name, Heartbeat: 500 * time.Millisecond,
	})
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	var beating sync.WaitGroup
	beating.Go(func() { _ = shared.Run(ctx) }) // ends with its context
	t.Cleanup(func() {
		stop()
		beating.Wait()
		must(t, shared.Close())
	})
	parts := embedded(t, store, time.Now)
	parts.Opened = d.parts.Opened
	local := memgate.New(memgate.Options{Now: time.Now, Share: shared.Replicas})
	parts.Gate = gate.NewFallback(shared, local, gate.FallbackOptions{Now: time.Now, ProbeAfter: probeAfter})
	return serve(t, parts, time.Now), shared
}

// ask sends one request to one of the processes, and tells whether it was admitted, and of what limit it was told.
func (c *crowd) ask(n int) (admitted bool, policy string) {
	w := c.processes[n].call(http.MethodGet, "/v1/org", c.key, "")
	switch w.Code {
	case http.StatusOK:
		c.admitted.Add(1)
	case http.StatusTooManyRequests:
		c.refused.Add(1)
	default:
		c.Errorf("%d %s", w.Code, w.Body)
	}
	return w.Code == http.StatusOK, w.Header().Get("RateLimit-Policy")
}

// press offers three times the limit for that long, evenly, to all processes alike.
func (c *crowd) press(long time.Duration) {
	const each = replicas * time.Second / (3 * crowdRate)
	start := time.Now()
	var all sync.WaitGroup
	for n := range replicas {
		all.Go(func() {
			for due := start; due.Sub(start) < long; due = due.Add(each) {
				time.Sleep(time.Until(due))
				c.ask(n)
			}
		})
	}
	all.Wait()
}

func accuracyTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("HEARD_TEST_ACCURACY")
	if text == "" {
		return crowdTime
	}
	long, err := time.ParseDuration(text)
	must(t, err)
	return long
}

// What a bucket gives is known to the token: its burst, and its rate times the time from the first draw to the first refusal
// after everybody had enough of it.
func TestProcessesTogetherAdmitWhatTheLimitSays(t *testing.T) {
	t.Parallel()
	c := gather(t)
	before := time.Now()
	c.ask(0)
	after := time.Now()
	c.press(accuracyTime(t))
	var least, most time.Duration
	for admitted := true; admitted; {
		least = time.Since(after)
		admitted, _ = c.ask(0)
		most = time.Since(before)
	}
	got := float64(c.admitted.Load())
	low, high := crowdBurst+crowdRate*least.Seconds(), crowdBurst+crowdRate*most.Seconds()
	t.Logf("%d of %d admitted; the limit says %.0f to %.0f", c.admitted.Load(), c.admitted.Load()+c.refused.Load(), low, high)
	if got < 0.99*low || got > 1.01*high {
		t.Errorf("%.0f admitted instead of %.0f to %.0f", got, low, high)
	}
}

func TestALimitHoldsNearlyWhileRedisIsAwayAndExactlySoonAfter(t *testing.T) {
	t.Parallel()
	c := gather(t)
	part := accuracyTime(t) / 4
	start := time.Now()
	c.press(part)
	before, cut := c.admitted.Load(), time.Now()
	c.deployment.redis.cut(true)
	c.press(part)
	away, mended := c.admitted.Load()-before, time.Now()
	c.deployment.redis.cut(false)
	t.Logf("%d admitted in %s without Redis", away, mended.Sub(cut))
	// The crowd had spent the burst by then, and what it was told of that is remembered.
	if most := 1.5 * crowdRate * mended.Sub(cut).Seconds(); float64(away) > most || float64(away) < most/1.5/4 {
		t.Errorf("%d admitted while Redis was away, of at most %.0f", away, most)
	}
	whole := fmt.Sprintf("q=%d;", crowdBurst)
	for n := range replicas {
		for back := false; !back; {
			_, policy := c.ask(n)
			if back = strings.Contains(policy, whole); !back && time.Since(mended) > 5*time.Second {
				t.Fatalf("process %d still goes by %s", n, policy)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	c.press(part)
	most := 1.5 * (crowdBurst + crowdRate*time.Since(start).Seconds())
	t.Logf("%d of %d admitted; at most %.0f may be", c.admitted.Load(), c.admitted.Load()+c.refused.Load(), most)
	if got := float64(c.admitted.Load()); got > most || got < most/1.5/4 {
		t.Errorf("%.0f admitted, of at most %.0f", got, most)
	}
}
