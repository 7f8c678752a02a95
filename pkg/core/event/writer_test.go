package event_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

var (
	org, other, third = id.ID{1}, id.ID{2}, id.ID{3}
	errBroken         = errors.New("broken")
)

type marked struct{}

func TestALoneCallerWritesAtOnceAndItself(t *testing.T) {
	bubble(t, 1, func(t *testing.T, store *gated, w *event.Writer) {
		began := time.Now()
		for range 3 {
			c := write(context.WithValue(t.Context(), marked{}, "caller"), w, org, one())
			last := store.last(t)
			if last.ctx.Value(marked{}) != "caller" || len(last.events) != 1 || !c.waits() {
				t.Errorf("%d events are written for %v", len(last.events), last.ctx.Value(marked{}))
			}
			last.answer <- answer{}
			if !c.stored(1) {
				t.Error(c.errs())
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("something waited %s", took)
		}
	})
}

func TestCallersOfOneOrgShareAWriteAndEachLearnsOfItsOwn(t *testing.T) {
	bubble(t, 1, func(t *testing.T, store *gated, w *event.Writer) {
		write(t.Context(), w, org, one())
		callers, given := make([]*caller, 64), make([][]event.Event, 64)
		for i := range callers {
			given[i] = some(i%3 + 1)
			callers[i] = write(t.Context(), w, org, given[i]...)
		}
		store.writes()[0].answer <- answer{}
		shared := store.writes()
		if len(shared) != 2 || len(shared[1].events) != 127 {
			t.Fatalf("%d writes, the second of %d events", len(shared), len(shared[1].events))
		}
		at := func(e event.Event) time.Time { return time.Unix(int64(e.ID[4])+int64(e.ID[3])<<8, 0) }
		shared[1].answer <- answer{stood: at}
		for i, c := range callers {
			if !c.stored(len(given[i])) {
				t.Fatalf("caller %d: %v", i, c.errs())
			}
			for n, o := range c.outcomes {
				if !o.Answer.Equal(at(given[i][n])) {
					t.Errorf("event %d of caller %d was told another's outcome", n, i)
				}
			}
		}
	})
}

func TestAnOrgThatFloodsDelaysAnotherByTheWriteUnderWay(t *testing.T) {
	bubble(t, 1, func(t *testing.T, store *gated, w *event.Writer) {
		for range 10 {
			write(t.Context(), w, org, some(1000)...)
		}
		small := write(t.Context(), w, other, one())
		store.last(t).answer <- answer{}
		if last := store.last(t); last.org != other {
			t.Fatalf("write %d is the flooding Org's", len(store.writes()))
		}
		store.last(t).answer <- answer{}
		if !small.stored(1) {
			t.Error(small.errs())
		}
	})
}

func TestOrgsTakeTurns(t *testing.T) {
	bubble(t, 1, func(t *testing.T, store *gated, w *event.Writer) {
		for _, o := range []id.ID{org, other, third} {
			write(t.Context(), w, o, some(3000)...)
		}
		store.finish()
		var turns []byte
		for _, a := range store.writes() {
			turns = append(turns, '0'+a.org[0])
			if len(a.events) != 1000 {
				t.Errorf("a turn of %d events", len(a.events))
			}
		}
		if string(turns) != "123123123" {
			t.Errorf("turns %s", turns)
		}
	})
}

func TestAnOrgWhoseWritesHangLeavesHalfOfThemToOthers(t *testing.T) {
	bubble(t, 4, func(t *testing.T, store *gated, w *event.Writer) {
		for range 8 {
			write(t.Context(), w, org, some(1000)...)
		}
		if n := len(store.writes()); n != 2 {
			t.Fatalf("%d writes", n)
		}
		for range 20 {
			small := write(t.Context(), w, other, one())
			if last := store.last(t); last.org != other {
				t.Fatal("the other Org waits for the one that hangs")
			}
			store.last(t).answer <- answer{}
			if !small.stored(1) {
				t.Fatal(small.errs())
			}
		}
	})
}

func TestAWriteIsBoundedInBytes(t *testing.T) {
	bubble(t, 1, func(t *testing.T, store *gated, w *event.Writer) {
		large := some(300)
		for i := range large {
			large[i].Properties = []byte(strings.Repeat("x", event.MaxObject))
		}
		c := write(t.Context(), w, org, large...)
		store.finish()
		var written []event.Event
		for _, a := range store.writes() {
			size := 0
			for _, e := range a.events {
				size += len(e.Properties)
			}
			if size > 4<<20 {
				t.Errorf("a write of %d bytes", size)
			}
			written = append(written, a.events...)
		}
		if !c.stored(300) || !slices.EqualFunc(written, large, func(a, b event.Event) bool { return a.ID == b.ID }) {
			t.Errorf("%d events were written, perhaps in another order", len(written))
		}
	})
}

func TestAFullQueueRefusesTheLatestOfWhoeverFillsIt(t *testing.T) {
	bubble(t, 1, func(t *testing.T, store *gated, w *event.Writer) {
		flood := []*caller{write(t.Context(), w, org, some(1000)...)} // this one is being written
		for range 19 {
			flood = append(flood, write(t.Context(), w, org, some(1000)...))
		}
		over := write(t.Context(), w, org, some(2000)...)
		if !over.refused(nil) {
			t.Errorf("22,000 events wait: %v", over.errs())
		}
		flood = append(flood, write(t.Context(), w, org, some(1000)...))
		small := write(t.Context(), w, other, some(10)...)
		if !small.waits() || !flood[20].refused(nil) || !flood[19].waits() {
			t.Error("the queue is full of one Org's, and another has no room")
		}
		store.finish()
		if !small.stored(10) || !flood[0].stored(1000) || !flood[19].stored(1000) {
			t.Error("what was admitted is not stored")
		}
		if again := write(t.Context(), w, org, some(1000)...); !again.waits() {
			t.Error("there is room again, and none is given")
		}
	})
}

func TestWhoHasMostWaitingIsToldByWhatStillWaits(t *testing.T) {
	bubble(t, 1, func(t *testing.T, store *gated, w *event.Writer) {
		write(t.Context(), w, third, one())
		ctx, cancel := context.WithCancel(t.Context())
		for range 7 {
			write(t.Context(), w, org, some(1000)...)
		}
		stays := write(t.Context(), w, org, some(1000)...)
		for range 7 {
			write(ctx, w, org, some(1000)...)
		}
		cancel()
		for range 7 {
			store.last(t).answer <- answer{}
		}
		store.last(t) // of 15,000 events of the Org 1,000 wait and 1,000 are being written
		var latest *caller
		for range 6 {
			latest = write(t.Context(), w, other, some(1000)...)
		}
		for _, o := range []id.ID{{4}, {5}, {6}} {
			for range 4 {
				write(t.Context(), w, o, some(1000)...)
			}
		}
		write(t.Context(), w, id.ID{7}, some(1000)...)
		if small := write(t.Context(), w, id.ID{8}, some(10)...); !small.waits() || !stays.waits() || !latest.refused(nil) {
			t.Error("an Org with little waiting gave way")
		}
	})
}

func TestWhatSharesAWriteLeavesTheCallersMemoryAlone(t *testing.T) {
	bubble(t, 1, func(t *testing.T, store *gated, w *event.Writer) {
		write(t.Context(), w, org, one())
		mine := some(2)
		spare := mine[1].ID
		write(t.Context(), w, org, mine[:1]...)
		write(t.Context(), w, org, one())
		store.finish()
		if mine[1].ID != spare {
			t.Error("another caller's event is in it")
		}
	})
}

func TestTheQueueIsBoundedInBytes(t *testing.T) {
	bubble(t, 1, func(t *testing.T, store *gated, w *event.Writer) {
		write(t.Context(), w, org, one())
		admitted := 0
		for range 40 {
			large := some(64)
			for i := range large {
				large[i].User.Traits = []byte(strings.Repeat("x", event.MaxObject))
			}
			if write(t.Context(), w, org, large...).waits() {
				admitted++
			}
		}
		if admitted < 30 || admitted > 32 {
			t.Errorf("%d calls of 2 MiB wait", admitted)
		}
	})
}

func TestACallerWhoGivesUpIsNotStoredUnlessItIsBeingWritten(t *testing.T) {
	bubble(t, 1, func(t *testing.T, store *gated, w *event.Writer) {
		ctx, cancel := context.WithCancel(t.Context())
		begun := write(ctx, w, org, one())
		waiting, stays := write(ctx, w, org, one()), write(t.Context(), w, org, one())
		large := write(ctx, w, other, some(1500)...)
		cancel()
		if !waiting.refused(context.Canceled) || !large.refused(context.Canceled) {
			t.Error("who gives up still waits")
		}
		late := write(ctx, w, org, one())
		if !late.refused(context.Canceled) || !begun.waits() {
			t.Error("it was over before it began, or the write under way was given up")
		}
		if store.last(t).ctx.Err() != nil {
			t.Error("the write under way was called off")
		}
		store.finish()
		if !begun.stored(1) || !stays.stored(1) {
			t.Error(begun.errs(), stays.errs())
		}
		written := 0
		for _, a := range store.writes() {
			written += len(a.events)
		}
		if written != 2 {
			t.Errorf("%d events were written", written)
		}
	})
}

func TestACallerWhoGivesUpHalfWayLearnsWhichHalf(t *testing.T) {
	bubble(t, 1, func(t *testing.T, store *gated, w *event.Writer) {
		write(t.Context(), w, other, one())
		ctx, cancel := context.WithCancel(t.Context())
		c := write(ctx, w, org, some(1500)...)
		store.last(t).answer <- answer{}
		store.last(t) // the first 1000 are being written
		cancel()
		store.finish()
		errs := c.errs()
		if !slices.Equal(errs[:1000], make([]error, 1000)) || slices.Contains(errs[1000:], nil) || len(store.writes()) != 2 {
			t.Errorf("%d writes, %v, %v", len(store.writes()), errs[999], errs[1000])
		}
	})
}

func TestAFailingWriteFailsOnlyItsOwnEvents(t *testing.T) {
	bubble(t, 1, func(t *testing.T, store *gated, w *event.Writer) {
		first, second, third := write(t.Context(), w, org, one()), write(t.Context(), w, other, one()), write(t.Context(), w, org, one(), one())
		store.last(t).answer <- answer{}
		store.last(t).answer <- answer{err: apierr.Away(errBroken)}
		store.last(t).answer <- answer{}
		if !first.stored(1) || !second.refused(errBroken) || !third.stored(2) {
			t.Error(first.errs(), second.errs(), third.errs())
		}
	})
}

func TestAStoreThatPanicsKeepsNoWrite(t *testing.T) {
	w := event.NewWriter(panicking{}, 1)
	for range 3 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			w.Write(t.Context(), org, some(1))
		}()
	}
}

