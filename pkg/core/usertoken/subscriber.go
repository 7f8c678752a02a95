package usertoken

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// SubscriberLife is how long a subscriber token is valid [Userorbit: 90 days].
const SubscriberLife = 90 * 24 * time.Hour

// Subscriber is whom a subscriber token speaks for: a person that the Org's own key vouched for.
type Subscriber struct{ Org, Person id.ID }

// subscriberUse keeps a subscriber token from being taken for anything else that is signed with HS256.
const subscriberUse = "subscriber"

type subscriberPayload struct {
	jwt.RegisteredClaims
	Team string `json:"team"`
	Use  string `json:"use"`
}

var errSubscriber = errors.New("usertoken: the claims are not a subscriber's")

// MintSubscriber signs a token with the installation's own key. Its header is the documented one, without a kid.
func MintSubscriber(whom Subscriber, key []byte, now time.Time) (secret.String, error) {
	if len(key) == 0 {
		return "", errSecret
	}
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, subscriberPayload{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: whom.Person.UUID(), IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(SubscriberLife)),
		},
		Team: whom.Org.UUID(), Use: subscriberUse,
	}).SignedString(key)
	return secret.String(text), err
}

// VerifySubscriber reads what MintSubscriber signed; whether the person is still there is another question. A token that is
// only too old is apierr.CodeTokenExpired, anything else that is wrong apierr.CodeInvalidAuthorization.
func VerifySubscriber(token string, key []byte, now time.Time) (Subscriber, error) {
	if len(token) > MaxToken || len(key) == 0 {
		return Subscriber{}, notSubscriber(errTooLong)
	}
	var said subscriberPayload
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Name}), jwt.WithStrictDecoding(),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(Skew), jwt.WithTimeFunc(func() time.Time { return now }))
	_, err := parser.ParseWithClaims(token, &said, func(*jwt.Token) (any, error) { return key, nil })
	if errors.Is(err, jwt.ErrTokenExpired) && said.Use == subscriberUse {
		return Subscriber{}, apierr.Wrap(err, apierr.Unauthenticated, apierr.CodeTokenExpired, "This token has expired.")
	}
	if err != nil {
		return Subscriber{}, notSubscriber(err)
	}
	var whom Subscriber
	var errOrg, errPerson error
	whom.Org, errOrg = id.ParseUUID(said.Team)
	whom.Person, errPerson = id.ParseUUID(said.Subject)
	if err := errors.Join(errOrg, errPerson); err != nil || said.Use != subscriberUse {
		return Subscriber{}, notSubscriber(errors.Join(errSubscriber, err))
	}
	return whom, nil
}

func notSubscriber(cause error) error {
	return apierr.Wrap(cause, apierr.Unauthenticated, apierr.CodeInvalidAuthorization, "This token is not valid.")
}
