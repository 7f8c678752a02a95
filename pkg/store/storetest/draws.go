package storetest

import (
	"sync/atomic"
	"time"

	"github.com/heard-dev/heard/pkg/core/gate"
)

func bucketOf(limit, burst int64, period time.Duration) gate.Policy {
	return gate.Policy{Name: "bucket", Limit: limit, Burst: burst, Period: period, Source: gate.FromPlan}
}

func windowOf(limit int64, period time.Duration) gate.Policy {
	return gate.Policy{Name: "window", Algorithm: gate.FixedWindow, Limit: limit, Period: period, Source: gate.FromPlan}
}

func draw(p gate.Policy, cost int64) gate.Draw { return gate.Draw{Policy: p, Bucket: "b", Cost: cost} }

// one makes one draw and demands that it is allowed, or not, and leaves so many.
func (g gates) one(d gate.Draw, allowed bool, remaining int64) gate.Decision {
	g.Helper()
	got := g.ask(g.org, d).Decisions[0]
	if got.Allowed != allowed || got.Remaining != remaining {
		g.Fatalf("cost %d of %+v: %+v", d.Cost, d.Policy, got)
	}
	return got
}

// near demands a duration that fell short of want by no more than a slow machine explains.
func (g gates) near(what string, got, want time.Duration) {
	g.Helper()
	if got > want || got < want-time.Minute {
		g.Fatalf("%s is %v instead of %v", what, got, want)
	}
}

func (g gates) burst() {
	p := bucketOf(12, 5, 12*time.Hour) // a token an hour
	for left := int64(4); left >= 0; left-- {
		got := g.one(draw(p, 1), true, left)
		g.near("the time until the bucket is full", got.Reset, time.Duration(5-left)*time.Hour)
	}
	for range 3 {
		got := g.one(draw(p, 1), false, 0)
		g.near("the wait", got.RetryAfter, time.Hour)
		g.near("the time until the bucket is full", got.Reset, 5*time.Hour)
	}
	g.near("the wait for two", g.one(draw(p, 2), false, 0).RetryAfter, 2*time.Hour)
}

func (g gates) refill() {
	p := bucketOf(7, 3, 7*100*time.Millisecond)
	for drawn := 0; ; drawn++ {
		got := g.ask(g.org, draw(p, 1)).Decisions[0]
		if got.Allowed {
			continue
		}
		if drawn < 3 || got.RetryAfter > 100*time.Millisecond {
			g.Fatalf("after %d draws: %+v", drawn, got)
		}
		g.Advance(got.RetryAfter)
		break
	}
	if got := g.ask(g.org, draw(p, 1)); !got.Allowed() {
		g.Fatalf("refused after the wait: %+v", got)
	}
}

func (g gates) full() {
	p := bucketOf(1000, 2, time.Second)
	g.ask(g.org, draw(p, 2))
	g.Advance(50 * time.Millisecond) // worth 50 tokens
	slow := bucketOf(2, 2, 2*time.Hour)
	if got := g.one(draw(slow, 0), true, 2); got.Reset != 0 {
		g.Fatalf("a full bucket is %v from full", got.Reset)
	}
	g.one(draw(slow, 3), false, 2)
}

func (g gates) window() {
	p := windowOf(3, 200*time.Millisecond)
	var refused gate.Decision
	for {
		got := g.ask(g.org, draw(p, 1)).Decisions[0]
		if !got.Allowed {
			refused = got
			break
		}
	}
	if refused.Remaining != 0 || refused.RetryAfter != refused.Reset || refused.Reset > p.Period {
		g.Fatalf("%+v", refused)
	}
	g.Advance(refused.RetryAfter)
	if got := g.ask(g.org, draw(p, 1)).Decisions[0]; !got.Allowed {
		g.Fatalf("refused in the next window: %+v", got)
	}
}

func (g gates) alignment() {
	p := windowOf(10, 24*time.Hour)
	got := g.one(draw(p, 4), true, 6)
	end := g.Now().Add(got.Reset)
	if off := end.Sub(end.Round(p.Period)).Abs(); off > time.Minute {
		g.Fatalf("the window ends %v beside the clock", off)
	}
	g.one(draw(p, 7), false, 6)
	g.one(draw(p, 6), true, 0)
}

