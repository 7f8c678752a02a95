package board_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/board"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

func shelves(t *testing.T) (*board.Shelves, id.ID) {
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
	ids := id.NewSource(time.Now, bytes.NewReader(make([]byte, 1<<20)))
	return board.New(store, ids, time.Now), ids.New()
}

func TestABoardHasASlugOfItsOwn(t *testing.T) {
	s, org := shelves(t)
	for name, slug := range map[string]string{
		"Feature Requests!": "feature-requests", "  API v2 ": "api-v2", "Wünsche": "w-nsche", strings.Repeat("ab ", 30): strings.Repeat("ab-", 21) + "a",
	} {
		made, err := s.CreateBoard(t.Context(), org, board.Draft{Name: &name})
		if err != nil || made.Name != slug {
			t.Errorf("%q has the slug %q: %v", name, made.Name, err)
		}
	}
	wordless := "機能"
	one, err := s.CreateBoard(t.Context(), org, board.Draft{Name: &wordless})
	other, errOther := s.CreateBoard(t.Context(), org, board.Draft{Name: &wordless})
	if err != nil || errOther != nil || one.Name == "" || one.Name == other.Name {
		t.Errorf("%q and %q: %v, %v", one.Name, other.Name, err, errOther)
	}
	again := "feature requests"
	if _, err := s.CreateBoard(t.Context(), org, board.Draft{Name: &again}); apierr.Of(err).Code != apierr.CodeAlreadyExists {
		t.Errorf("a slug is given twice: %v", err)
	}
}

func TestWhatIsGoneIsNamedNoMore(t *testing.T) {
	s, org := shelves(t)
	name, tags := "x", []id.ID{}
	on, err := s.CreateBoard(t.Context(), org, board.Draft{Name: &name})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		tag, err := s.CreateTag(t.Context(), org, board.TagDraft{Name: &name})
		if err != nil {
			t.Fatal(err)
		}
		tags = append(tags, tag.ID)
	}
	item := &feedback.Item{Board: on.ID, Tags: tags}
	look := func() board.Labels {
		t.Helper()
		labels, err := s.Labels(t.Context(), org)
		if err != nil {
			t.Fatal(err)
		}
		return labels
	}
	if l := look(); l.Board(item) == nil || len(l.Tags(tags)) != 2 || l.Demand(on.ID, tags) != nil {
		t.Error("what is there is not found")
	}
	if err := s.Tags.Delete(t.Context(), org, tags[0]); err != nil {
		t.Fatal(err)
	}
	if err := s.Boards.Delete(t.Context(), org, on.ID); err != nil {
		t.Fatal(err)
	}
	if l := look(); l.Board(item) != nil || len(l.Tags(tags)) != 1 || l.Demand(on.ID, nil) == nil || l.Demand(id.Zero, tags) == nil {
		t.Error("what is gone is still found")
	}
	if l, err := s.Labels(t.Context(), id.ID{1}); err != nil || l.Demand(id.Zero, tags[1:]) == nil {
		t.Error("another Org's tag is found")
	}
}
