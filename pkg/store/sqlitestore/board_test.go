package sqlitestore

import (
	"crypto/rand"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
)

// filled is a store with more items and more people than a list is looked through: the oldest is the one that differs.
func filled(t testing.TB) (s *Store, org id.ID) {
	t.Helper()
	s, ids := open(t), id.NewSource(time.Now, rand.Reader)
	org = ids.New()
	item := sample(ids, org, org)
	item.ID, item.Title, item.Assignee, item.Board = id.ID{1}, "needle", id.ID{1}, id.ID{2}
	person := enduser.Person{ID: item.ID, Name: "needle"}
	for _, err := range []error{s.InsertFeedback(t.Context(), org, item), s.CreatePerson(t.Context(), org, person)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	copies := func(n int64, named, table, columns, differ string) {
		err := s.write(t.Context(), func(conn *sqlite.Conn) error {
			_, err := execute(conn, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
				INSERT INTO `+table+` (id, org, `+columns+`) SELECT CAST(substr(id, 1, 7) || printf('`+named+`', i) AS BLOB), org, `+differ+`
				FROM `+table+`, n WHERE id = ?`, func(p *params) { p.int(n).id(item.ID) })
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const rest = `app, status, duplicate, votes, heat, board, archived_from, mode, external_id, email, name, severity, url, user_agent, text`
	copies(feedback.Window, "%05d", "feedback", `stage, title, `+rest, `stage, 'hay', `+rest)
	copies(100, "p%04d", "feedback", `stage, title, `+rest, `'planned', 'hay', `+rest)
	copies(enduser.Window, "%05d", "person", `name, external_id, email, contested, source, version`,
		`'hay', external_id, email, contested, source, version`)
	return s, org
}

func TestNothingBeyondTheWindowIsShownOrCounted(t *testing.T) {
	s, org := filled(t)
	for _, board := range []id.ID{{}, {2}} {
		for _, stage := range []feedback.Stage{"", feedback.InReview} {
			for _, sort := range []feedback.Sort{feedback.Newest, feedback.Top, feedback.Trending} {
				for _, look := range []struct {
					query        feedback.BoardQuery
					shown, total int
				}{
					{feedback.BoardQuery{Limit: 50}, 50, feedback.Window},
					{feedback.BoardQuery{Limit: 50, Offset: feedback.Window - 10}, 10, feedback.Window},
					{feedback.BoardQuery{Limit: 50, Offset: feedback.Window}, 0, feedback.Window},
					{feedback.BoardQuery{Limit: 50, Offset: feedback.Window + 100}, 0, feedback.Window},
					{feedback.BoardQuery{Limit: 50, Search: "HAY"}, 50, feedback.Window},
					{feedback.BoardQuery{Limit: 50, Search: "needle"}, 0, 0},
					{feedback.BoardQuery{Limit: 50, Assignee: id.ID{1}}, 0, 0},
				} {
					look.query.Board, look.query.Stage, look.query.Sort = board, stage, sort
					page, err := s.BoardFeedback(t.Context(), org, look.query)
					if err != nil || len(page.Items) != look.shown || page.Total != int64(look.total) {
						t.Errorf("%+v shows %d of %d, %v", look.query, len(page.Items), page.Total, err)
					}
				}
			}
		}
	}
	for search, want := range map[string]int64{"": enduser.Window, "Hay": enduser.Window, "needle": 0} {
		page, err := s.People(t.Context(), org, enduser.Query{Search: search, Offset: enduser.Window - 1, Limit: 5})
		if err != nil || page.Total != want || int64(len(page.People)) != min(want, 1) {
			t.Errorf("%q finds %d of %d, %v", search, len(page.People), page.Total, err)
		}
	}
	if all, err := s.CountPeople(t.Context(), org); err != nil || all != enduser.Window+1 {
		t.Errorf("%d people, %v", all, err)
	}
}

func BenchmarkBoardFeedback(b *testing.B) {
	s, org := filled(b)
	for name, query := range map[string]feedback.BoardQuery{
		"a stage": {Sort: feedback.Top, Stage: feedback.InReview}, "all stages": {Sort: feedback.Trending},
		"the end": {Sort: feedback.Top, Offset: feedback.Window - 50}, "search": {Sort: feedback.Top, Search: "hay"},
		"assignee": {Sort: feedback.Top, Assignee: id.ID{1}},
	} {
		b.Run(name, func(b *testing.B) {
			query.Limit = 50
			for b.Loop() {
				if _, err := s.BoardFeedback(b.Context(), org, query); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCastVote(b *testing.B) {
	s, org := filled(b)
	page, err := s.BoardFeedback(b.Context(), org, feedback.BoardQuery{Limit: 1})
	if err != nil {
		b.Fatal(err)
	}
	ids := id.NewSource(time.Now, rand.Reader)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			given := vote.Vote{Kind: vote.OnFeedback, Subject: page.Items[0].ID, Person: ids.New(), Value: 1, At: time.Now()}
			if _, err := s.CastVote(b.Context(), org, given); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
