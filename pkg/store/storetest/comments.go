package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

func comments(t *testing.T, s Store) {
	m := newMaker()
	t.Run("comments read back exactly, by item and by person", func(t *testing.T) { commentsReadBack(t, s, m) })
	t.Run("a comment is replaced by compare and set", func(t *testing.T) { replaceComment(t, s, m) })
	t.Run("a comment goes alone, or with its item", func(t *testing.T) { deleteComment(t, s, m) })
}

// talkedOf are items to comment on.
func talkedOf(t *testing.T, s Store, m maker, org id.ID, n int) (items []feedback.Item) {
	t.Helper()
	for range n {
		item := m.bare(org, id.Zero)
		must(t, s.InsertFeedback(t.Context(), org, item))
		items = append(items, item)
	}
	return items
}

func commentsReadBack(t *testing.T, s Store, m maker) {
	org, person := m.ids.New(), m.ids.New()
	items := talkedOf(t, s, m, org, 2)
	var all []comment.Comment
	for n := range 12 {
		given := m.comment(org, items[n%2].ID)
		if given.Private = n%3 == 0; n%4 == 1 {
			given = comment.Comment{ID: given.ID, Org: org, Item: given.Item, Text: "x", CreatedAt: moment(), Version: 1}
		}
		if n%4 > 1 {
			given.Person = person
		}
		all = append(all, given)
	}
	for _, given := range slices.Backward(all) {
		stored := given
		stored.CreatedAt = given.CreatedAt.Add(999_999).In(time.FixedZone("west", -9*3600))
		must(t, s.InsertComment(t.Context(), org, stored))
	}
	for _, given := range all {
		same(t, read[comment.Comment](t)(s.Comment(t.Context(), org, given.ID)), given)
	}
	of := func(does func(c comment.Comment) bool) []comment.Comment {
		return slices.DeleteFunc(slices.Clone(all), func(c comment.Comment) bool { return !does(c) })
	}
	for _, item := range items {
		for _, private := range []bool{false, true} {
			want := of(func(c comment.Comment) bool { return c.Item == item.ID && (private || !c.Private) })
			same(t, read[int64](t)(s.CountComments(t.Context(), org, item.ID, private)), int64(len(want)))
			for _, limit := range []int{1, 2, 50} {
				var got []comment.Comment
				for query := (comment.Query{Item: item.ID, Private: private, Limit: limit}); ; query.After = got[len(got)-1].ID {
					page := read[[]comment.Comment](t)(s.Comments(t.Context(), org, query))
					if got = append(got, page...); len(page) < limit {
						break
					}
				}
				same(t, got, want)
			}
			for first := range len(want) + 1 {
				query := comment.Query{Item: item.ID, Private: private, Offset: first, Limit: 2}
				page := read[[]comment.Comment](t)(s.Comments(t.Context(), org, query))
				same(t, append([]comment.Comment{}, page...), append([]comment.Comment{}, want[first:min(first+2, len(want))]...))
			}
		}
	}
	want := of(func(c comment.Comment) bool { return c.Person == person })
	slices.Reverse(want)
	same(t, read[[]comment.Comment](t)(s.CommentsBy(t.Context(), org, person, id.Zero, 50)), want)
	same(t, read[[]comment.Comment](t)(s.CommentsBy(t.Context(), org, person, want[1].ID, 2)), want[2:4])
	same(t, len(read[[]comment.Comment](t)(s.CommentsBy(t.Context(), org, m.ids.New(), id.Zero, 50))), 0)

	again := m.comment(org, items[0].ID)
	again.ID = all[0].ID
	taken(t, s.InsertComment(t.Context(), org, again))
	missing(t, s.InsertComment(t.Context(), org, m.comment(org, m.ids.New())))
	same(t, read[comment.Comment](t)(s.Comment(t.Context(), org, all[0].ID)), all[0])
	_, err := s.Comment(t.Context(), org, m.ids.New())
	missing(t, err)
}

func replaceComment(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	stored := m.comment(org, talkedOf(t, s, m, org, 1)[0].ID)
	must(t, s.InsertComment(t.Context(), org, stored))
	winner := oneWinner(t, apierr.CodeChanged, race(func(racer int) error {
		mine := stored
		mine.Text = fmt.Sprint("racer ", racer)
		return s.ReplaceComment(t.Context(), org, mine)
	}))
	changed(t, s.ReplaceComment(t.Context(), org, stored))
	stored.Text, stored.Version = fmt.Sprint("racer ", winner), 2
	same(t, read[comment.Comment](t)(s.Comment(t.Context(), org, stored.ID)), stored)
	stored.Private, stored.UpdatedAt, stored.AuthorName = false, later(), "x"
	must(t, s.ReplaceComment(t.Context(), org, stored))
	stored.Version++
	same(t, read[[]comment.Comment](t)(s.Comments(t.Context(), org, comment.Query{Item: stored.Item, Limit: 5})), []comment.Comment{stored})
	missing(t, s.ReplaceComment(t.Context(), org, m.comment(org, stored.Item)))
}

func deleteComment(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	items := talkedOf(t, s, m, org, 2)
	first, answer, kept := m.comment(org, items[0].ID), m.comment(org, items[0].ID), m.comment(org, items[1].ID)
	answer.Parent = first.ID
	for _, given := range []comment.Comment{first, answer, kept} {
		must(t, s.InsertComment(t.Context(), org, given))
	}
	must(t, s.DeleteComment(t.Context(), org, first.ID))
	missing(t, s.DeleteComment(t.Context(), org, first.ID))
	missing(t, s.ReplaceComment(t.Context(), org, first))
	same(t, read[comment.Comment](t)(s.Comment(t.Context(), org, answer.ID)), answer)
	must(t, s.DeleteFeedback(t.Context(), org, []id.ID{items[0].ID}))
	_, err := s.Comment(t.Context(), org, answer.ID)
	missing(t, err)
	same(t, read[comment.Comment](t)(s.Comment(t.Context(), org, kept.ID)), kept)
}
