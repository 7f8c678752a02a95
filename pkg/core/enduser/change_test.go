package enduser_test

import (
	"slices"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/id"
)

func TestAPersonIsChanged(t *testing.T) {
	w := newTown(t)
	person, another := w.meet("x", "e@x.co"), w.meet("y", "f@x.co")
	w.meet("x", "f@x.co")
	taken, free, name := "F@x.co", "G@x.co", "Ann"
	if _, err := w.Update(t.Context(), acme, person.ID, enduser.Change{Email: &taken}); apierr.Of(err).Code != apierr.CodeAlreadyExists {
		t.Errorf("another's address: %v", err)
	}
	if _, err := w.Update(t.Context(), other, person.ID, enduser.Change{Name: &name}); apierr.KindOf(err) != apierr.NotFound {
		t.Errorf("another Org's person: %v", err)
	}
	got, err := w.Update(t.Context(), acme, person.ID, enduser.Change{Email: &free, Name: &name, Attributes: []byte(`{"a":1}`)})
	if err != nil || got.Email != "g@x.co" || got.Name != name || string(got.Attributes) != `{"a":1}` || got.Contested != "f@x.co" {
		t.Errorf("%+v, %v", got, err)
	}
	must(t, w.Remove(t.Context(), acme, ann, another.ID))
	got, err = w.Update(t.Context(), acme, person.ID, enduser.Change{Email: &taken})
	if err != nil || got.Email != "f@x.co" || got.Contested != "" {
		t.Errorf("%+v, %v", got, err)
	}
	race(racers, func(n int) {
		called := string(rune('a' + n))
		if _, err := w.Update(t.Context(), acme, person.ID, enduser.Change{Attributes: []byte(`{"` + called + `":true}`)}); err != nil {
			t.Error(err)
		}
	})
	if stored := w.whole(person.ID); len(stored.Attributes) != len(`{"a":true}`)+(racers-1)*len(`,"b":true`) {
		t.Errorf("a change was lost: %s", stored.Attributes)
	}
}

// Whoever is shut out stays so, whatever is merged and split, for the credential of a record speaks for its person.
func TestWhoIsShutOutStaysSo(t *testing.T) {
	w := newTown(t)
	bears := func(record enduser.Person) bool {
		t.Helper()
		person, err := enduser.Bearer(t.Context(), w.Store, acme, record.ID)
		must(t, err)
		return person.Active()
	}
	root, record, friend := w.meet("x", ""), w.meet("y", ""), w.meet("z", "")
	w.merge(record, root)
	w.bumps.Store(0)
	_, err := w.Deactivate(t.Context(), acme, ann, record.ID)
	must(t, err)
	if bears(root) || bears(record) || w.bumps.Load() != 1 {
		t.Errorf("the person %t, their record %t, announced %d times", bears(root), bears(record), w.bumps.Load())
	}
	_, err = w.Split(t.Context(), acme, ann, record.ID)
	must(t, err)
	w.merge(root, friend)
	if bears(record) || bears(root) || !bears(friend) {
		t.Errorf("split off %t, merged %t, another %t", bears(record), bears(root), bears(friend))
	}
	// The rule does not bring back who was shut out.
	gone := w.meet("", "e@x.co")
	_, err = w.Deactivate(t.Context(), acme, ann, gone.ID)
	must(t, err)
	w.meet("z", "e@x.co")
	if len(w.whole(gone.ID).Records) != 1 || !slices.Equal(w.whole(friend.ID).Contested(), []string{"e@x.co"}) {
		t.Errorf("merged: %+v", w.whole(friend.ID))
	}
	if _, err := w.Deactivate(t.Context(), other, ann, friend.ID); apierr.KindOf(err) != apierr.NotFound {
		t.Errorf("another Org's person: %v", err)
	}
}

func TestWhoIsRemovedIsForgottenWithAllRecords(t *testing.T) {
	w := newTown(t)
	a, b, c := w.meet("a", "a@x.co"), w.meet("b", ""), w.meet("c", "")
	w.meet("d", "")
	w.merge(a, b)
	w.merge(b, c)
	w.bumps.Store(0)
	if err := w.Remove(t.Context(), other, ann, a.ID); apierr.KindOf(err) != apierr.NotFound {
		t.Errorf("another Org's person: %v", err)
	}
	must(t, w.Remove(t.Context(), acme, ann, a.ID))
	for _, record := range []id.ID{a.ID, b.ID, c.ID} {
		if _, err := w.Store.Person(t.Context(), acme, record); apierr.KindOf(err) != apierr.NotFound {
			t.Errorf("%s: %v", record, err)
		}
	}
	w.demand([]string{"d"})
	if w.bumps.Load() != 1 {
		t.Errorf("announced %d times", w.bumps.Load())
	}
	if back := w.meet("a", "a@x.co"); back.ID == a.ID {
		t.Error("who comes back is who was removed")
	}
}
