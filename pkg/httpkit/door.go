package httpkit

import (
	"context"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/gate"
)

// Fault is an error that a route documents.
type Fault struct {
	Kind apierr.Kind
	Code apierr.Code
	When string
}

// Door is what a request must pass to enter: a kind of credential and a budget. The zero Door is open.
type Door struct {
	security []map[string][]string // in OpenAPI's words
	browser  bool                  // pages of other origins may call
	faults   []Fault
	admit    func(context.Context, *auth.Authenticator, auth.Credential) (auth.Principal, gate.Verdict, error)
}

var credentialFaults = []Fault{
	{apierr.Unauthenticated, apierr.CodeMissingAuthorization, "there is no Authorization header"},
	{apierr.Unauthenticated, apierr.CodeInvalidAuthorization, "the header is malformed, or its credential opens nothing here"},
	{apierr.Limited, apierr.CodeRateLimited, "the budget is spent; `Retry-After` tells for how many seconds"},
}

// Server is the door of an Org's own backend: an API key.
func Server(budget gate.Policy) Door {
	return Door{
		security: []map[string][]string{{"apiKey": {}}},
		faults:   credentialFaults,
		admit: func(ctx context.Context, a *auth.Authenticator, cred auth.Credential) (auth.Principal, gate.Verdict, error) {
			return a.Server(ctx, cred, budget)
		},
	}
}

// Widget is the door of browsers: an App's public key, and a user token in private mode.
func Widget(budget auth.Budget) Door {
	return Door{
		security: []map[string][]string{{"publicKey": {}}, {"publicKey": {}, "userToken": {}}},
		browser:  true,
		faults: append([]Fault{
			{apierr.Unauthenticated, apierr.CodeUnknownApp, "no App has this public key"},
			{apierr.Unauthenticated, apierr.CodeInvalidUserToken, "the user token is forged, expired or another App's"},
			{apierr.Forbidden, apierr.CodeOriginNotAllowed, "the App lists the origins it hears, and this is none of them"},
			{apierr.Forbidden, apierr.CodePublicDisabled, "the App takes private submissions only, and there is no user token"},
		}, credentialFaults...),
		admit: func(ctx context.Context, a *auth.Authenticator, cred auth.Credential) (auth.Principal, gate.Verdict, error) {
			return a.Widget(ctx, cred, budget)
		},
	}
}
