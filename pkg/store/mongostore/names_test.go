package mongostore_test

import (
	"context"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/mongostore"
)

// called is a new person, as seen so long after everybody else.
func called(name string, after time.Duration) enduser.Person {
	at := item().CreatedAt.Add(after)
	return enduser.Person{
		ID: ids.New(), Org: id.ID{1}, ExternalID: name, Email: name + "@example.com", CreatedAt: at, UpdatedAt: at, Version: 1,
	}
}

func TestANameIsSomebodysOrFreeWhereverItsBearerIsCutOff(t *testing.T) {
	var f fuse
	s := open(t, server(t), f.monitor())
	org := id.ID{1}
	var person, next enduser.Person
	create := func(ctx context.Context) error { return s.CreatePerson(ctx, org, person) }
	for what, do := range map[string]func(ctx context.Context) error{
		"created": create,
		"renamed": func(ctx context.Context) error { return s.ReplacePerson(ctx, org, next) },
		"removed": func(ctx context.Context) error { return s.DeletePerson(ctx, org, person.ID) },
	} {
		everywhere(t, func(step int64) bool {
			person, next = called(ids.New().String(), 0), called(ids.New().String(), time.Second)
			if next.ID = person.ID; what != "created" {
				must(t, create(t.Context()))
			}
			ended := f.ended(step, do)
			for _, name := range []string{person.ExternalID, next.ExternalID} {
				before := bearer(t, s, name)
				err := s.CreatePerson(t.Context(), org, called(name, time.Minute))
				if before.IsZero() != (err == nil) || err != nil && apierr.Of(err).Code != apierr.CodeAlreadyExists {
					t.Errorf("%s: a name of %s is given to another: %v", what, before, err)
				}
				if after := bearer(t, s, name); after.IsZero() || !before.IsZero() && after != before {
					t.Errorf("%s: a name of %s is %s's", what, before, after)
				}
			}
			return ended
		})
	}
}

// bearer is whose both names are; zero for nobody's.
func bearer(t *testing.T, s *mongostore.Store, name string) id.ID {
	t.Helper()
	byID, errID := s.PersonByExternalID(t.Context(), id.ID{1}, name)
	byEmail, errEmail := s.PersonByEmail(t.Context(), id.ID{1}, name+"@example.com")
	for _, err := range []error{errID, errEmail} {
		if err != nil && apierr.KindOf(err) != apierr.NotFound {
			t.Fatal(err)
		}
	}
	same(t, byID, byEmail)
	return byID.ID
}

// Whoever else changes the same person between two commands of a change, each of their names leads to them or to nobody.
func TestChangesOfAPersonThatMeetAnywhereKeepTheirNames(t *testing.T) {
	var f fuse
	uri, name := server(t), database(t)
	s, other := openNamed(t, uri, name, f.monitor()), openNamed(t, uri, name, nil)
	org := id.ID{1}
	for what, give := range map[string][2]bool{ // whether each of them gives the person their names back, or takes them away
		"taken and given back": {false, true}, "given and taken away": {true, false}, "given twice": {true, true},
	} {
		everywhere(t, func(step int64) bool {
			person := called(ids.New().String(), 0)
			must(t, other.CreatePerson(t.Context(), org, person))
			change := func(s *mongostore.Store, bears bool) error {
				next, err := s.Person(t.Context(), org, person.ID)
				must(t, err)
				if next.ExternalID, next.Email = person.ExternalID, person.Email; !bears {
					next.ExternalID, next.Email = "", ""
				}
				return s.ReplacePerson(t.Context(), org, next)
			}
			if give[0] {
				must(t, change(other, false))
			}
			came, err := f.before(step, func() { must(t, change(other, give[1])) }, func() error { return change(s, give[0]) })
			if err != nil && apierr.Of(err).Code != apierr.CodeChanged {
				t.Error(err)
			}
			stands, err := s.Person(t.Context(), org, person.ID)
			must(t, err)
			owner := bearer(t, s, person.ExternalID)
			err = s.CreatePerson(t.Context(), org, called(person.ExternalID, time.Minute))
			if bears := stands.ExternalID != ""; bears != (owner == person.ID) || bears == (err == nil) {
				t.Errorf("%s before command %d: they bear it: %t; it leads to %s; another gets it: %v", what, step, bears, owner, err)
			}
			return came
		})
	}
}

// Whoever took a name a moment ago may still be about to bear it.
func TestANameThatWasJustTakenIsNotTakenAway(t *testing.T) {
	var f fuse
	s := open(t, server(t), f.monitor())
	org := id.ID{1}
	const takesBoth = 2
	if !f.ended(takesBoth+1, func(ctx context.Context) error { return s.CreatePerson(ctx, org, called("ann", 0)) }) {
		t.Fatal("a person was stored by the commands that take their names")
	}
	for _, after := range []time.Duration{0, time.Second, 30*time.Second - 1} {
		if err := s.CreatePerson(t.Context(), org, called("ann", after)); err == nil || apierr.Of(err).Code != apierr.CodeAlreadyExists {
			t.Errorf("a name was taken away after %s: %v", after, err)
		}
	}
	must(t, s.CreatePerson(t.Context(), org, called("ann", 30*time.Second)))
}
