package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

func boards(t *testing.T, s Store) {
	m := newMaker()
	t.Run("a board shows each stage in every order", func(t *testing.T) { boardOrders(t, s, m) })
	t.Run("a board shows what is chosen from it", func(t *testing.T) { boardPicks(t, s, m) })
	t.Run("a board shows an end user what is theirs to see", func(t *testing.T) { boardAudience(t, s, m) })
	t.Run("an item stands where its status, its board and its votes put it", func(t *testing.T) { boardMoves(t, s, m) })
}

// stood are items that differ in what puts them somewhere, with the votes they have.
func stood(t *testing.T, s Store, m maker, org id.ID, boards []id.ID) (all []feedback.Item) {
	t.Helper()
	statuses := []feedback.Status{
		feedback.Received, feedback.AwaitingManual, feedback.Queued, feedback.Running, feedback.Merged, feedback.Failed, feedback.Rejected,
		feedback.Archived,
	}
	for n := range 64 {
		item := m.bare(org, m.ids.New())
		item.Status, item.Board = statuses[n%len(statuses)], boards[n/2%len(boards)]
		item.CreatedAt = moment().Add(time.Duration(n*17%64) * 5 * time.Hour)
		if n%16 > 12 {
			item.DuplicateOf = m.ids.New()
		}
		must(t, s.InsertFeedback(t.Context(), org, item))
		stranger := item
		stranger.ID = m.ids.New()
		must(t, s.InsertFeedback(t.Context(), m.ids.New(), stranger))
		for range n * 7 % 5 {
			voted(t, s, org, m.vote(item.ID, m.ids.New()), true)
			item.Votes++
		}
		all = append(all, item)
	}
	return all
}

func boardOrders(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	boards := []id.ID{{}, m.ids.New(), m.ids.New()}
	all := stood(t, s, m, org, boards)
	for _, board := range append(boards, m.ids.New()) {
		for _, stage := range append([]feedback.Stage{"", "nowhere"}, feedback.Stages()...) {
			for _, sort := range []feedback.Sort{feedback.Newest, feedback.Top, feedback.Trending, ""} {
				query := feedback.BoardQuery{Board: board, Stage: stage, Sort: sort}
				want := slices.DeleteFunc(slices.Clone(all), func(i feedback.Item) bool {
					return i.Stage() == "" || !board.IsZero() && i.Board != board || stage != "" && i.Stage() != stage
				})
				slices.SortFunc(want, func(a, b feedback.Item) int {
					return cmp.Or(-cmp.Compare(weight(sort, a), weight(sort, b)), newer(a.ID, b.ID))
				})
				for _, limit := range []int{7, 100} {
					query.Limit = limit
					shows(t, s, org, query, want)
				}
			}
		}
	}
}

// weight is what an order looks at before it looks at age.
func weight(sort feedback.Sort, item feedback.Item) int64 {
	switch sort {
	case feedback.Top:
		return item.Votes
	case feedback.Trending:
		return feedback.Heat(item.Votes, item.CreatedAt)
	default:
		return 0
	}
}

func newer(a, b id.ID) int { return slices.Compare(b[:], a[:]) }

// shows demands that the pages of a board are want, page by page and from an odd place, and that it is counted.
func shows(t *testing.T, s Store, org id.ID, query feedback.BoardQuery, want []feedback.Item) {
	t.Helper()
	for query.Offset = 0; query.Offset <= len(want); query.Offset += query.Limit {
		page := read[feedback.BoardPage](t)(s.BoardFeedback(t.Context(), org, query))
		from := want[query.Offset:]
		if from = from[:min(query.Limit, len(from))]; len(from) != len(page.Items) || page.Total != int64(len(want)) {
			t.Fatalf("%+v: %d of %d, want %d of %d", query, len(page.Items), page.Total, len(from), len(want))
		}
		if len(from) > 0 {
			same(t, page.Items, summaries(from))
		}
	}
}

func boardPicks(t *testing.T, s Store, m maker) {
	org, board, ann := m.ids.New(), m.ids.New(), m.ids.New()
	var all []feedback.Item
	for n, said := range []struct{ title, text string }{
		{"Ölfilter", "x"}, {"", "der ÖLFILTER leckt"}, {"100% sure", "a_b"}, {"100 times", "axb"}, {"", "\\d+ (a|b) .* $"}, {"Öl", "filter"},
	} {
		item := m.item(org, m.ids.New())
		item.Title, item.Text, item.Board, item.Assignee = said.title, said.text, board, id.Zero
		item.CreatedAt = moment().Add(time.Duration(n) * time.Hour)
		if n%2 == 0 {
			item.Assignee = ann
		}
		if n > 2 {
			item.Status = feedback.Queued
		}
		must(t, s.InsertFeedback(t.Context(), org, item))
		all = append(all, item)
	}
	for _, pick := range []struct {
		query feedback.BoardQuery
		want  []int
	}{
		{feedback.BoardQuery{Search: "ölfilter"}, []int{1, 0}},
		{feedback.BoardQuery{Search: "ÖL"}, []int{5, 1, 0}},
		{feedback.BoardQuery{Search: "0% S"}, []int{2}},
		{feedback.BoardQuery{Search: "a_b"}, []int{2}},
		{feedback.BoardQuery{Search: "(a|b) .* $"}, []int{4}},
		{feedback.BoardQuery{Search: "nothing"}, nil},
		{feedback.BoardQuery{Assignee: ann}, []int{4, 2, 0}},
		{feedback.BoardQuery{Assignee: ann, Search: "öl"}, []int{0}},
		{feedback.BoardQuery{Assignee: m.ids.New()}, nil},
		{feedback.BoardQuery{From: all[2].CreatedAt}, []int{5, 4, 3, 2}},
		{feedback.BoardQuery{From: all[2].CreatedAt.Add(1)}, []int{5, 4, 3}},
		{feedback.BoardQuery{To: all[2].CreatedAt}, []int{1, 0}},
		{feedback.BoardQuery{From: all[1].CreatedAt, To: all[4].CreatedAt, Stage: feedback.Planned}, []int{3}},
	} {
		want := make([]feedback.Item, len(pick.want))
		for i, n := range pick.want {
			want[i] = all[n]
		}
		for _, on := range []id.ID{{}, board} {
			for _, sort := range []feedback.Sort{feedback.Newest, feedback.Top, feedback.Trending} { // all the same here
				pick.query.Board, pick.query.Sort, pick.query.Limit = on, sort, 2
				shows(t, s, org, pick.query, want)
			}
		}
	}
}

