package httpkit

import (
	"context"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/gate"
)

// Fault is an error that a route documents. Also is what the answer says besides, on a surface whose refusals can.
type Fault struct {
	Kind apierr.Kind
	Code apierr.Code
	When string
	Also string
}

// Door is what a request must pass to enter: a kind of credential, a right and a budget. The zero Door is open.
type Door struct {
	Right    access.Right          // empty: none in particular
	security []map[string][]string // in OpenAPI's words
	browser  bool                  // pages of other origins may call
	budget   string                // the category of its requests: the native surface has budgets for each, and the ledger counts by it
	session  bool                  // the credential is a log-in, where the vendor presents it apart from keys
	faults   []Fault
	admit    func(context.Context, *auth.Authenticator, auth.Credential) (auth.Principal, gate.Verdict, error)
}

var credentialFaults = []Fault{
	{Kind: apierr.Unauthenticated, Code: apierr.CodeMissingAuthorization, When: "no credential is presented"},
	{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidAuthorization, When: "the header is malformed, or its credential opens nothing here"},
	{Kind: apierr.Limited, Code: apierr.CodeRateLimited, When: "the budget is spent; `Retry-After` tells for how many seconds"},
}

var rightFaults = append([]Fault{
	{Kind: apierr.Forbidden, Code: apierr.CodeForbidden, When: "the credential is good, but not for this", Also: "`details.required` names the right"},
	{Kind: apierr.Forbidden, Code: apierr.CodeAddressNotAllowed, When: "the API key may not be used from this address"},
}, credentialFaults...)

// Accounts is the door of the users surface: an sk_ key, held to two windows at once.
func Accounts(right access.Right) Door {
	return keyed(right, "apiKey", auth.KeyDoor{
		Formats: []apikey.Format{apikey.Secret()}, Right: right, Budgets: []gate.Policy{gate.UsersByMinute(), gate.UsersByHour()}, Secret: true,
	})
}

// Customer is the door of an AuthWorx customer's backend: its key and the slug of its Org.
func Customer(right access.Right) Door {
	return keyed(right, "apiKey", auth.KeyDoor{
		Formats: []apikey.Format{apikey.AuthWorx()}, Right: right, Budgets: []gate.Policy{gate.AuthWorxByKey()}, Slug: true, Secret: true,
	})
}

// Account is the door of UserBoost's surface: a live or a test key, and one budget for all keys of the Org (D21).
func Account(right access.Right) Door {
	door := keyed(right, "apiKey", auth.KeyDoor{
		Formats: []apikey.Format{apikey.UserBoostLive(), apikey.UserBoostTest()}, Right: right, Budgets: []gate.Policy{gate.EventsByOrg()}, PerOrg: true,
	})
	door.faults = append([]Fault{
		{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidKeyFormat, When: "the key begins like none of this surface"},
		{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidKey, When: "there is no such key, or it is not in force"},
	}, rightFaults...)
	return door
}

func keyed(right access.Right, scheme string, door auth.KeyDoor) Door {
	return Door{
		Right: right, security: []map[string][]string{{scheme: scopes(right)}}, budget: category(right), faults: rightFaults,
		admit: func(ctx context.Context, a *auth.Authenticator, cred auth.Credential) (auth.Principal, gate.Verdict, error) {
			return a.Key(ctx, cred, door)
		},
	}
}

// Manage is the door of whoever manages an Org: a logged-in member, or an sk_ key that was given the right.
func Manage(right access.Right) Door {
	budget := category(right)
	key := auth.KeyDoor{Formats: []apikey.Format{apikey.Secret()}, Right: right, Budgets: []gate.Policy{gate.ByKey(budget)}, Secret: true}
	member := auth.SessionDoor{Right: right, Budget: gate.ByMember(budget)}
	return Door{
		Right: right, security: []map[string][]string{{"session": scopes(right)}, {"apiKey": scopes(right)}}, budget: budget, faults: rightFaults,
		admit: func(ctx context.Context, a *auth.Authenticator, cred auth.Credential) (auth.Principal, gate.Verdict, error) {
			return a.Manage(ctx, cred, member, key)
		},
	}
}

