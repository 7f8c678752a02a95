package auth_test

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/id"
)

// crowd are the house's people.
func (h *house) crowd() *enduser.Directory {
	ids := id.NewSource(h.clock.Now, rand.Reader)
	return enduser.NewDirectory(enduser.Deps{
		Store: h.directory.Store, Journal: audit.NewJournal(h.directory.Store, make([]byte, 32), ids, h.clock.Now), IDs: ids, Now: h.clock.Now,
		Announce: func(ctx context.Context, org id.ID) error { return h.shared.Bump(ctx, org) },
	})
}

// subscriber meets a person and mints them a token.
func (h *house) subscriber(people *enduser.Directory, email string) (enduser.Person, string) {
	h.Helper()
	person, _, err := people.Meet(h.Context(), h.org.ID, enduser.Sighting{Email: email, Source: enduser.FromSubscriber})
	h.must(err)
	token, err := usertoken.MintSubscriber(usertoken.Subscriber{Org: h.org.ID, Person: person.ID}, auth.SubscriberKey(h.deps.Hasher), h.clock.Now())
	h.must(err)
	return person, token.Reveal()
}

// A subscriber token is dead on every replica the moment its person is shut out or removed, whichever record it was minted for.
func TestASubscriberWhoIsShutOutIsRefusedFromThatMomentEverywhere(t *testing.T) {
	type end func(ctx context.Context, people *enduser.Directory, org, person id.ID) error
	for name, end := range map[string]end{
		"shut out": func(ctx context.Context, people *enduser.Directory, org, person id.ID) error {
			_, err := people.Deactivate(ctx, org, audit.System("a test"), person)
			return err
		},
		"removed": func(ctx context.Context, people *enduser.Directory, org, person id.ID) error {
			return people.Remove(ctx, org, audit.System("a test"), person)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			people, replica := h.crowd(), h.replica()
			root, ofRoot := h.subscriber(people, "root@x.co")
			record, ofRecord := h.subscriber(people, "record@x.co")
			_, err := people.Merge(t.Context(), h.org.ID, audit.System("a test"), record.ID, root.ID)
			h.must(err)
			asks := func(token string) error {
				caller, _, err := replica.Subscriber(context.Background(), auth.Credential{Token: token}, ample("key"))
				if err == nil && (caller.Person == nil || caller.Person.ID != root.ID) {
					t.Errorf("it speaks for %+v", caller.Person)
				}
				return err
			}
			h.hotUntil(func() error {
				if err := asks(ofRoot); err != nil {
					return err
				}
				return asks(ofRecord)
			}, func() error { return end(context.Background(), people, h.org.ID, record.ID) })
			h.refused(asks(ofRecord), apierr.CodeInvalidAuthorization)
			h.refused(asks(ofRoot), apierr.CodeInvalidAuthorization)
		})
	}
}

// Who was shut out does not come back by being merged into somebody who is not.
func TestAMergeLetsNobodyInAgain(t *testing.T) {
	h := newHouse(t)
	people := h.crowd()
	gone, token := h.subscriber(people, "gone@x.co")
	friend, theirs := h.subscriber(people, "friend@x.co")
	_, err := people.Deactivate(t.Context(), h.org.ID, audit.System("a test"), gone.ID)
	h.must(err)
	_, err = people.Merge(t.Context(), h.org.ID, audit.System("a test"), gone.ID, friend.ID)
	h.must(err)
	_, _, err = h.Subscriber(t.Context(), auth.Credential{Token: token}, ample("key"))
	h.refused(err, apierr.CodeInvalidAuthorization)
	_, _, err = h.Subscriber(t.Context(), auth.Credential{Token: theirs}, ample("key"))
	h.admitted(err)
}
