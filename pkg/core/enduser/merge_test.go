package enduser_test

import (
	"reflect"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/id"
)

// timeless is a record but for what every write changes.
func timeless(p enduser.Person) enduser.Person {
	p.UpdatedAt, p.Version = p.CreatedAt, 0
	return p
}

func TestASplitUndoesAMerge(t *testing.T) {
	w := newTown(t)
	a, b, c := w.meet("a", "a@x.co"), w.meet("b", "b@x.co"), w.meet("c", "c@x.co")
	w.merge(a, b)
	before := w.roots()
	stored := map[id.ID]enduser.Person{}
	for _, person := range []enduser.Person{a, b, c} {
		found, err := w.Store.Person(t.Context(), acme, person.ID)
		must(t, err)
		stored[person.ID] = timeless(found)
	}
	w.merge(b, c)
	w.demand([]string{"a", "a@x.co", "b", "b@x.co", "c", "c@x.co"})
	for _, name := range []string{"a", "b", "c"} {
		byID, errID := w.ByExternalID(t.Context(), acme, name)
		byEmail, errEmail := w.ByEmail(t.Context(), acme, name+"@X.co")
		if errID != nil || errEmail != nil || byID.ID != c.ID || byEmail.ID != c.ID {
			t.Errorf("%s is %s by id and %s by address", name, byID.ID, byEmail.ID)
		}
	}
	_, err := w.Split(t.Context(), acme, ann, b.ID)
	must(t, err)
	if got := w.roots(); !reflect.DeepEqual(got, before) {
		t.Errorf("%v, before %v", got, before)
	}
	for person, want := range stored {
		found, err := w.Store.Person(t.Context(), acme, person)
		must(t, err)
		if !reflect.DeepEqual(timeless(found), want) {
			t.Errorf("%+v, before %+v", found, want)
		}
	}
	if _, err := w.Split(t.Context(), acme, ann, b.ID); apierr.KindOf(err) != apierr.Conflict {
		t.Errorf("a root was split: %v", err)
	}
	want := []string{"person.merge by member done", "person.merge by member done", "person.split by member done"}
	if got := w.actions(); !slices.Equal(got, want) {
		t.Errorf("the audit log has %q", got)
	}
	if w.bumps.Load() != 3 {
		t.Errorf("announced %d times", w.bumps.Load())
	}
}