// Session is the door of logged-in members alone, on the native surface. When closed is true it also opens for an Org that
// was given up.
func Session(right access.Right, closed bool) Door {
	return loggedIn(auth.SessionDoor{Right: right, Budget: gate.ByMember(category(right)), Closed: closed})
}

// Colleague is the door of logged-in members on the AuthWorx surface: an access token and the slug of its Org.
func Colleague(right access.Right) Door {
	door := loggedIn(auth.SessionDoor{Right: right, Budget: gate.AuthWorxByMember(), Slug: true})
	door.session = true
	return door
}

// Team is the door of a Userorbit team's own backend: its key. The zero Right opens to any.
func Team(right access.Right) Door {
	door := keyed(right, "apiKey", auth.KeyDoor{})
	door.admit = func(ctx context.Context, a *auth.Authenticator, cred auth.Credential) (auth.Principal, gate.Verdict, error) {
		return a.Team(ctx, cred, teamKey(right))
	}
	return door
}

// Subscriber is the door of an end user whom a team's backend identified: the token that it was given for them.
func Subscriber(budget gate.Policy) Door {
	return Door{
		security: []map[string][]string{{"subscriber": {}}}, browser: true, budget: strings.SplitN(budget.Name, ".", 2)[0], faults: credentialFaults,
		admit: func(ctx context.Context, a *auth.Authenticator, cred auth.Credential) (auth.Principal, gate.Verdict, error) {
			return a.Subscriber(ctx, cred, budget)
		},
	}
}

// TeamOrSubscriber is the door of either: a key that has the right, or any subscriber.
func TeamOrSubscriber(right access.Right, budget gate.Policy) Door {
	door := Team(right)
	door.security, door.browser = append(door.security, map[string][]string{"subscriber": {}}), true
	door.admit = func(ctx context.Context, a *auth.Authenticator, cred auth.Credential) (auth.Principal, gate.Verdict, error) {
		return a.TeamOrSubscriber(ctx, cred, teamKey(right), budget)
	}
	return door
}

// Counted is the door whose requests the ledger counts in that category, whatever their right.
func (d Door) Counted(category string) Door {
	d.budget = category
	return d
}

func teamKey(right access.Right) auth.KeyDoor {
	return auth.KeyDoor{Formats: []apikey.Format{apikey.Userorbit()}, Right: right, Budgets: []gate.Policy{gate.UserorbitByKey()}}
}

func loggedIn(door auth.SessionDoor) Door {
	return Door{
		Right: door.Right, security: []map[string][]string{{"session": scopes(door.Right)}}, budget: category(door.Right), faults: rightFaults,
		admit: func(ctx context.Context, a *auth.Authenticator, cred auth.Credential) (auth.Principal, gate.Verdict, error) {
			return a.Session(ctx, cred, door)
		},
	}
}

// category is the kind of requests that a right is for, of outcome.Categories.
func category(right access.Right) string {
	switch {
	case right == access.EventsWrite:
		return "events"
	case right == access.TokensMint:
		return gate.Tokens
	case strings.HasSuffix(string(right), ":read"):
		return gate.Reads
	default:
		return gate.Admin
	}
}

// scopes is a right as OpenAPI lists what a credential must have.
func scopes(right access.Right) []string {
	if right == "" {
		return []string{}
	}
	return []string{string(right)}
}

// Widget is the door of browsers: an App's public key, and a user token in private mode.
func Widget(budget auth.Budget) Door {
	return Door{
		security: []map[string][]string{{"publicKey": {}}, {"publicKey": {}, "userToken": {}}},
		browser:  true,
		budget:   strings.SplitN(budget.Address.Name, ".", 2)[0],
		faults: append([]Fault{
			{Kind: apierr.Unauthenticated, Code: apierr.CodeUnknownApp, When: "no App has this public key"},
			{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidUserToken, When: "the user token is forged, expired or another App's"},
			{Kind: apierr.Forbidden, Code: apierr.CodeOriginNotAllowed, When: "the App lists the origins it hears, and this is none of them"},
			{Kind: apierr.Forbidden, Code: apierr.CodePublicDisabled, When: "the App takes private submissions only, and there is no user token"},
		}, credentialFaults...),
		admit: func(ctx context.Context, a *auth.Authenticator, cred auth.Credential) (auth.Principal, gate.Verdict, error) {
			return a.Widget(ctx, cred, budget)
		},
	}
}
