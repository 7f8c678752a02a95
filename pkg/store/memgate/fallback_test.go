package memgate_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/memgate"
)

var errAway = errors.New("the shared gate is away")

// distant is a gate that can be away, and that takes its time over a call whose context holds it up.
type distant struct {
	*memgate.Gate
	away  atomic.Bool
	calls atomic.Int64
}

// hold is the key, and the value, of a context that holds a call up.
type hold struct{ entered, release chan struct{} }

func (d *distant) reach(ctx context.Context) error {
	d.calls.Add(1)
	away := d.away.Load()
	if h, ok := ctx.Value(hold{}).(hold); ok {
		close(h.entered)
		<-h.release
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if away {
		return errAway
	}
	return nil
}

func (d *distant) Check(ctx context.Context, ask gate.Ask) (gate.Verdict, error) {
	if err := d.reach(ctx); err != nil {
		return gate.Verdict{}, err
	}
	return d.Gate.Check(ctx, ask)
}

func (d *distant) Generation(ctx context.Context, org id.ID) (gate.Generation, error) {
	if err := d.reach(ctx); err != nil {
		return 0, err
	}
	return d.Gate.Generation(ctx, org)
}

func (d *distant) Bump(ctx context.Context, org id.ID) error {
	if err := d.reach(ctx); err != nil {
		return err
	}
	return d.Gate.Bump(ctx, org)
}

// standing is a Fallback and what it stands on.
type standing struct {
	*gate.Fallback
	*testing.T
	clock   *clock
	shared  *distant
	changes []bool
}

const probeAfter = time.Second

func newStanding(t *testing.T) *standing {
	s := &standing{T: t, clock: newClock()}
	s.shared = &distant{Gate: memgate.New(memgate.Options{Now: s.clock.Now})}
	local := memgate.New(memgate.Options{Now: s.clock.Now, Share: func() int { return 2 }})
	s.Fallback = gate.NewFallback(s.shared, local, gate.FallbackOptions{Now: s.clock.Now, ProbeAfter: probeAfter, OnChange: s.changed})
	return s
}

func (s *standing) changed(degraded bool, cause error) {
	if degraded != errors.Is(cause, errAway) {
		s.Errorf("degraded %t because of %v", degraded, cause)
	}
	s.changes = append(s.changes, degraded)
}

func (s *standing) check(generation gate.Generation) gate.Verdict {
	s.Helper()
	v, err := s.Check(s.Context(), gate.Ask{Org: org(1), Generation: generation, Draws: draw(policy(100), "b", 1)})
	if err != nil {
		s.Fatal(err)
	}
	return v
}

func (s *standing) generation() gate.Generation {
	s.Helper()
	generation, err := s.Generation(s.Context(), org(1))
	if err != nil {
		s.Fatal(err)
	}
	return generation
}

func (s *standing) wentThrough(changes ...bool) {
	s.Helper()
	if len(s.changes) != len(changes) || s.Degraded() != changes[len(changes)-1] {
		s.Fatalf("told of %v instead of %v; degraded %t", s.changes, changes, s.Degraded())
	}
}

func TestAbsenceIsAnsweredAtOnceAndEndsWithTheProbe(t *testing.T) {
	s := newStanding(t)
	loaded := s.generation()
	if v := s.check(loaded); !v.Allowed() || v.Degraded {
		t.Fatalf("while all is well: %+v", v)
	}

	s.shared.away.Store(true)
	for range 3 {
		if v := s.check(loaded); !v.Degraded || !v.Allowed() || v.Decisions[0].Policy.Source != gate.FromFallback {
			t.Fatalf("while the shared gate is away: %+v", v)
		}
	}
	if got := s.generation(); got != 0 {
		t.Fatalf("generation %d while nobody knows it", got)
	}
	if err := s.Bump(t.Context(), org(1)); apierr.KindOf(err) != apierr.Unavailable {
		t.Fatalf("a bump that nobody heard: %v", err)
	}
	s.wentThrough(true)

	s.shared.away.Store(false)
	if v := s.check(0); !v.Degraded {
		t.Fatalf("back before the probe was due: %+v", v)
	}
	s.clock.Advance(probeAfter)
	if v := s.check(loaded); v.Degraded || !v.Stale {
		t.Fatalf("what was loaded before the absence, after it: %+v", v)
	}
	s.wentThrough(true, false)
	if v := s.check(s.generation()); v.Degraded || !v.Allowed() {
		t.Fatalf("what was loaded after the absence: %+v", v)
	}
}

func TestWhatWasLoadedBeforeAnAbsenceStaysStale(t *testing.T) {
	s := newStanding(t)
	loaded := []gate.Generation{s.generation()}
	for range 3 {
		s.shared.away.Store(true)
		s.check(0)
		s.shared.away.Store(false)
		s.clock.Advance(probeAfter)
		s.check(0)
		for _, old := range loaded {
			if v := s.check(old); !v.Stale {
				t.Fatalf("%d of %d is current again: %+v", old, loaded, v)
			}
		}
		loaded = append(loaded, s.generation())
	}
}

func TestOneRequestProbes(t *testing.T) {
	s := newStanding(t)
	s.shared.away.Store(true)
	s.check(0)
	for range 3 {
		s.clock.Advance(probeAfter)
		release := s.heldUp()
		before := s.shared.calls.Load()
		s.generation()
		s.check(0)
		if n := s.shared.calls.Load() - before; n != 0 {
			t.Fatalf("%d probes beside one", n)
		}
		release()
	}
	s.wentThrough(true)
}

// heldUp starts a Check that is on its way to the shared gate until the function it returns is called.
func (s *standing) heldUp() (release func()) {
	h := hold{make(chan struct{}), make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		v, err := s.Check(context.WithValue(s.Context(), hold{}, h), gate.Ask{Org: org(1)})
		if err != nil || !v.Degraded {
			s.Errorf("one that was held up: %+v, %v", v, err)
		}
	}()
	<-h.entered
	return func() {
		close(h.release)
		<-done
	}
}

func TestACallerWhoGivesUpIsNoAbsence(t *testing.T) {
	s := newStanding(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, errCheck := s.Check(ctx, gate.Ask{Org: org(1)})
	_, errGeneration := s.Generation(ctx, org(1))
	errBump := s.Bump(ctx, org(1))
	for _, err := range []error{errCheck, errGeneration, errBump} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("told %v", err)
		}
	}
	if s.Degraded() {
		t.Fatal("the shared gate is taken to be away")
	}
}