func (g gates) tooMuch() {
	for _, p := range []gate.Policy{bucketOf(10, 4, 10*time.Hour), windowOf(4, 24*time.Hour)} {
		g.one(draw(p, 5), false, 4)
		g.one(draw(p, 4), true, 0)
	}
}

func (g gates) nothing() {
	for _, p := range []gate.Policy{bucketOf(0, 5, time.Hour), windowOf(0, 24*time.Hour)} {
		g.one(draw(p, 1), false, 0)
	}
}

func (g gates) look() {
	for _, p := range []gate.Policy{bucketOf(10, 4, 10*time.Hour), windowOf(4, 24*time.Hour)} {
		g.one(draw(p, 0), true, 4)
		g.one(draw(p, 3), true, 1)
		g.one(draw(p, 0), true, 1)
		g.one(draw(p, 1), true, 0)
		g.one(draw(p, 0), true, 0)
	}
}

func (g gates) allOrNothing() {
	roomy, tight, window := bucketOf(10, 10, 10*time.Hour), bucketOf(2, 2, 2*time.Hour), windowOf(5, 24*time.Hour)
	tight.Name = "tight"
	draws := []gate.Draw{draw(roomy, 2), draw(tight, 1), draw(window, 1)}
	for left := int64(1); left >= 0; left-- {
		verdict := g.ask(g.org, draws...)
		if !verdict.Allowed() || verdict.Decisions[1].Remaining != left {
			g.Fatalf("%+v", verdict)
		}
	}
	verdict := g.ask(g.org, draws...)
	if verdict.Allowed() || !verdict.Decisions[0].Allowed || verdict.Decisions[1].Allowed || !verdict.Decisions[2].Allowed {
		g.Fatalf("only one of three was spent: %+v", verdict)
	}
	for i, left := range []int64{6, 0, 3} {
		if got := verdict.Decisions[i].Remaining; got != left {
			g.Fatalf("%d left of %s instead of %d", got, draws[i].Policy.Name, left)
		}
	}
	g.one(draw(roomy, 6), true, 0)
}

func (g gates) sameBucket() {
	for _, p := range []gate.Policy{bucketOf(10, 5, 10*time.Hour), windowOf(5, 24*time.Hour)} {
		if verdict := g.ask(g.org, draw(p, 3), draw(p, 3)); verdict.Allowed() {
			g.Fatalf("3 and 3 of 5: %+v", verdict)
		}
		if verdict := g.ask(g.org, draw(p, 3), draw(p, 1)); !verdict.Allowed() {
			g.Fatalf("3 and 1 of 5: %+v", verdict)
		}
		g.one(draw(p, 1), true, 0)
	}
}

// givenBack: never more than was drawn, nothing of anybody else's, and not even a lowered limit refuses it.
func (g gates) givenBack() {
	for _, p := range []gate.Policy{bucketOf(10, 4, 10*time.Hour), windowOf(4, 24*time.Hour)} {
		g.one(draw(p, -1), true, 4)
		g.one(draw(p, 3), true, 1)
		g.one(draw(p, -1), true, 2)
		g.one(gate.Draw{Policy: p, Bucket: "another", Cost: 4}, true, 0)
		if got := g.one(draw(p, -3), true, 4); p.Algorithm == gate.TokenBucket && got.Reset != 0 {
			g.Fatalf("a full bucket is %v from full", got.Reset)
		}
		g.one(draw(p, 5), false, 4)
		g.one(draw(p, 4), true, 0)
		g.one(gate.Draw{Policy: p, Bucket: "another", Cost: 0}, true, 0)

		other := p
		other.Name += " of another"
		verdict := g.ask(g.org, draw(other, 2), draw(p, -2))
		if !verdict.Allowed() || verdict.Decisions[0].Remaining != 2 || verdict.Decisions[1].Remaining != 2 {
			g.Fatalf("taken here and given back there: %+v", verdict)
		}
		for _, costs := range [][2]int64{{-1, 1}, {1, -1}} {
			verdict = g.ask(g.org, draw(p, costs[0]), draw(p, costs[1]))
			if !verdict.Allowed() || verdict.Decisions[0].Remaining != 2 || verdict.Decisions[1].Remaining != 2 {
				g.Fatalf("%d and %d: %+v", costs[0], costs[1], verdict)
			}
		}
		g.one(draw(p, 0), true, 2)
	}
	g.one(draw(windowOf(10, 24*time.Hour), 6), true, 2)
	g.one(draw(windowOf(4, 24*time.Hour), -1), true, 0)
	g.one(draw(windowOf(10, 24*time.Hour), 0), true, 3)
}

