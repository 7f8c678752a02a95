package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/id"
)

// GateUnderTest is a gate and what can happen to it. Its Orgs are its own.
type GateUnderTest struct {
	gate.Gate
	// Now is the clock that the gate goes by, and Advance lets time pass on it.
	Now     func() time.Time
	Advance func(d time.Duration)
	// Forget makes the gate lose the Org's generation.
	Forget func(t *testing.T, org id.ID)
}

// Gates holds a gate to gate.Gate. A token of its policies is worth so much time that none comes back unnoticed.
func Gates(t *testing.T, open func(t *testing.T) GateUnderTest) {
	for _, suite := range []struct {
		name string
		run  func(g gates)
	}{
		{"a bucket gives its burst and then refuses", gates.burst},
		{"a bucket refills continuously", gates.refill},
		{"a bucket is never fuller than full", gates.full},
		{"a window gives its limit until it ends", gates.window},
		{"windows are aligned to the clock", gates.alignment},
		{"a month gives its limit until it ends", gates.month},
		{"a month holds at least its floor", gates.floor},
		{"a cost above the capacity is refused", gates.tooMuch},
		{"a limit of nothing refuses", gates.nothing},
		{"a cost of nothing only looks", gates.look},
		{"all draws are made, or none", gates.allOrNothing},
		{"draws from one bucket add up", gates.sameBucket},
		{"what is given back can be drawn again", gates.givenBack},
		{"a refused ask gives nothing back", gates.keptBack},
		{"a lowered limit binds at once", gates.lowered},
		{"a bucket survives a change of its algorithm", gates.changed},
		{"buckets do not meet", gates.apart},
		{"no draws only ask about the generation", gates.generations},
		{"a stale ask draws nothing", gates.stale},
		{"a lost generation makes everything stale", gates.lost},
		{"a raced bucket gives its capacity exactly", gates.raced},
		{"a raced bump is never missed", gates.racedBump},
		{"a caller who gave up is told so", gates.givenUp},
	} {
		t.Run(suite.name, func(t *testing.T) {
			ids := id.NewSource(time.Now, rand.Reader)
			suite.run(gates{T: t, GateUnderTest: open(t), org: ids.New(), other: ids.New()})
		})
	}
}

type gates struct {
	*testing.T
	GateUnderTest
	org, other id.ID
}

// ask draws for the Org with its present generation.
func (g gates) ask(org id.ID, draws ...gate.Draw) gate.Verdict {
	g.Helper()
	generation := read[gate.Generation](g.T)(g.Generation(g.Context(), org))
	return g.askAt(generation, org, draws...)
}

func (g gates) askAt(generation gate.Generation, org id.ID, draws ...gate.Draw) gate.Verdict {
	g.Helper()
	verdict := read[gate.Verdict](g.T)(g.Check(g.Context(), gate.Ask{Org: org, Generation: generation, Draws: draws}))
	if verdict.Degraded || !verdict.Stale && len(verdict.Decisions) != len(draws) {
		g.Fatalf("asked for %d draws: %+v", len(draws), verdict)
	}
	for i, d := range verdict.Decisions {
		if d.Policy != draws[i].Policy || d.Allowed != (d.RetryAfter == 0) || d.Remaining < 0 || d.Reset < 0 {
			g.Fatalf("draw %d: %+v", i, d)
		}
	}
	return verdict
}

func (g gates) generations() {
	first := read[gate.Generation](g.T)(g.Generation(g.Context(), g.org))
	again := read[gate.Generation](g.T)(g.Generation(g.Context(), g.org))
	if first == 0 || again != first {
		g.Fatalf("generation %d, then %d", first, again)
	}
	if verdict := g.askAt(first, g.org); verdict.Stale {
		g.Fatal("the present generation is stale")
	}
	for _, wrong := range []gate.Generation{0, 1, first - 1, first + 1} {
		if verdict := g.askAt(wrong, g.org); !verdict.Stale {
			g.Fatalf("%d is as good as %d", wrong, first)
		}
	}
	if verdict := g.askAt(first, g.other); !verdict.Stale {
		g.Fatal("an Org that has no generation took another's")
	}
	if verdict := g.askAt(0, g.other); !verdict.Stale {
		g.Fatal("no generation is as good as none")
	}
}

func (g gates) stale() {
	p := bucketOf(5, 5, 5*time.Hour)
	before := read[gate.Generation](g.T)(g.Generation(g.Context(), g.org))
	stranger := read[gate.Generation](g.T)(g.Generation(g.Context(), g.other))
	must(g.T, g.Bump(g.Context(), g.org))
	if verdict := g.askAt(before, g.org, draw(p, 5)); !verdict.Stale || verdict.Allowed() {
		g.Fatalf("%+v", verdict)
	}
	if after := read[gate.Generation](g.T)(g.Generation(g.Context(), g.org)); after == before {
		g.Fatal("a bump changed nothing")
	}
	g.one(draw(p, 5), true, 0)
	if verdict := g.askAt(stranger, g.other, draw(p, 5)); !verdict.Allowed() {
		g.Fatalf("another Org's bump was heard: %+v", verdict)
	}
}

func (g gates) lost() {
	must(g.T, g.Bump(g.Context(), g.org)) // an Org that has no generation yet can be bumped, too
	seen := map[gate.Generation]bool{}
	for range 3 {
		generation := read[gate.Generation](g.T)(g.Generation(g.Context(), g.org))
		if seen[generation] {
			g.Fatalf("generation %d came back", generation)
		}
		seen[generation] = true
		g.Advance(time.Millisecond)
		g.Forget(g.T, g.org)
		if verdict := g.askAt(generation, g.org); !verdict.Stale {
			g.Fatal("a lost generation is current")
		}
	}
}

// racedBump: whatever was loaded before a bump is stale once the bump has returned, whoever bumped.
func (g gates) racedBump() {
	for _, err := range race(func(int) error {
		for range 20 {
			before, err := g.Generation(g.Context(), g.org)
			if err != nil {
				return err
			}
			if err := g.Bump(g.Context(), g.org); err != nil {
				return err
			}
			verdict, err := g.Check(g.Context(), gate.Ask{Org: g.org, Generation: before})
			if err != nil {
				return err
			}
			if !verdict.Stale {
				return errors.New("a generation outlived a bump")
			}
		}
		return nil
	}) {
		must(g.T, err)
	}
}

func (g gates) givenUp() {
	ctx, cancel := context.WithCancel(g.Context())
	cancel()
	_, err := g.Check(ctx, gate.Ask{Org: g.org, Generation: 1})
	if err != nil && !errors.Is(err, context.Canceled) {
		g.Fatalf("%v", err)
	}
}
