package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

func items(t *testing.T, s Store) {
	m := newMaker()
	t.Run("items read back exactly", func(t *testing.T) { itemsReadBack(t, s, m) })
	t.Run("an id is one item's", func(t *testing.T) { itemIDs(t, s, m) })
	t.Run("every query selects what it says", func(t *testing.T) { queries(t, s, m) })
	t.Run("paging under inserts neither skips nor repeats", func(t *testing.T) { paging(t, s, m) })
	t.Run("an item is amended by compare and set of its status", func(t *testing.T) { amend(t, s, m) })
	t.Run("an amendment sets what it names and nothing else", func(t *testing.T) { amendFields(t, s, m) })
	t.Run("items are counted by status", func(t *testing.T) { countItems(t, s, m) })
	t.Run("a person's items are what is known to be of them", func(t *testing.T) { itemsBy(t, s, m) })
	t.Run("a caller that gives up leaves all or nothing", func(t *testing.T) { givingUp(t, s, m) })
}

func itemsReadBack(t *testing.T, s Store, m maker) {
	org, app := m.ids.New(), m.ids.New()
	full, bare, empty, duplicate := m.item(org, app), m.bare(org, app), m.bare(org, id.Zero), m.bare(org, app)
	empty.Console, empty.Attachments, empty.Target = []feedback.ConsoleLine{}, []attachment.Citation{}, &feedback.Target{Name: "t"}
	empty.Viewport, empty.Tags = &feedback.Viewport{}, []id.ID{}
	bare.Status, bare.Archived = feedback.Archived, feedback.Archival{At: moment().Add(time.Hour), From: feedback.Merged}
	duplicate.DuplicateOf, duplicate.Status, duplicate.Metadata = full.ID, feedback.Duplicate, []byte("{}")
	finer := m.bare(org, app)
	all := []feedback.Item{full, bare, empty, duplicate, finer}

	given := slices.Clone(all)
	given[0].Votes = 7 // nobody has voted yet
	given[4].CreatedAt = moment().Add(999_999).In(time.FixedZone("west", -9*3600))
	for _, item := range given {
		must(t, s.InsertFeedback(t.Context(), org, item))
	}
	for _, item := range all {
		same(t, read[feedback.Item](t)(s.Feedback(t.Context(), org, item.ID)), item)
	}
	page := read[feedback.Page](t)(s.ListFeedback(t.Context(), org, feedback.Query{IncludeDuplicates: true, Limit: 10}))
	slices.Reverse(all)
	same(t, page, feedback.Page{Items: summaries(all)})
	_, err := s.Feedback(t.Context(), org, m.ids.New())
	missing(t, err)
}

func itemIDs(t *testing.T, s Store, m maker) {
	org, app := m.ids.New(), m.ids.New()
	first := m.item(org, app)
	must(t, s.InsertFeedback(t.Context(), org, first))
	second := m.bare(org, app)
	second.ID = first.ID
	taken(t, s.InsertFeedback(t.Context(), org, second))
	same(t, read[feedback.Item](t)(s.Feedback(t.Context(), org, first.ID)), first)

	shared := m.ids.New()
	oneWinner(t, apierr.CodeAlreadyExists, race(func(int) error {
		item := m.item(org, app)
		item.ID = shared
		return s.InsertFeedback(t.Context(), org, item)
	}))
}