// People decided: the rule that would merge them again is not asked any more.
func TestWhoWasSplitIsNotMergedByTheRuleAgain(t *testing.T) {
	for name, into := range map[string]bool{"the address into the id": true, "the id into the address": false} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			byID, byEmail := w.meet("x", ""), w.meet("", "e@x.co")
			from, to := byEmail, byID
			if !into {
				from, to = byID, byEmail
			}
			w.merge(from, to)
			_, err := w.Split(t.Context(), acme, ann, from.ID)
			must(t, err)
			w.meet("x", "e@x.co")
			w.demand([]string{"x"}, []string{"e@x.co"})
			if got := w.whole(byID.ID).Contested(); !slices.Equal(got, []string{"e@x.co"}) {
				t.Errorf("contested: %q", got)
			}
			w.merge(from, to) // but people may think better of it
			if got := w.whole(to.ID); len(got.Contested()) != 0 || len(got.Records) != 2 {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestWhatIsNoMergeIsRefused(t *testing.T) {
	w := newTown(t)
	a, b := w.meet("a", ""), w.meet("b", "")
	w.merge(a, b)
	for name, row := range map[string]struct {
		org        id.ID
		from, into id.ID
		kind       apierr.Kind
		code       apierr.Code
	}{
		"into themselves":        {acme, b.ID, b.ID, apierr.Conflict, apierr.CodeAlreadyExists},
		"again":                  {acme, a.ID, b.ID, apierr.Conflict, apierr.CodeAlreadyExists},
		"the other way round":    {acme, b.ID, a.ID, apierr.Conflict, apierr.CodeAlreadyExists},
		"nobody":                 {acme, id.ID{9}, b.ID, apierr.NotFound, apierr.CodeNotFound},
		"into nobody":            {acme, b.ID, id.ID{9}, apierr.NotFound, apierr.CodeNotFound},
		"those of another's Org": {other, a.ID, b.ID, apierr.NotFound, apierr.CodeNotFound},
	} {
		_, err := w.Merge(t.Context(), row.org, ann, row.from, row.into)
		if refusal := apierr.Of(err); err == nil || refusal.Kind != row.kind || refusal.Code != row.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Split(t.Context(), other, ann, a.ID); apierr.KindOf(err) != apierr.NotFound {
		t.Errorf("split in another Org: %v", err)
	}
	last := b
	for n := range enduser.MaxMerged - 2 {
		next := w.meet("more"+string(rune('a'+n)), "")
		w.merge(last, next) // the deepest there can be
		last = next
	}
	_, err := w.Merge(t.Context(), acme, ann, last.ID, w.meet("too many", "").ID)
	if apierr.Of(err).Code != apierr.CodeLimitReached {
		t.Errorf("%d records: %v", enduser.MaxMerged+1, err)
	}
	if root, err := w.Get(t.Context(), acme, a.ID); err != nil || root.ID != last.ID || len(w.whole(a.ID).Records) != enduser.MaxMerged {
		t.Errorf("the deepest record has the root %+v, %v", root, err)
	}
}

// Whatever merges race, everybody has a root, and nobody more records than there may be.
func TestRacingMergesCloseNoCircle(t *testing.T) {
	w := newTown(t)
	const around = 3 // both ways: more at once would outdo the retries of the audit log
	for range 10 {
		people := make([]enduser.Person, around)
		for n := range people {
			people[n] = w.meet(w.IDs.New().String(), "")
		}
		race(2*around, func(n int) {
			from, into := people[n%around], people[(n+1)%around]
			if n >= around {
				from, into = into, from
			}
			_, err := w.Merge(t.Context(), acme, ann, from.ID, into.ID)
			if err != nil && apierr.Of(err).Code != apierr.CodeAlreadyExists {
				t.Error(err)
			}
		})
		first, err := w.Get(t.Context(), acme, people[0].ID)
		must(t, err)
		for _, person := range people {
			root, err := w.Get(t.Context(), acme, person.ID)
			if err != nil || !root.Into.IsZero() || root.ID != first.ID {
				t.Fatalf("%s has the root %+v, %v", person.ID, root, err)
			}
		}
		if n := len(w.whole(first.ID).Records); n != around {
			t.Fatalf("%d records of one of %d", n, around)
		}
	}
}

// A merge into somebody who is removed at that very moment leaves nobody whom no list shows.
func TestAMergeIntoWhoIsRemovedIsNone(t *testing.T) {
	for name, when := range map[string]int64{"before the root is written": 1, "before the merged one is": 2} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			from, into := w.meet("x", ""), w.meet("", "e@x.co")
			var writes atomic.Int64
			remove := func(enduser.Person) {
				if writes.Add(1) == when {
					must(t, w.Remove(t.Context(), acme, ann, into.ID))
				}
			}
			w.store.replace.Store(&remove)
			if _, err := w.Merge(t.Context(), acme, ann, from.ID, into.ID); apierr.KindOf(err) != apierr.NotFound {
				t.Errorf("%v", err)
			}
			w.demand([]string{"x"})
		})
	}
}

// A record whose root went in a process that died before it could remove the record is somebody again.
func TestWhoLostTheirRootIsARoot(t *testing.T) {
	w := newTown(t)
	record, root := w.meet("x", ""), w.meet("y", "")
	w.merge(record, root)
	must(t, w.Store.DeletePerson(t.Context(), acme, root.ID))
	if found, err := w.ByExternalID(t.Context(), acme, "x"); err != nil || found.ID != record.ID || !found.Into.IsZero() {
		t.Errorf("%+v, %v", found, err)
	}
	w.meet("x", "e@x.co")
	w.demand([]string{"e@x.co", "x"})
}
