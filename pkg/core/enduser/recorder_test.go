package enduser_test

import (
	"context"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/enduser"
)

func TestWhoWasSeenIsMetOnceAndAgainMuchLater(t *testing.T) {
	w := newTown(t)
	recorder := enduser.NewRecorder(w.Directory)
	see := func() (reads int64) {
		w.store.reads.Store(0)
		for _, email := range []string{"e@x.co", "E@x.co"} {
			recorder.Saw(acme, enduser.Sighting{ExternalID: "x", Email: email, Source: enduser.FromWidget})
		}
		if w.store.reads.Load() != 0 {
			t.Error("the store was asked before anybody was met")
		}
		recorder.Flush(t.Context())
		return w.store.reads.Load()
	}
	if see() != 1 || see() != 0 {
		t.Error("who was met just now was met again")
	}
	w.demand([]string{"e@x.co", "x"})
	first := w.meet("x", "")
	if first.Source != enduser.FromWidget {
		t.Errorf("%+v", first)
	}
	recorder.Saw(other, enduser.Sighting{ExternalID: "x"})
	recorder.Flush(t.Context())
	if elsewhere, err := w.ByExternalID(t.Context(), other, "x"); err != nil || elsewhere.ID == first.ID {
		t.Errorf("in another Org: %+v, %v", elsewhere, err)
	}

	must(t, w.Remove(t.Context(), acme, ann, first.ID))
	w.clock.Add(int64(10*time.Minute - 1))
	if see() != 0 {
		t.Error("met again within ten minutes")
	}
	w.clock.Add(1)
	if see() != 1 {
		t.Error("not met again after ten minutes")
	}
	w.demand([]string{"e@x.co", "x"})
}

func TestWhoIsSeenWhileTheStoreIsAwayIsMetWhenItIsBack(t *testing.T) {
	w := newTown(t)
	recorder := enduser.NewRecorder(w.Directory)
	const crowd = 100
	for n := range crowd {
		recorder.Saw(acme, enduser.Sighting{ExternalID: string(rune('一' + n))})
	}
	w.store.away.Store(true)
	recorder.Flush(t.Context())
	if n := w.store.reads.Load(); n == 0 || n > crowd/2 {
		t.Errorf("a store that is away was asked %d times", n)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	w.store.away.Store(false)
	if err := recorder.Run(ended); err != nil { // meets who waits once more
		t.Fatal(err)
	}
	if n, err := w.Store.CountPeople(t.Context(), acme); err != nil || n != crowd {
		t.Errorf("%d people, %v", n, err)
	}
}
