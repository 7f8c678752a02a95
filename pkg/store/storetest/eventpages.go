package storetest

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

// eventQueries holds every combination of filters to a plain look at each event.
func eventQueries(t *testing.T, s Store, m maker) {
	org, draw := m.ids.New(), rand.New(rand.NewPCG(1, 2))
	apps, names, users := []id.ID{id.Zero, m.ids.New(), m.ids.New()}, []string{"", "a", "A"}, []string{"u", "u:", "U"}
	all := make([]event.Event, 300)
	for n := range all {
		e := m.seen(org)
		draw.Shuffle(len(e.ID), func(i, j int) { e.ID[i], e.ID[j] = e.ID[j], e.ID[i] }) // a client's ID says nothing of when
		e.App, e.Name, e.User.ID = apps[draw.IntN(3)], names[draw.IntN(3)], users[draw.IntN(3)]
		e.Test = draw.IntN(2) == 0
		e.ReceivedAt = moment().Add(time.Duration(draw.IntN(10)) * time.Millisecond)
		all[n] = e
	}
	stored(t, s, org, all...)
	stored(t, s, m.ids.New(), all...)
	newest(all...)
	for filters := range 1 << 5 {
		query := event.Query{Limit: 7}
		for bit, set := range []func(){
			func() { query.App = apps[1] },
			func() { query.Name = names[1] },
			func() { query.UserID = users[1] },
			func() { query.From = moment().Add(3 * time.Millisecond) },
			func() { query.To = moment().Add(7 * time.Millisecond) },
		} {
			if filters&(1<<bit) != 0 {
				set()
			}
		}
		want := slices.DeleteFunc(slices.Clone(all), func(e event.Event) bool { return !finds(query, e) })
		if len(want) == 0 {
			t.Fatalf("%+v selects nothing, and so proves nothing", query)
		}
		eventPages(t, s, org, query, want)
	}
	if none := read[[]event.Event](t)(s.Events(t.Context(), org, event.Query{Name: "none", Limit: 5})); len(none) != 0 {
		t.Fatalf("a name that none has gave %+v", none)
	}
}

func finds(q event.Query, e event.Event) bool {
	return (q.App.IsZero() || q.App == e.App) && (q.Name == "" || q.Name == e.Name) && (q.UserID == "" || q.UserID == e.User.ID) &&
		(q.From.IsZero() || !e.ReceivedAt.Before(q.From)) && (q.To.IsZero() || e.ReceivedAt.Before(q.To))
}

// eventPages demands that want is what the query gives, page after page.
func eventPages(t *testing.T, s Store, org id.ID, query event.Query, want []event.Event) {
	t.Helper()
	for {
		page := read[[]event.Event](t)(s.Events(t.Context(), org, query))
		n := min(query.Limit, len(want))
		same(t, append([]event.Event{}, page...), append([]event.Event{}, want[:n]...))
		if want = want[n:]; n < query.Limit {
			return
		}
		query.Before = event.Place{ReceivedAt: page[n-1].ReceivedAt, ID: page[n-1].ID}
	}
}

// eventPaging reads page after page while more comes in, also at the very moments that are being read.
func eventPaging(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	want, present := []id.ID{}, map[id.ID]bool{}
	made := func(n int) event.Event {
		e := m.seen(org)
		e.ReceivedAt = moment().Add(time.Duration(n%3) * time.Millisecond)
		return e
	}
	given := make([]event.Event, 60)
	for n := range given {
		given[n] = made(n)
	}
	stored(t, s, org, given...)
	for _, e := range newest(given...) {
		want, present[e.ID] = append(want, e.ID), true
	}

	var stop atomic.Bool
	var inserted atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for n := 0; !stop.Load(); n++ {
				if _, err := s.InsertEvents(t.Context(), org, []event.Event{made(n), made(n + 1)}); err != nil {
					t.Error(err)
					return
				}
				inserted.Add(1)
			}
		})
	}
	defer wg.Wait()
	defer stop.Store(true)
	for range 3 {
		var got []id.ID
		twice := map[id.ID]bool{}
		for query := (event.Query{UserID: "u", Limit: 7}); ; {
			before := inserted.Load()
			page := read[[]event.Event](t)(s.Events(t.Context(), org, query))
			for _, e := range page {
				if twice[e.ID] {
					t.Fatalf("%s came twice", e.ID)
				}
				if twice[e.ID] = true; present[e.ID] {
					got = append(got, e.ID)
				}
			}
			if len(page) < query.Limit {
				break
			}
			last := page[len(page)-1]
			query.Before = event.Place{ReceivedAt: last.ReceivedAt, ID: last.ID}
			for inserted.Load() == before && !t.Failed() {
				time.Sleep(100 * time.Microsecond)
			}
		}
		same(t, got, want)
	}
}
