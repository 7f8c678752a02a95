package memgate_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/memgate"
	"github.com/heard-dev/heard/pkg/store/storetest"
)

// clock stands still until it is moved.
type clock struct{ nanoseconds atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.Advance(time.Date(2026, 3, 1, 12, 30, 59, 0, time.UTC).Sub(time.Unix(0, 0)))
	return c
}

func (c *clock) Now() time.Time          { return time.Unix(0, c.nanoseconds.Load()) }
func (c *clock) Advance(d time.Duration) { c.nanoseconds.Add(int64(d)) }

// restarted is a gate.Gate whose process can end and start again.
type restarted struct{ *memgate.Gate }

func TestGate(t *testing.T) {
	storetest.Gates(t, func(*testing.T) storetest.GateUnderTest {
		clock := newClock()
		g := &restarted{memgate.New(memgate.Options{Now: clock.Now})}
		return storetest.GateUnderTest{
			Gate: g, Now: clock.Now, Advance: clock.Advance,
			Forget: func(*testing.T, id.ID) { g.Gate = memgate.New(memgate.Options{Now: clock.Now}) },
		}
	})
}

func org(n byte) id.ID { return id.ID{n} }

func policy(limit int64) gate.Policy {
	return gate.Policy{Name: "bucket", Limit: limit, Period: time.Duration(limit) * time.Second, Source: gate.FromPlan}
}

func window(limit int64) gate.Policy {
	return gate.Policy{Name: "window", Algorithm: gate.FixedWindow, Limit: limit, Period: time.Minute, Source: gate.FromPlan}
}

func draw(p gate.Policy, bucket string, cost int64) []gate.Draw {
	return []gate.Draw{{Policy: p, Bucket: bucket, Cost: cost}}
}

// drawn is how many draws of one a fresh gate's bucket allows in a row.
func drawn(g *memgate.Gate, p gate.Policy, bucket string) (n int64, last gate.Decision) {
	for {
		if last = g.Draw(org(1), draw(p, bucket, 1))[0]; !last.Allowed {
			return n, last
		}
		n++
	}
}

func TestAStandInGivesItsShareOfALimit(t *testing.T) {
	for name, row := range map[string]struct {
		policy gate.Policy
		share  int
		want   int64
	}{
		"alone":                   {policy(10), 1, 10},
		"one of three":            {policy(10), 3, 3},
		"a window":                {window(10), 3, 3},
		"more sharers than limit": {policy(10), 50, 1},
		"nobody counted yet":      {policy(10), 0, 10},
		"nothing to share":        {policy(0), 3, 0},
	} {
		g := memgate.New(memgate.Options{Now: newClock().Now, Share: func() int { return row.share }})
		got, last := drawn(g, row.policy, "b")
		if got != row.want || last.Policy.Limit != row.want || last.Policy.Source != gate.FromFallback {
			t.Errorf("%s: %d drawn, then %+v", name, got, last)
		}
	}
}

func TestAStandInGoesOnFromWhatTheSharedGateDecided(t *testing.T) {
	for name, p := range map[string]gate.Policy{"bucket": policy(100), "window": window(100)} {
		clock := newClock()
		shared := memgate.New(memgate.Options{Now: clock.Now})
		local := memgate.New(memgate.Options{Now: clock.Now, Share: func() int { return 4 }})
		draws := draw(p, "b", 60)
		local.Learn(org(1), draws, shared.Draw(org(1), draws))
		if got, _ := drawn(local, p, "b"); got != 10 {
			t.Errorf("%s: %d drawn of a quarter of the 40 that were left", name, got)
		}
		clock.Advance(time.Hour)
		if got, _ := drawn(local, p, "b"); got != 25 {
			t.Errorf("%s: %d drawn of a quarter of 100", name, got)
		}
	}
}

func TestFullBucketsAreForgotten(t *testing.T) {
	clock := newClock()
	g := memgate.New(memgate.Options{Now: clock.Now})
	for i := range 5000 {
		clock.Advance(time.Millisecond)
		g.Draw(org(1), draw(policy(1), fmt.Sprint(i), 1)) // full again after a second
	}
	if n := g.Buckets(); n > 2000 {
		t.Fatalf("%d buckets remembered, of which 1,000 are not full", n)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	clock := newClock()
	g := memgate.New(memgate.Options{Now: clock.Now, MaxBuckets: 100})
	g.Draw(org(1), draw(policy(3600), "slow", 3600)) // an hour from full
	for i := range 5000 {
		if !g.Draw(org(1), draw(policy(1), fmt.Sprint(i), 1))[0].Allowed {
			t.Fatal("a newcomer was refused")
		}
	}
	if n := g.Buckets(); n > 100 {
		t.Fatalf("%d buckets remembered", n)
	}
	if g.Draw(org(1), draw(policy(3600), "slow", 3600))[0].Allowed {
		t.Fatal("the emptiest bucket was forgotten before nearly full ones")
	}
}

func TestAClockThatGoesBackCostsAtMostOneBucket(t *testing.T) {
	clock := newClock()
	g := memgate.New(memgate.Options{Now: clock.Now})
	g.Draw(org(1), draw(policy(10), "b", 10))
	g.Draw(org(1), draw(window(10), "b", 10))
	clock.Advance(-24 * time.Hour)
	if wait := g.Draw(org(1), draw(policy(10), "b", 1))[0].RetryAfter; wait != time.Second {
		t.Errorf("a wait of %v for a token a second", wait)
	}
	if !g.Draw(org(1), draw(window(10), "b", 1))[0].Allowed {
		t.Error("a window that is yet to come was counted")
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, draws := range []int{1, 3} {
		b.Run(fmt.Sprint(draws, " draws"), func(b *testing.B) {
			g := memgate.New(memgate.Options{Now: time.Now})
			ask := gate.Ask{Org: org(1)}
			ask.Generation, _ = g.Generation(context.Background(), ask.Org)
			p := gate.Policy{Name: "bucket", Limit: 1_000_000, Period: time.Second}
			for i := range draws {
				ask.Draws = append(ask.Draws, gate.Draw{Policy: p, Bucket: fmt.Sprint("203.0.113.", i), Cost: 1})
			}
			b.ReportAllocs()
			for b.Loop() {
				if v, err := g.Check(context.Background(), ask); err != nil || v.Stale {
					b.Fatal(v, err)
				}
			}
		})
	}
}

// BenchmarkNewcomers draws from a bucket that nobody drew from before, with memory at its bound.
func BenchmarkNewcomers(b *testing.B) {
	g := memgate.New(memgate.Options{Now: time.Now, MaxBuckets: 10_000})
	names := make([]string, 1<<16)
	for i := range names {
		names[i] = fmt.Sprint("203.0.113.", i)
	}
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		g.Draw(org(1), draw(policy(60), names[n&(1<<16-1)], 1))
		n++
	}
}