// queries compares every filter, limit and place to start with a filter over a plain slice.
func queries(t *testing.T, s Store, m maker) {
	org, other := m.ids.New(), m.ids.New()
	apps := []id.ID{m.ids.New(), m.ids.New()}
	statuses := []feedback.Status{feedback.Received, feedback.Duplicate, feedback.Archived}
	var all []feedback.Item
	for n := range 48 {
		item := m.bare(org, apps[n%2])
		item.Status = statuses[n/2%3]
		if n/6%3 == 0 || item.Status == feedback.Duplicate && n/6%2 == 0 {
			item.DuplicateOf = m.ids.New()
		}
		all = append(all, item)
		stranger := m.bare(other, item.App)
		stranger.Status = item.Status
		must(t, s.InsertFeedback(t.Context(), other, stranger))
	}
	for _, n := range rand.Perm(len(all)) {
		must(t, s.InsertFeedback(t.Context(), org, all[n]))
	}
	slices.Reverse(all)

	for _, app := range append([]id.ID{{}, m.ids.New()}, apps...) {
		for _, status := range append([]feedback.Status{"", feedback.Merged}, statuses...) {
			for _, duplicates := range []bool{false, true} {
				query := feedback.Query{App: app, Status: status, IncludeDuplicates: duplicates}
				want := slices.DeleteFunc(slices.Clone(all), func(i feedback.Item) bool {
					return !app.IsZero() && i.App != app || status != "" && i.Status != status || !i.DuplicateOf.IsZero() && !query.ShowsDuplicates()
				})
				for _, limit := range []int{3, max(1, len(want)), 100} {
					query.Limit = limit
					pages(t, s, org, query, want)
				}
			}
		}
	}
}

// pages demands that following Next gives want, in full pages but the last, and ends without an empty one.
func pages(t *testing.T, s Store, org id.ID, query feedback.Query, want []feedback.Item) {
	t.Helper()
	for {
		page, err := s.ListFeedback(t.Context(), org, query)
		must(t, err)
		n := min(query.Limit, len(want))
		if len(page.Items) != n {
			t.Fatalf("%+v: a page of %d, want %d", query, len(page.Items), n)
		}
		if n > 0 {
			same(t, page.Items, summaries(want[:n]))
		}
		if want = want[n:]; len(want) == 0 {
			same(t, page.Next, id.Zero)
			return
		}
		same(t, page.Next, page.Items[n-1].ID)
		query.Before = page.Next
	}
}

func summaries(items []feedback.Item) []feedback.Item {
	short := slices.Clone(items)
	for i := range short {
		short[i].Console, short[i].Attachments, short[i].Target, short[i].Metadata = nil, nil, nil, nil
	}
	return short
}

func paging(t *testing.T, s Store, m maker) {
	org, app := m.ids.New(), m.ids.New()
	var want []id.ID
	for range 40 {
		item := m.bare(org, app)
		must(t, s.InsertFeedback(t.Context(), org, item))
		want = append(want, item.ID)
	}
	slices.Reverse(want)
	newest, present := want[0], map[id.ID]bool{}
	for _, item := range want {
		present[item] = true
	}

	var stop atomic.Bool
	var inserted atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for !stop.Load() {
				if err := s.InsertFeedback(t.Context(), org, m.bare(org, app)); err != nil {
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
		query := feedback.Query{App: app, Limit: 7}
		for {
			before := inserted.Load()
			page := read[feedback.Page](t)(s.ListFeedback(t.Context(), org, query))
			for _, item := range page.Items {
				switch {
				case present[item.ID]:
					got = append(got, item.ID)
				case string(item.ID[:]) < string(newest[:]):
					t.Fatalf("%s was never there", item.ID)
				}
			}
			if query.Before = page.Next; page.Next.IsZero() {
				break
			}
			for inserted.Load() == before && !t.Failed() {
				time.Sleep(100 * time.Microsecond)
			}
		}
		same(t, got, want)
	}
}

func givingUp(t *testing.T, s Store, m maker) {
	org, app := m.ids.New(), m.ids.New()
	const callers = 64
	given := make([]feedback.Item, callers)
	answers := make([]error, callers)
	var wg sync.WaitGroup
	for c := range callers {
		given[c] = m.item(org, app)
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() { answers[c] = s.InsertFeedback(ctx, org, given[c]) })
		wg.Go(func() {
			time.Sleep(rand.N(2 * time.Millisecond)) // anywhere in the call
			cancel()
		})
	}
	wg.Wait()
	for c, item := range given {
		if err := answers[c]; err != nil && !cancelled(err) {
			t.Errorf("a caller that gave up was told %v", err)
		}
		got, err := s.Feedback(t.Context(), org, item.ID)
		switch {
		case err == nil:
			same(t, got, item)
		case answers[c] == nil || apierr.KindOf(err) != apierr.NotFound:
			t.Errorf("insert said %v, reading it says %v", errors.Unwrap(answers[c]), err)
		}
	}
}
