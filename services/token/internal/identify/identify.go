// Package identify lets a team's backend tell who is before it, and gives the token that opens for them.
package identify

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// Identifier identifies subscribers.
type Identifier struct {
	People *enduser.Directory
	Key    []byte // of subscribers' tokens
	Now    func() time.Time
}

// Subscriber is who was identified. Fresh tells that nobody knew them before.
type Subscriber struct {
	enduser.Person
	Token secret.String
	Fresh bool
}

// Identify meets somebody by their e-mail address and signs a token for them. Somebody who was shut out is apierr.Forbidden,
// and learns the Org nothing new.
func (i *Identifier) Identify(ctx context.Context, org id.ID, seen enduser.Sighting) (Subscriber, error) {
	known, err := i.People.ByEmail(ctx, org, seen.Email)
	if err != nil && apierr.KindOf(err) != apierr.NotFound {
		return Subscriber{}, err
	}
	if err == nil && !known.Active() {
		return Subscriber{}, shutOut()
	}
	person, fresh, err := i.People.Meet(ctx, org, seen)
	if err != nil {
		return Subscriber{}, err
	}
	if !person.Active() {
		return Subscriber{}, shutOut()
	}
	token, err := usertoken.MintSubscriber(usertoken.Subscriber{Org: org, Person: person.ID}, i.Key, i.Now())
	return Subscriber{Person: person, Token: token, Fresh: fresh}, err
}

func shutOut() error {
	return apierr.New(apierr.Forbidden, apierr.CodeForbidden, "This subscriber was deactivated.")
}
