package event_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

// gated is a store whose every write waits until the test lets it go.
type gated struct {
	mu       sync.Mutex
	arrived  []*arrival // in order
	answered int
}

type arrival struct {
	ctx    context.Context
	org    id.ID
	events []event.Event
	answer chan answer
}

type answer struct {
	stood func(event.Event) time.Time
	err   error
}

func (g *gated) InsertEvents(ctx context.Context, org id.ID, events []event.Event) ([]time.Time, error) {
	a := &arrival{ctx: ctx, org: org, events: slices.Clone(events), answer: make(chan answer)}
	g.mu.Lock()
	g.arrived = append(g.arrived, a)
	g.mu.Unlock()
	given := <-a.answer
	stood := make([]time.Time, len(events))
	for i, e := range events {
		if given.stood != nil {
			stood[i] = given.stood(e)
		}
	}
	return stood, given.err
}

// writes gives the writes in flight or over, once nobody can do any more without the test.
func (g *gated) writes() []*arrival {
	synctest.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.arrived)
}

// last gives the latest write.
func (g *gated) last(t *testing.T) *arrival {
	t.Helper()
	writes := g.writes()
	if len(writes) == 0 {
		t.Fatal("nothing is being written")
	}
	return writes[len(writes)-1]
}

// finish lets every write go, the oldest first, until there are none.
func (g *gated) finish() {
	for ; g.answered < len(g.writes()); g.answered++ {
		select {
		case g.writes()[g.answered].answer <- answer{}:
		default: // the test did
		}
	}
}

// caller is a Write under way.
type caller struct {
	outcomes []event.Outcome[time.Time]
	done     chan struct{}
}

func write(ctx context.Context, w *event.Writer, org id.ID, events ...event.Event) *caller {
	c := &caller{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.outcomes = w.Write(ctx, org, events)
	}()
	synctest.Wait()
	return c
}

// errs gives the callers' errors, each event's; nil if the caller still waits.
func (c *caller) errs() []error {
	synctest.Wait()
	select {
	case <-c.done:
	default:
		return nil
	}
	errs := make([]error, len(c.outcomes))
	for i, o := range c.outcomes {
		errs[i] = o.Err
	}
	return errs
}

func (c *caller) waits() bool { return c.errs() == nil }

func (c *caller) stored(n int) bool { return slices.Equal(c.errs(), make([]error, n)) }

func (c *caller) refused(cause error) bool {
	errs := c.errs()
	return len(errs) > 0 && !slices.ContainsFunc(errs, func(err error) bool {
		return apierr.KindOf(err) != apierr.Unavailable || apierr.Of(err).RetryAfter == 0 || cause != nil && !errors.Is(err, cause)
	})
}

var eventIDs = func() func() id.ID {
	var mu sync.Mutex
	var n uint32
	return func() id.ID {
		mu.Lock()
		defer mu.Unlock()
		n++
		return id.ID{0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	}
}()

func some(n int) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = event.Event{ID: eventIDs(), Kind: event.Track, Name: "n"}
	}
	return events
}

func one() event.Event { return some(1)[0] }

func bubble(t *testing.T, writes int, do func(t *testing.T, store *gated, w *event.Writer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store := &gated{}
		do(t, store, event.NewWriter(store, writes))
		store.finish() // whoever is left behind now fails the test
	})
}
