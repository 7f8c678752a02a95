package storetest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/feedback"
)

// GoesAway holds a store to its word while it is lost: cut takes it away under calls in flight, and no call, then or
// later, hangs, panics, or says that it succeeded when it did not.
func GoesAway(t *testing.T, open func(t *testing.T) (s Store, cut func())) {
	t.Run("under calls in flight", func(t *testing.T) { inFlight(t, open) })
	t.Run("before any call", func(t *testing.T) { afterwards(t, open) })
}

func inFlight(t *testing.T, open func(t *testing.T) (Store, func())) {
	s, cut := open(t)
	w, m := newWorld(t, s), newMaker()
	ctx, org := context.Background(), w.org.ID
	loops := []func() error{
		func() error { return s.InsertFeedback(ctx, org, m.item(org, w.app.ID)) },
		func() error { _, err := s.InsertEvents(ctx, org, []event.Event{m.seen(org), m.seen(org)}); return err },
		func() error { _, err := s.Claim(ctx, org, m.claim(w.app.ID), never()); return err },
		func() error { _, err := s.Feedback(ctx, org, w.item.ID); return err },
		func() error { _, err := s.ListFeedback(ctx, org, feedback.Query{Limit: 50}); return err },
		func() error { _, err := s.KeyByHash(ctx, w.key.Hash); return err },
		func() error { _, err := s.App(ctx, org, w.app.ID); return err },
	}
	var gone atomic.Bool
	var done sync.WaitGroup
	warm := make(chan struct{}, 2*len(loops))
	for _, do := range append(loops, loops...) {
		done.Go(func() {
			for n := 0; ; n++ {
				if n == 10 {
					warm <- struct{}{}
				}
				wasGone := gone.Load()
				err := do()
				if err != nil {
					if n < 10 {
						warm <- struct{}{}
					}
					unavailable(t, "a call in flight", err)
					return
				}
				if wasGone {
					t.Error("a call to a store that is gone succeeded")
					return
				}
			}
		})
	}
	for range cap(warm) {
		<-warm
	}
	cut()
	gone.Store(true)
	within(t, "the calls in flight", done.Wait)
}

func afterwards(t *testing.T, open func(t *testing.T) (Store, func())) {
	s, cut := open(t)
	w := newWorld(t, s)
	cut()
	var done sync.WaitGroup
	for _, c := range w.calls() {
		done.Go(func() {
			_, err := c.do(context.Background(), s, w.org.ID)
			unavailable(t, c.name, err)
		})
	}
	within(t, "the calls to a store that is gone", done.Wait)
}

func unavailable(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil || apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("%s was answered %v, want Unavailable", what, err)
	}
}

// within fails the test when wait takes longer than is prompt.
func within(t *testing.T, what string, wait func()) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(prompt):
		t.Fatalf("%s still hang after %s", what, prompt)
	}
}