type panicking struct{}

func (panicking) InsertEvents(context.Context, id.ID, []event.Event) ([]time.Time, error) {
	panic("broken")
}

func TestAStoreThatHangsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := event.NewWriter(hanging{}, 1)
		if c := write(t.Context(), w, org, one()); !c.waits() {
			t.Error(c.errs())
		} else if time.Sleep(time.Minute); !c.refused(context.DeadlineExceeded) {
			t.Error(c.errs())
		}
	})
}

type hanging struct{}

func (hanging) InsertEvents(ctx context.Context, _ id.ID, _ []event.Event) ([]time.Time, error) {
	<-ctx.Done()
	return nil, apierr.Away(ctx.Err())
}

// erratic stores what it is given, and fails now and then, having stored all, some or nothing.
type erratic struct {
	mu     sync.Mutex
	stored map[id.ID]id.ID // event: Org
	writes int
}

func (s *erratic) InsertEvents(_ context.Context, org id.ID, events []event.Event) ([]time.Time, error) {
	runtime.Gosched() // others come meanwhile
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	for _, e := range events {
		if s.writes%7 == 0 && rand.IntN(2) == 0 {
			return nil, apierr.Away(errBroken)
		}
		s.stored[e.ID] = org
	}
	return make([]time.Time, len(events)), nil
}

func TestNothingAcknowledgedIsLostWhateverHappensAtOnce(t *testing.T) {
	store := &erratic{stored: map[id.ID]id.ID{}}
	w := event.NewWriter(store, 3)
	var callers sync.WaitGroup
	for c := range 32 {
		callers.Go(func() {
			org := id.ID{byte(c % 5)}
			for round := range 60 {
				ctx, cancel := context.WithCancel(t.Context())
				if (c+round)%4 == 0 {
					go cancel()
				}
				events := some(rand.IntN(30) + 1)
				for i, o := range w.Write(ctx, org, events) {
					store.mu.Lock()
					of, stored := store.stored[events[i].ID]
					store.mu.Unlock()
					if o.Err == nil && (!stored || of != org) {
						t.Error("acknowledged and not stored")
					}
					if errors.Is(o.Err, context.Canceled) && stored {
						t.Error("taken back and stored")
					}
				}
				cancel()
			}
		})
	}
	callers.Wait()
}
