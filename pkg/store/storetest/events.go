package storetest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

func events(t *testing.T, s Store) {
	m := newMaker()
	t.Run("events read back exactly", func(t *testing.T) { eventsReadBack(t, s, m) })
	t.Run("a thousand at once read back exactly", func(t *testing.T) { manyEvents(t, s, m) })
	t.Run("an id is the first one's, and others are told since when", func(t *testing.T) { eventIDs(t, s, m) })
	t.Run("of racers with one id exactly one is told that it is stored", func(t *testing.T) { racingEvents(t, s, m) })
	t.Run("a call that was given up is settled by its repetition", func(t *testing.T) { eventsGivenUp(t, s, m) })
	t.Run("tests and what was received before are not counted", func(t *testing.T) { countEvents(t, s, m) })
	t.Run("every query selects what it says", func(t *testing.T) { eventQueries(t, s, m) })
	t.Run("paging under inserts neither skips nor repeats", func(t *testing.T) { eventPaging(t, s, m) })
}

// stored demands that the Org had none of the events yet.
func stored(t *testing.T, s Store, org id.ID, given ...event.Event) {
	t.Helper()
	same(t, read[[]time.Time](t)(s.InsertEvents(t.Context(), org, given)), make([]time.Time, len(given)))
}

func eventsReadBack(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	full, bare, empty, finer := m.event(org, m.ids.New()), m.seen(org), m.seen(org), m.seen(org)
	empty.Kind, empty.Name, empty.Properties, empty.User.Traits = event.Identify, "", []byte{}, []byte{}
	all := []event.Event{full, bare, empty, finer}

	given := slices.Clone(all)
	given[0].Org = id.Zero
	given[3].At, given[3].ReceivedAt = moment().Add(999_999).In(time.FixedZone("west", -9*3600)), moment().Add(1)
	stored(t, s, org, given...)
	stored(t, s, org)
	for _, e := range all {
		same(t, read[event.Event](t)(s.Event(t.Context(), org, e.ID)), e)
	}
	slices.Reverse(all)
	same(t, read[[]event.Event](t)(s.Events(t.Context(), org, event.Query{Limit: 10})), all)
	_, err := s.Event(t.Context(), org, m.ids.New())
	missing(t, err)
}

func manyEvents(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	given := make([]event.Event, 1000)
	for n := range given {
		e := m.event(org, m.ids.New())
		e.User.ID = fmt.Sprint(n%7) + awkward
		e.Properties = []byte("{" + strings.Repeat(exact+awkward, n%50) + "\x00\xfe\xff}")
		e.ReceivedAt = e.ReceivedAt.Add(time.Duration(n/10) * time.Millisecond)
		given[n] = e
	}
	stored(t, s, org, given...)
	slices.Reverse(given)
	same(t, read[[]event.Event](t)(s.Events(t.Context(), org, event.Query{Limit: 1000})), given)
}

func eventIDs(t *testing.T, s Store, m maker) {
	org, other := m.ids.New(), m.ids.New()
	first, fresh := m.event(org, m.ids.New()), m.seen(org)
	second, third := m.seen(org), m.seen(org)
	second.ID, second.ReceivedAt = first.ID, moment().Add(time.Hour)
	third.ID, third.ReceivedAt = fresh.ID, moment().Add(time.Minute)

	since, none := first.ReceivedAt, time.Time{}
	same(t, read[[]time.Time](t)(s.InsertEvents(t.Context(), org, []event.Event{first, second})), []time.Time{none, since})
	for _, want := range [][]time.Time{{since, none, since, fresh.ReceivedAt}, {since, fresh.ReceivedAt, since, fresh.ReceivedAt}} {
		same(t, read[[]time.Time](t)(s.InsertEvents(t.Context(), org, []event.Event{second, fresh, first, third})), want)
	}
	same(t, read[[]event.Event](t)(s.Events(t.Context(), org, event.Query{Limit: 10})), newest(first, fresh))

	theirs := m.seen(other)
	theirs.ID = first.ID
	stored(t, s, other, theirs)
	same(t, read[event.Event](t)(s.Event(t.Context(), other, first.ID)), theirs)
	same(t, read[event.Event](t)(s.Event(t.Context(), org, first.ID)), first)
}