// A failure may take so long to be noticed that the absence it belongs to is over.
func TestALateFailureDoesNotReopenAnAbsence(t *testing.T) {
	s := newStanding(t)
	s.shared.away.Store(true)
	release := s.heldUp()
	s.check(0)
	s.shared.away.Store(false)
	s.clock.Advance(probeAfter)
	s.check(0)
	release()
	s.wentThrough(true, false)
}

func TestAStandInGoesOnFromTheLastVerdict(t *testing.T) {
	s := newStanding(t)
	generation := s.generation()
	for range 40 {
		s.check(generation)
	}
	s.shared.away.Store(true)
	if left := s.check(0).Decisions[0].Remaining; left != 29 {
		t.Fatalf("%d left after a draw from half of the 60 that were left", left)
	}
}

func BenchmarkFallback(b *testing.B) {
	shared := memgate.New(memgate.Options{Now: time.Now})
	f := gate.NewFallback(shared, memgate.New(memgate.Options{Now: time.Now, Share: func() int { return 2 }}), gate.FallbackOptions{Now: time.Now})
	generation, _ := f.Generation(b.Context(), org(1))
	ask := gate.Ask{Org: org(1), Generation: generation, Draws: draw(policy(100), "b", 1)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Check(b.Context(), ask); err != nil {
			b.Fatal(err)
		}
	}
}
