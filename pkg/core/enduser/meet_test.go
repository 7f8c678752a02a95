package enduser_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/id"
)

// Each row is what was vouched for, in order, as "external id/address", and who there is then.
func TestPeopleAreKnownByExternalIDFirstAndAddressSecond(t *testing.T) {
	for name, row := range map[string]struct {
		seen      []string
		want      [][]string
		contested string // whose, and what
		merges    int
	}{
		"one by both names":           {[]string{"x/e@x.co", "x/", "/e@x.co", "x/e@x.co"}, [][]string{{"e@x.co", "x"}}, "", 0},
		"whatever the address's case": {[]string{"/E@X.co", "x/e@x.CO", "/e@x.co"}, [][]string{{"e@x.co", "x"}}, "", 0},
		"an external id has its case": {[]string{"x/", "X/"}, [][]string{{"x"}, {"X"}}, "", 0},
		"an address is given an id":   {[]string{"/e@x.co", "x/e@x.co"}, [][]string{{"e@x.co", "x"}}, "", 0},
		"an id is given an address":   {[]string{"x/", "x/e@x.co"}, [][]string{{"e@x.co", "x"}}, "", 0},
		"an id has its last address":  {[]string{"x/e@x.co", "x/f@x.co", "y/e@x.co"}, [][]string{{"f@x.co", "x"}, {"e@x.co", "y"}}, "", 0},
		"complements are one":         {[]string{"x/", "/e@x.co", "x/e@x.co"}, [][]string{{"e@x.co", "x"}}, "", 1},
		"another id's address":        {[]string{"x/e@x.co", "y/e@x.co"}, [][]string{{"e@x.co", "x"}, {"y"}}, "y e@x.co", 0},
		"another id's, known before":  {[]string{"x/e@x.co", "y/", "y/e@x.co"}, [][]string{{"e@x.co", "x"}, {"y"}}, "y e@x.co", 0},
		// By way of a merge an address is another id's no less.
		"a merged id's address":      {[]string{"x/", "/e@x.co", "x/e@x.co", "y/e@x.co"}, [][]string{{"e@x.co", "x"}, {"y"}}, "y e@x.co", 1},
		"an address beside another":  {[]string{"x/e@x.co", "/f@x.co", "x/f@x.co"}, [][]string{{"e@x.co", "x"}, {"f@x.co"}}, "x f@x.co", 0},
		"a merged address and more":  {[]string{"x/", "/e@x.co", "x/e@x.co", "/f@x.co", "x/f@x.co"}, [][]string{{"e@x.co", "x"}, {"f@x.co"}}, "x f@x.co", 1},
		"a contested one that freed": {[]string{"x/e@x.co", "y/e@x.co", "x/f@x.co", "y/e@x.co"}, [][]string{{"f@x.co", "x"}, {"e@x.co", "y"}}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			for _, names := range row.seen {
				externalID, email, _ := strings.Cut(names, "/")
				w.meet(externalID, email)
			}
			w.demand(row.want...)
			whose, contested, _ := strings.Cut(row.contested, " ")
			for person, names := range w.roots() {
				want := []string{}
				if contested != "" && slices.Contains(names, whose) {
					want = []string{contested}
				}
				if got := w.whole(person).Contested(); !slices.Equal(got, want) {
					t.Errorf("%q contest %q", names, got)
				}
			}
			if done := w.actions(); len(done) != row.merges || len(done) > 0 && done[0] != "person.merge by system done" {
				t.Errorf("the audit log has %q", done)
			}
			page, err := w.Store.People(t.Context(), other, enduser.Query{Limit: 10})
			if err != nil || page.Total != 0 {
				t.Errorf("another Org has %+v, %v", page, err)
			}
		})
	}
}

func TestNobodyIsMet(t *testing.T) {
	w := newTown(t)
	if _, _, err := w.Meet(t.Context(), acme, enduser.Sighting{Name: "Nobody"}); err == nil {
		t.Error("a sighting without a name was met")
	}
	w.meet("x", "")
	w.meet("", "e@x.co")
	for _, find := range []func() (enduser.Person, error){
		func() (enduser.Person, error) { return w.ByExternalID(t.Context(), acme, "") },
		func() (enduser.Person, error) { return w.ByEmail(t.Context(), acme, "") },
		func() (enduser.Person, error) { return w.ByExternalID(t.Context(), other, "x") },
		func() (enduser.Person, error) { return w.ByEmail(t.Context(), other, "e@x.co") },
	} {
		if found, err := find(); apierr.KindOf(err) != apierr.NotFound {
			t.Errorf("%+v, %v", found, err)
		}
	}
}