// racingEvents has every racer bring the same IDs in an order of its own, between others that are its own.
func racingEvents(t *testing.T, s Store, m maker) {
	const shared = 20
	org := m.ids.New()
	names := make([]id.ID, shared)
	for n := range names {
		names[n] = m.ids.New()
	}
	given, told := make([][]event.Event, racers), make([][]time.Time, racers)
	for racer := range given {
		for _, n := range rand.Perm(shared) {
			same := m.seen(org)
			same.ID, same.ReceivedAt = names[n], moment().Add(time.Duration(racer)*time.Second)
			given[racer] = append(given[racer], same, m.seen(org))
		}
	}
	for _, err := range race(func(racer int) (err error) {
		told[racer], err = s.InsertEvents(t.Context(), org, given[racer])
		return err
	}) {
		must(t, err)
	}
	winners := map[id.ID]event.Event{}
	for racer := range given {
		for n, e := range given[racer] {
			if !told[racer][n].IsZero() {
				continue
			}
			if _, twice := winners[e.ID]; twice {
				t.Fatalf("two were told that %s is stored", e.ID)
			}
			winners[e.ID] = e
		}
	}
	if want := shared + racers*shared; len(winners) != want {
		t.Fatalf("%d were told that they are stored, want %d", len(winners), want)
	}
	for racer := range given {
		for n, e := range given[racer] {
			winner := winners[e.ID]
			if at := told[racer][n]; !at.IsZero() && !at.Equal(winner.ReceivedAt) {
				t.Fatalf("a loser was told %s, the winner was received at %s", at, winner.ReceivedAt)
			}
			same(t, read[event.Event](t)(s.Event(t.Context(), org, e.ID)), winner)
		}
	}
}

func eventsGivenUp(t *testing.T, s Store, m maker) {
	const callers = 16
	org := m.ids.New()
	given, answers := make([][]event.Event, callers), make([]error, callers)
	var wg sync.WaitGroup
	for c := range callers {
		for range 200 {
			given[c] = append(given[c], m.seen(org))
		}
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() { _, answers[c] = s.InsertEvents(ctx, org, given[c]) })
		wg.Go(func() {
			time.Sleep(rand.N(10 * time.Millisecond)) // anywhere in the call
			cancel()
		})
	}
	wg.Wait()
	for c, of := range given {
		if err := answers[c]; err != nil && !cancelled(err) {
			t.Errorf("a caller that gave up was told %v", err)
		}
		for n, at := range read[[]time.Time](t)(s.InsertEvents(t.Context(), org, of)) {
			if stands := !at.IsZero(); answers[c] == nil && !stands || stands && !at.Equal(of[n].ReceivedAt) {
				t.Fatalf("insert said %v, its repetition that one stands since %s", answers[c], at)
			}
		}
		for _, e := range of {
			same(t, read[event.Event](t)(s.Event(t.Context(), org, e.ID)), e)
		}
	}
	same(t, read[int64](t)(s.CountEvents(t.Context(), org, never())), callers*200)
}

func countEvents(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	for n := range 9 {
		e := m.seen(org)
		e.Test, e.ReceivedAt = n%3 == 0, moment().Add(time.Duration(n)*time.Millisecond)
		stored(t, s, org, e)
		stored(t, s, m.ids.New(), e)
	}
	for since, want := range map[time.Duration]int64{-time.Hour: 6, 0: 6, 2: 5, 3: 4, 8: 1, 9: 0} {
		same(t, read[int64](t)(s.CountEvents(t.Context(), org, moment().Add(since*time.Millisecond))), want)
	}
	same(t, read[int64](t)(s.CountEvents(t.Context(), org, time.Time{})), 6)
}

// newest puts events in the order of lists.
func newest(all ...event.Event) []event.Event {
	slices.SortFunc(all, func(a, b event.Event) int {
		if !a.ReceivedAt.Equal(b.ReceivedAt) {
			return b.ReceivedAt.Compare(a.ReceivedAt)
		}
		return bytes.Compare(b.ID[:], a.ID[:])
	})
	return all
}