func (g gates) keptBack() {
	for _, p := range []gate.Policy{bucketOf(10, 4, 10*time.Hour), windowOf(4, 24*time.Hour)} {
		spent := p
		spent.Name += " that is spent"
		g.one(draw(p, 3), true, 1)
		g.one(draw(spent, 4), true, 0)
		for _, draws := range [][]gate.Draw{{draw(p, -2), draw(spent, 1)}, {draw(spent, 1), draw(p, -2)}} {
			if verdict := g.ask(g.org, draws...); verdict.Allowed() {
				g.Fatalf("%+v", verdict)
			}
			g.one(draw(p, 0), true, 1)
		}
		stale := read[gate.Generation](g.T)(g.Generation(g.Context(), g.org))
		must(g.T, g.Bump(g.Context(), g.org))
		if verdict := g.askAt(stale, g.org, draw(p, -2)); !verdict.Stale {
			g.Fatalf("%+v", verdict)
		}
		g.one(draw(p, 0), true, 1)
	}
}

func (g gates) lowered() {
	g.one(draw(bucketOf(10, 10, 10*time.Hour), 8), true, 2)
	g.one(draw(bucketOf(10, 4, 10*time.Hour), 1), false, 0)
	g.near("the wait", g.one(draw(bucketOf(10, 4, 10*time.Hour), 1), false, 0).RetryAfter, time.Hour)
	g.one(draw(windowOf(10, 24*time.Hour), 8), true, 2)
	g.one(draw(windowOf(4, 24*time.Hour), 1), false, 0)
}

func (g gates) changed() {
	bucket, window := bucketOf(4, 4, 4*time.Hour), windowOf(4, 24*time.Hour)
	window.Name = bucket.Name
	g.one(draw(bucket, 4), true, 0)
	g.one(draw(window, 1), true, 3)
	if got := g.ask(g.org, draw(bucket, 1)).Decisions[0]; got.Remaining > 4 {
		g.Fatalf("%+v", got)
	}
}

func (g gates) apart() {
	p := bucketOf(1, 1, time.Hour)
	renamed := p
	renamed.Name = "another"
	g.one(draw(p, 1), true, 0)
	g.one(gate.Draw{Policy: p, Bucket: "another", Cost: 1}, true, 0)
	g.one(draw(renamed, 1), true, 0)
	if verdict := g.ask(g.other, draw(p, 1)); !verdict.Allowed() {
		g.Fatalf("another Org's bucket was drawn from: %+v", verdict)
	}
	g.one(draw(p, 1), false, 0)
}

func (g gates) raced() {
	for _, p := range []gate.Policy{bucketOf(7, 100, 7*time.Hour), windowOf(100, 24*time.Hour)} {
		generation := read[gate.Generation](g.T)(g.Generation(g.Context(), g.org))
		var admitted atomic.Int64
		answers := race(func(int) error {
			for range 20 {
				verdict, err := g.Check(g.Context(), gate.Ask{Org: g.org, Generation: generation, Draws: []gate.Draw{draw(p, 1)}})
				if err != nil {
					return err
				}
				if verdict.Allowed() {
					admitted.Add(1)
				}
			}
			return nil
		})
		for _, err := range answers {
			must(g.T, err)
		}
		if got := admitted.Load(); got != 100 {
			g.Fatalf("%d of 100 admitted by %s", got, p.Name)
		}
	}
}
