package help_test

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/help"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

// shelf is a library with nothing in it.
type shelf struct {
	*testing.T
	*help.Library
	org id.ID
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Path: filepath.Join(t.TempDir(), "heard.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return &shelf{t, help.NewLibrary(store, id.NewSource(time.Now, rand.Reader), time.Now), id.ID{1}}
}

func (s *shelf) write(title, text string) help.Article {
	s.Helper()
	written, err := s.Write(s.Context(), s.org, help.Edit{Title: &title, Text: &text})
	if err != nil {
		s.Fatal(err)
	}
	return written
}

func (s *shelf) put(a help.Article, status help.Status) help.Article {
	s.Helper()
	moved, err := s.Put(s.Context(), s.org, a.ID, status)
	if err != nil {
		s.Fatal(err)
	}
	return moved
}

func (s *shelf) refused(err error, kind apierr.Kind) {
	s.Helper()
	if err == nil || apierr.KindOf(err) != kind {
		s.Errorf("answered %v, want %s", err, kind)
	}
}

func TestASlugFollowsFromTheTitleAndGivesWay(t *testing.T) {
	s := newShelf(t)
	first, second := s.write("  Déjà vu: How do I export? ", ""), s.write("Déjà vu — how do I EXPORT", "")
	if first.Name != "déjà-vu-how-do-i-export" || !strings.HasPrefix(second.Name, first.Name+"-") {
		t.Errorf("the slugs are %q and %q", first.Name, second.Name)
	}
	title := "Another"
	_, err := s.Write(t.Context(), s.org, help.Edit{Title: &title, Slug: &first.Name})
	s.refused(err, apierr.Conflict)
	renamed, err := s.Rewrite(t.Context(), s.org, first.ID, help.Edit{Title: &title})
	if err != nil || renamed.Name != first.Name || renamed.Value.Title != title {
		t.Errorf("renamed to %+v: %v", renamed, err)
	}
	for _, edit := range []help.Edit{{Title: new(string)}, {Text: new(strings.Repeat("x", help.MaxText+1))}} {
		_, err := s.Rewrite(t.Context(), s.org, first.ID, edit)
		s.refused(err, apierr.Invalid)
	}
	_, err = s.Rewrite(t.Context(), s.org, first.ID, help.Edit{Collection: &id.ID{9}})
	s.refused(err, apierr.NotFound)
}

func TestAListShowsWhatItsQuerySelects(t *testing.T) {
	s := newShelf(t)
	draft, shown, away := s.write("One", "a Needle"), s.write("Two Needles", ""), s.write("Three", "needle")
	s.put(shown, help.Published)
	s.put(away, help.Archived)
	titles := func(q help.Query) (titles []string, total int64) {
		t.Helper()
		if q.Limit == 0 {
			q.Limit = 10
		}
		page, err := s.List(t.Context(), s.org, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Articles {
			titles = append(titles, a.Value.Title)
		}
		return titles, page.Total
	}
	for _, row := range []struct {
		query help.Query
		want  []string
		total int64
	}{
		{help.Query{}, []string{"One", "Two Needles"}, 2},
		{help.Query{Limit: 1}, []string{"One"}, 2},
		{help.Query{Limit: 1, Offset: 1}, []string{"Two Needles"}, 2},
		{help.Query{Status: help.Published}, []string{"Two Needles"}, 1},
		{help.Query{Status: help.Archived, Search: "NEEDLE"}, []string{"Three"}, 1},
		{help.Query{Search: "nEEdle", Status: help.Draft}, []string{"One"}, 1},
		{help.Query{Collection: id.ID{9}}, nil, 0},
	} {
		if got, total := titles(row.query); !slices.Equal(got, row.want) || total != row.total {
			t.Errorf("%+v: %q of %d; want %q of %d", row.query, got, total, row.want, row.total)
		}
	}
	for n := range 450 { // more than are held at once
		s.write(fmt.Sprint("many ", n), "")
	}
	if got, total := titles(help.Query{Offset: 300, Limit: 1}); total != 452 || got[0] != "many 298" {
		t.Errorf("far down the list is %q of %d", got, total)
	}
	if draft.Value.Status != help.Draft || !draft.Value.PublishedAt.IsZero() {
		t.Errorf("a new article is %+v", draft.Value)
	}
}

func TestOnlyWhatIsPublishedIsThoughtOf(t *testing.T) {
	s := newShelf(t)
	a, ann, bob := s.write("One", ""), []id.ID{{2}}, []id.ID{{3}, {4}}
	s.refused(s.React(t.Context(), s.org, ann, a.ID, 1), apierr.NotFound)
	published := s.put(a, help.Published)
	if again := s.put(a, help.Published); again.Value.PublishedAt.IsZero() || !again.Value.PublishedAt.Equal(published.Value.PublishedAt) {
		t.Errorf("published again at %s, not at %s", again.Value.PublishedAt, published.Value.PublishedAt)
	}
	for _, thought := range []struct {
		who   []id.ID
		value int
	}{{ann, 1}, {bob[1:], -1}, {bob, 1}, {ann, -1}} {
		if err := s.React(t.Context(), s.org, thought.who, a.ID, thought.value); err != nil {
			t.Fatal(err)
		}
	}
	if tally, err := s.Tally(t.Context(), s.org, a.ID); err != nil || tally != (vote.Tally{For: 1, Against: 1}) {
		t.Errorf("counted %+v: %v", tally, err)
	}
	if thought, err := s.Reactions(t.Context(), s.org, bob, []help.Article{a}); err != nil || thought[a.ID] != 1 {
		t.Errorf("thought %v: %v", thought, err)
	}
	if err := s.Withdraw(t.Context(), s.org, bob, a.ID); err != nil {
		t.Fatal(err)
	}
	if thought, err := s.Reactions(t.Context(), s.org, ann, []help.Article{a}); err != nil || thought[a.ID] != -1 || len(thought) != 1 {
		t.Errorf("thought %v: %v", thought, err)
	}
	if thought, err := s.Reactions(t.Context(), s.org, bob, []help.Article{a}); err != nil || len(thought) != 0 {
		t.Errorf("thought %v: %v", thought, err)
	}
	s.put(a, help.Draft)
	s.refused(s.Withdraw(t.Context(), s.org, ann, a.ID), apierr.NotFound)
}

func TestACollectionIsNotDeletedWithWhatItHolds(t *testing.T) {
	s := newShelf(t)
	made, err := s.Collections().Create(t.Context(), s.org, id.Zero, "Billing", help.About{})
	if err != nil {
		t.Fatal(err)
	}
	a := s.write("One", "")
	if _, err := s.Rewrite(t.Context(), s.org, a.ID, help.Edit{Collection: &made.ID}); err != nil {
		t.Fatal(err)
	}
	s.refused(s.DeleteCollection(t.Context(), s.org, made.ID), apierr.Conflict)
	if _, err := s.Rewrite(t.Context(), s.org, a.ID, help.Edit{Collection: new(id.ID)}); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteCollection(t.Context(), s.org, made.ID); err != nil {
		t.Error(err)
	}
	s.refused(s.DeleteCollection(t.Context(), s.org, made.ID), apierr.NotFound)
}
