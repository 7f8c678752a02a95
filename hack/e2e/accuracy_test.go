package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/hack/stack"
	"github.com/heard-dev/heard/hack/stack/cable"
)

// The crowd's limit, and how long it is held to it. The burst is what the limit gives in two seconds: should all the crowd be
// held up for less, nothing is lost.
const (
	crowdRate  = 100 // a second
	crowdBurst = 2 * crowdRate
	crowdTime  = time.Minute
	replicas   = 4
)

// crowd asks several processes of one service for three times the limit.
type crowd struct {
	*testing.T
	processes []string // where they listen
	toRedis   *cable.Cable
	key       string
	admitted  atomic.Int64
	refused   atomic.Int64
}

func gather(t *testing.T) *crowd {
	t.Helper()
	servers := testServers(t)
	c := &crowd{T: t, toRedis: lay(t, servers.RedisURL)}
	running := start(t, stack.Options{
		Servers: servers, Replicas: map[string]int{"read": replicas},
		ServiceEnv: map[string][]string{"read": {"HEARD_REDIS_URL=" + through(t, c.toRedis, servers.RedisURL)}},
		Env:        []string{fmt.Sprintf(`HEARD_PLANS={"default": {"reads.key": {"limit": %d, "burst": %d}}}`, 60*crowdRate, crowdBurst)},
	})
	for _, name := range slices.Sorted(maps.Keys(running.Services)) {
		if strings.HasPrefix(name, "read") {
			c.processes = append(c.processes, running.Services[name].URL)
		}
	}
	c.key = running.Demo.Keys["userz"]
	return c
}

// ask sends one request to one of the processes, and tells whether it was admitted, and of what limit it was told.
func (c *crowd) ask(n int) (admitted bool, policy string) {
	status, header := list(c.T, c.processes[n], c.key)
	switch status {
	case http.StatusOK:
		c.admitted.Add(1)
	case http.StatusTooManyRequests:
		c.refused.Add(1)
	default:
		c.Errorf("process %d answers %d, request %s", n, status, header.Get("X-Request-Id"))
	}
	return status == http.StatusOK, header.Get("RateLimit-Policy")
}

// press offers three times the limit for that long, evenly, to all processes alike, by clients enough that none has to wait
// for a slow answer before its next request is due.
func (c *crowd) press(long time.Duration) {
	const clients = 4
	const each = clients * replicas * time.Second / (3 * crowdRate)
	start := time.Now()
	var all sync.WaitGroup
	for n := range clients * replicas {
		all.Go(func() {
			for due := time.Duration(n) * each / (clients * replicas); due < long; due += each {
				time.Sleep(time.Until(start.Add(due)))
				c.ask(n % replicas)
			}
		})
	}
	all.Wait()
	c.Logf("offered %.0f a second", 3*crowdRate*long.Seconds()/time.Since(start).Seconds())
}

// What a bucket gives is known to the token: its burst, and its rate times the time from the first draw to the first refusal
// after everybody had enough of it.
func TestProcessesTogetherAdmitWhatTheLimitSays(t *testing.T) {
	t.Parallel()
	c := gather(t)
	before := time.Now()
	c.ask(0)
	after := time.Now()
	c.press(crowdTime)
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
	const part = crowdTime / 3 // far longer than the processes need to hear of each other
	start := time.Now()
	c.press(part)
	before, cut := c.admitted.Load(), time.Now()
	c.toRedis.Cut()
	c.press(part)
	away, mended := c.admitted.Load()-before, time.Now()
	c.toRedis.Mend()
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