// boardAudience is what an end user sees of items on a public board, on another, and on none, of an App, of none, and their own.
func boardAudience(t *testing.T, s Store, m maker) {
	org, public, closed, person := m.ids.New(), m.ids.New(), m.ids.New(), m.ids.New()
	var all []feedback.Item
	for n := range 12 {
		item := m.bare(org, id.Zero)
		item.Title, item.Status = fmt.Sprint("number ", n), feedback.Queued
		item.Board = []id.ID{public, closed, {}}[n%3]
		if n%2 == 0 {
			item.App = m.ids.New()
		}
		if item.Submitter.Person = m.ids.New(); n > 9 {
			item.Submitter.Person = person
		}
		must(t, s.InsertFeedback(t.Context(), org, item))
		all = append(all, item)
	}
	to := &feedback.Audience{Boards: []id.ID{public}, Persons: []id.ID{m.ids.New(), person}}
	for _, pick := range []struct {
		query feedback.BoardQuery
		want  []int
	}{
		{feedback.BoardQuery{For: to}, []int{11, 10, 9, 6, 5, 3, 0}},
		{feedback.BoardQuery{For: to, Stage: feedback.Planned}, []int{11, 10, 9, 6, 5, 3, 0}},
		{feedback.BoardQuery{For: to, Search: "number 1"}, []int{11, 10}},
		{feedback.BoardQuery{For: to, Board: public}, []int{9, 6, 3, 0}},
		{feedback.BoardQuery{For: to, Board: public, Search: "NUMBER 9"}, []int{9}},
		{feedback.BoardQuery{For: &feedback.Audience{}}, []int{11, 5}},
	} {
		want := make([]feedback.Item, len(pick.want))
		for i, n := range pick.want {
			want[i] = all[n]
		}
		for _, sort := range []feedback.Sort{feedback.Newest, feedback.Top, feedback.Trending} { // all the same here
			pick.query.Sort, pick.query.Limit = sort, 2
			shows(t, s, org, pick.query, want)
		}
	}
}

func boardMoves(t *testing.T, s Store, m maker) {
	org, here, there := m.ids.New(), m.ids.New(), m.ids.New()
	item, other := m.item(org, id.Zero), m.item(org, id.Zero)
	item.Board, other.Board, other.Status = here, here, feedback.Rejected
	must(t, s.InsertFeedback(t.Context(), org, item))
	must(t, s.InsertFeedback(t.Context(), org, other))
	stands := func(items ...feedback.Item) {
		t.Helper()
		for _, board := range []id.ID{here, there} {
			for _, stage := range feedback.Stages() {
				for _, sort := range []feedback.Sort{feedback.Newest, feedback.Top, feedback.Trending} {
					want := slices.DeleteFunc(slices.Clone(items), func(i feedback.Item) bool { return i.Board != board || i.Stage() != stage })
					shows(t, s, org, feedback.BoardQuery{Board: board, Stage: stage, Sort: sort, Limit: 9}, want)
				}
			}
		}
		for _, sort := range []feedback.Sort{feedback.Newest, feedback.Top, feedback.Trending} {
			shows(t, s, org, feedback.BoardQuery{Sort: sort, Limit: 9}, items)
		}
	}
	amended := func(change feedback.Change) {
		t.Helper()
		item = read[feedback.Item](t)(s.AmendFeedback(t.Context(), org, item.ID, item.Status, change, later()))
	}
	stands(other, item)
	amended(feedback.Change{Status: new(feedback.Queued)})
	stands(other, item)
	amended(feedback.Change{Board: &there, Title: new("moved")})
	stands(other, item)
	voted(t, s, org, m.vote(item.ID, m.ids.New()), true)
	item.Votes = 1
	byVotes := feedback.BoardQuery{Sort: feedback.Top, Limit: 9}
	shows(t, s, org, byVotes, []feedback.Item{item, other})
	amended(feedback.Change{Status: new(feedback.Archived)})
	same(t, item.Votes, 1)
	stands(other)
	amended(feedback.Change{Status: new(item.Archived.Restored())})
	shows(t, s, org, byVotes, []feedback.Item{item, other})
	amended(feedback.Change{DuplicateOf: &other.ID}) // whatever its status
	stands(other)
	must(t, s.DeleteFeedback(t.Context(), org, []id.ID{other.ID}))
	stands()
}
