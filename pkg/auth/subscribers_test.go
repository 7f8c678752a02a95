package auth_test

import (
	"context"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/id"
)

// people are the house's end users.
func (h *house) people() *enduser.Directory {
	ids := id.NewSource(h.clock.Now, fixed{})
	return enduser.NewDirectory(enduser.Deps{
		Store: h.directory.Store, Journal: audit.NewJournal(h.directory.Store, h.deps.Hasher.Derive("audit"), ids, h.clock.Now),
		IDs: ids, Now: h.clock.Now, Announce: func(ctx context.Context, org id.ID) error { return h.shared.Bump(ctx, org) },
	})
}

// fixed is randomness that no id needs.
type fixed struct{}

func (fixed) Read(p []byte) (int, error) { return len(p), nil }

// subscriber is somebody new, and their token.
func (h *house) subscriber(people *enduser.Directory, email string) (enduser.Person, string) {
	h.Helper()
	person, _, err := people.Meet(h.Context(), h.org.ID, enduser.Sighting{Email: email, Source: enduser.FromSubscriber})
	h.must(err)
	token, err := usertoken.MintSubscriber(usertoken.Subscriber{Org: h.org.ID, Person: person.ID}, auth.SubscriberKey(h.deps.Hasher), h.clock.Now())
	h.must(err)
	return person, token.Reveal()
}

func subscribe(a *auth.Authenticator, token string) error {
	_, _, err := a.Subscriber(context.Background(), auth.Credential{Token: token}, ample("subscriber"))
	return err
}

// endings are all that a subscriber's token dies of, but age.
var endings = map[string]func(*house, *enduser.Directory, enduser.Person) error{
	"deactivated": func(h *house, people *enduser.Directory, who enduser.Person) error {
		_, err := people.Deactivate(context.Background(), h.org.ID, byTest().Actor, who.ID)
		return err
	},
	"deleted": func(h *house, people *enduser.Directory, who enduser.Person) error {
		return people.Remove(context.Background(), h.org.ID, byTest().Actor, who.ID)
	},
	"of a team that is deleted": func(h *house, _ *enduser.Directory, _ enduser.Person) error {
		_, err := h.manager.CloseOrg(context.Background(), byTest(), h.org.ID)
		return err
	},
}

// Whatever a token dies of, it is dead in every process when the call returns.
func TestASubscriberIsRefusedEverywhereFromTheMomentTheyAreGone(t *testing.T) {
	for what, end := range endings {
		t.Run(what, func(t *testing.T) {
			h := newHouse(t)
			people, other := h.people(), h.replica()
			who, token := h.subscriber(people, "ann@example.com")
			h.hotUntil(func() error {
				if err := subscribe(h.Authenticator, token); err != nil {
					return err
				}
				return subscribe(other, token)
			}, func() error { return end(h, people, who) })
			for _, door := range []*auth.Authenticator{h.Authenticator, other, h.replica()} {
				h.refused(subscribe(door, token), apierr.CodeInvalidAuthorization)
			}
		})
	}
}

func TestADeletionWhileTheCacheIsFilledIsNotMissed(t *testing.T) {
	whileFilled(t, 6, func(h *house) (request, end func() error) {
		people := h.people()
		who, token := h.subscriber(people, "ann@example.com")
		return func() error { return subscribe(h.Authenticator, token) }, func() error {
			return people.Remove(t.Context(), h.org.ID, byTest().Actor, who.ID)
		}
	})
}

// A deletion that could not be announced can be repeated until it is.
func TestADeletionThatIsNotAnnouncedIsNotDone(t *testing.T) {
	h := newHouse(t)
	people := h.people()
	who, token := h.subscriber(people, "ann@example.com")
	h.admitted(subscribe(h.Authenticator, token))
	h.shared.cut.Store(true)
	if err := people.Remove(t.Context(), h.org.ID, byTest().Actor, who.ID); err == nil {
		t.Fatal("deleted, and nobody was told")
	}
	h.shared.cut.Store(false)
	h.must(people.Remove(t.Context(), h.org.ID, byTest().Actor, who.ID))
	h.refused(subscribe(h.Authenticator, token), apierr.CodeInvalidAuthorization)
}

func TestASubscriberOpensNothingButTheirDoors(t *testing.T) {
	h := newHouse(t)
	_, token := h.subscriber(h.people(), "ann@example.com")
	_, key := h.key()
	door := serverDoor()
	before := h.reads(func() { h.admitted(subscribe(h.Authenticator, token)) })
	if again := h.reads(func() { h.admitted(subscribe(h.Authenticator, token)) }); before == 0 || again != 0 {
		t.Errorf("a known subscriber costs %d reads, an unknown one %d", again, before)
	}
	_, _, err := h.Team(t.Context(), auth.Credential{Token: token}, door)
	h.refused(err, apierr.CodeInvalidAuthorization)
	h.refused(h.server(token), apierr.CodeInvalidKeyFormat)
	caller, _, err := h.TeamOrSubscriber(t.Context(), auth.Credential{Token: token}, door, ample("subscriber"))
	h.admitted(err)
	if caller.Person == nil || caller.Key != nil || len(caller.Rights) != 0 {
		t.Errorf("a subscriber came in as %+v", caller)
	}
	caller, _, err = h.TeamOrSubscriber(t.Context(), auth.Credential{Token: key}, door, ample("subscriber"))
	h.admitted(err)
	if caller.Person != nil || caller.Key == nil {
		t.Errorf("a team came in as %+v", caller)
	}
	h.clock.Advance(usertoken.SubscriberLife + time.Hour)
	h.refused(subscribe(h.Authenticator, token), apierr.CodeTokenExpired)
	_, _, err = h.Team(t.Context(), auth.Credential{Token: token}, door)
	h.refused(err, apierr.CodeTokenExpired)
}

// A token goes with its record: it speaks for the person whom that is merged into, and dies with them.
func TestASubscriberWhoIsMergedIsWhoTheyAreMergedInto(t *testing.T) {
	for _, what := range []string{"deactivated", "deleted"} {
		h := newHouse(t)
		people, other := h.people(), h.replica()
		who, token := h.subscriber(people, "ann@example.com")
		into, _ := h.subscriber(people, "bob@example.com")
		h.admitted(subscribe(other, token))
		_, err := people.Merge(t.Context(), h.org.ID, byTest().Actor, who.ID, into.ID)
		h.must(err)
		caller, _, err := other.Subscriber(t.Context(), auth.Credential{Token: token}, ample("subscriber"))
		h.admitted(err)
		if caller.Person.ID != into.ID {
			t.Errorf("it speaks for %+v", caller.Person)
		}
		h.must(endings[what](h, people, into))
		h.refused(subscribe(other, token), apierr.CodeInvalidAuthorization)
	}
}

// Who was shut out does not come back by being merged into somebody who is not.
func TestAMergeLetsNobodyInAgain(t *testing.T) {
	h := newHouse(t)
	people := h.people()
	gone, token := h.subscriber(people, "gone@example.com")
	friend, theirs := h.subscriber(people, "friend@example.com")
	h.must(endings["deactivated"](h, people, gone))
	_, err := people.Merge(t.Context(), h.org.ID, byTest().Actor, gone.ID, friend.ID)
	h.must(err)
	h.refused(subscribe(h.Authenticator, token), apierr.CodeInvalidAuthorization)
	h.admitted(subscribe(h.Authenticator, theirs))
}
