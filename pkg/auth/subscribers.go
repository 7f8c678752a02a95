package auth

import (
	"context"
	"errors"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/usertoken"
)

// SubscriberKey is the key of an installation's subscriber tokens.
func SubscriberKey(hasher apikey.Hasher) []byte { return hasher.Derive("subscriber tokens") }

// Subscriber admits a person by the token that subscriber.identify gave them. One that is forged, or whose person or Org is
// gone or shut out, is apierr.CodeInvalidAuthorization; one that is only too old, apierr.CodeTokenExpired.
func (a *Authenticator) Subscriber(ctx context.Context, cred Credential, budget gate.Policy) (Principal, gate.Verdict, error) {
	whom, err := usertoken.VerifySubscriber(cred.Token, SubscriberKey(a.Hasher), a.Now())
	if err != nil {
		return Principal{}, gate.Verdict{}, err
	}
	judge := func(e *entry) (Principal, []gate.Draw, error) {
		caller := Principal{Org: e.org, Numbers: e.numbers, Person: e.person, Address: cred.Address}
		if !e.org.Open() || !e.person.Active() {
			return caller, nil, ended()
		}
		return caller, []gate.Draw{{Policy: e.numbers.Policy(budget), Bucket: e.person.ID.String(), Cost: 1}}, nil
	}
	load := func(ctx context.Context) (*entry, error) { return a.loadPerson(ctx, whom) }
	caller, verdict, err := a.admit(ctx, "person:"+whom.Org.String()+whom.Person.String(), load, judge)
	if errors.Is(err, errUnknown) {
		err = ended()
	}
	return caller, verdict, err
}

// Team admits an Org's own backend by its key. A subscriber token opens nothing here, but is told why where that is its age.
func (a *Authenticator) Team(ctx context.Context, cred Credential, door KeyDoor) (Principal, gate.Verdict, error) {
	if !IsJWT(cred.Token) {
		return a.Key(ctx, cred, door)
	}
	_, err := usertoken.VerifySubscriber(cred.Token, SubscriberKey(a.Hasher), a.Now())
	if err == nil {
		err = apierr.New(apierr.Unauthenticated, apierr.CodeInvalidAuthorization, "This takes a team's key.")
	}
	return Principal{}, gate.Verdict{}, err
}

// TeamOrSubscriber admits either (D15). The Principal tells which: only a subscriber's has a Person.
func (a *Authenticator) TeamOrSubscriber(ctx context.Context, cred Credential, door KeyDoor, budget gate.Policy) (Principal, gate.Verdict, error) {
	if IsJWT(cred.Token) {
		return a.Subscriber(ctx, cred, budget)
	}
	return a.Key(ctx, cred, door)
}

// loadPerson gives the person whom a token was minted for, as who they are by now.
func (a *Authenticator) loadPerson(ctx context.Context, whom usertoken.Subscriber) (*entry, error) {
	found, err := enduser.Bearer(ctx, a.Directory, whom.Org, whom.Person)
	if err != nil {
		return nil, err
	}
	e := &entry{person: &found}
	return e, a.tenant(ctx, e, whom.Org)
}