func TestWhatIsToldOfAPersonIsToldOfTheirRoot(t *testing.T) {
	w := newTown(t)
	root, record := w.meet("x", "e@x.co"), w.meet("y", "f@x.co")
	w.merge(record, root)
	got, fresh, err := w.Meet(t.Context(), acme, enduser.Sighting{ExternalID: "y", Name: "Ann", Attributes: []byte(`{"plan":"pro","n":12345678901234567890}`)})
	must(t, err)
	if fresh || got.ID != root.ID {
		t.Fatalf("%+v", got)
	}
	_, _, err = w.Meet(t.Context(), acme, enduser.Sighting{ExternalID: "x", Attributes: []byte(`{"plan":null,"at":{"a":1}}`)})
	must(t, err)
	stored := w.whole(root.ID)
	if stored.Name != "Ann" || string(stored.Attributes) != `{"at":{"a":1},"n":12345678901234567890}` || stored.Records[1].Name != "" {
		t.Errorf("%+v", stored)
	}
	large := []byte(`{"x":"` + strings.Repeat("x", enduser.MaxAttributes) + `"}`)
	if _, _, err := w.Meet(t.Context(), acme, enduser.Sighting{ExternalID: "x", Attributes: large}); apierr.KindOf(err) != apierr.Invalid {
		t.Errorf("too much was kept: %v", err)
	}
	if _, _, err := w.Meet(t.Context(), acme, enduser.Sighting{ExternalID: "z", Attributes: large}); apierr.KindOf(err) != apierr.Invalid {
		t.Errorf("too much was kept of somebody new: %v", err)
	}
	w.demand([]string{"e@x.co", "f@x.co", "x", "y"})
}

const racers = 16

func TestRacingMeetingsMakeOnePerson(t *testing.T) {
	for name, row := range map[string]struct {
		known, seen []string
	}{
		"by both names":        {nil, []string{"x/e@x.co"}},
		"by any of the names":  {nil, []string{"x/e@x.co", "/e@x.co"}},
		"known by an id":       {[]string{"x/"}, []string{"x/e@x.co", "x/"}},
		"known by an address":  {[]string{"/e@x.co"}, []string{"x/e@x.co", "/e@x.co"}},
		"known as two already": {[]string{"x/", "/e@x.co"}, []string{"x/e@x.co", "/e@x.co", "x/"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			meet := func(names, called string) (bool, error) {
				externalID, email, _ := strings.Cut(names, "/")
				_, fresh, err := w.Meet(t.Context(), acme, enduser.Sighting{ExternalID: externalID, Email: email, Name: called})
				return fresh, err
			}
			for _, names := range row.known {
				_, err := meet(names, "")
				must(t, err)
			}
			var fresh atomic.Int64
			race(racers, func(n int) {
				first, err := meet(row.seen[n%len(row.seen)], string(rune('a'+n))) // each has something to write
				if err != nil {
					t.Error(err)
				}
				if first {
					fresh.Add(1)
				}
			})
			w.demand([]string{"e@x.co", "x"})
			if want := max(0, 1-len(row.known)); fresh.Load() != int64(want) {
				t.Errorf("%d were the first to meet them", fresh.Load())
			}
		})
	}
}

// Whoever is removed while they are met is somebody new.
func TestWhoIsRemovedWhileTheyAreMetIsNew(t *testing.T) {
	w := newTown(t)
	old := w.meet("x", "")
	var once atomic.Bool
	remove := func(enduser.Person) {
		if once.CompareAndSwap(false, true) {
			must(t, w.Store.DeletePerson(t.Context(), acme, old.ID))
		}
	}
	w.store.replace.Store(&remove)
	now, fresh, err := w.Meet(t.Context(), acme, enduser.Sighting{ExternalID: "x", Email: "e@x.co"})
	if err != nil || !fresh || now.ID == old.ID || old.ID == id.Zero {
		t.Errorf("%+v, %t, %v", now, fresh, err)
	}
	w.demand([]string{"e@x.co", "x"})
}
