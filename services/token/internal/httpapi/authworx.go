package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/dialect/authworx"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/secret"
)

// Authworx adds AuthWorx's routes of logging in and of telling who is logged in.
func Authworx(api *httpkit.API, verifier *auth.Authenticator, issuer *signin.Issuer) {
	authworxLogin(api, issuer)
	authworxSession(api, issuer)
	authworxTwoFactor(api, issuer)
	authworxPublic(api, verifier, issuer)
}

var unknownParameter = httpkit.Fault{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "there is a query parameter; none is known"}

// inOrg is what a request says that says no more than its organisation.
type inOrg struct {
	OrgSlug string `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
}

func authworxLogin(api *httpkit.API, issuer *signin.Issuer) {
	refused := []httpkit.Fault{
		{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "X-Org-Slug is missing, or there is a query parameter; none is known"},
		{Kind: apierr.Forbidden, Code: apierr.CodeForbidden, When: "they are not an active member of the organisation"},
		{Kind: apierr.Limited, Code: apierr.CodeRateLimited, When: "too many attempts failed, of this account or from this address; `Retry-After` tells for how many seconds"},
	}
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/api/v1/auth/login", ID: "login", Tag: "Authentication", Status: http.StatusOK,
		Summary: "Log in",
		Notes: "The tokens come in the body and as cookies (`access_token` for 15 minutes, `refresh_token` for 7 days; httpOnly, Secure, " +
			"SameSite=Strict). Who has a second factor gets `requires2FA` alone, and the cookie `partial_token` for 5 minutes: go on " +
			"with `verify-2fa`.",
		MaxBody: maxLogin, Door: counted,
		Errors: append([]httpkit.Fault{
			{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidCredentials, When: "organisation, address or password is wrong; which of them is not told"},
		}, refused...),
	}, func(ctx context.Context, caller auth.Principal, in *credentialsIn) (*authenticatedOut, error) {
		from := signin.From{Org: in.OrgSlug, Address: caller.Address, UserAgent: in.UserAgent}
		login, err := issuer.Login(ctx, from, in.Body.Email, in.Body.Password, "")
		in.Tally.For(login.Org.ID)
		return authenticated(login, err)
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/api/v1/auth/verify-2fa", ID: "verifyTwoFactor", Tag: "Authentication", Status: http.StatusOK,
		Summary: "Complete a log-in by the second factor",
		Notes:   "Takes the cookie `partial_token` that log-in set; a client without a jar of cookies sends its value as `partialToken`. Neither code works twice.",
		MaxBody: maxLogin, Door: counted,
		Errors: append([]httpkit.Fault{
			{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidCode, When: "the code is wrong, or was used before"},
			{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidAuthorization, When: "the partial token is missing, forged or older than 5 minutes"},
		}, refused...),
	}, func(ctx context.Context, caller auth.Principal, in *secondFactorIn) (*authenticatedOut, error) {
		from := signin.From{Org: in.OrgSlug, Address: caller.Address, UserAgent: in.UserAgent}
		login, err := issuer.VerifySecondFactor(ctx, from, either(in.Body.PartialToken, in.Partial), in.Body.Code)
		in.Tally.For(login.Org.ID)
		return authenticated(login, err)
	})
}

type credentialsIn struct {
	Tally     *outcome.Tally
	OrgSlug   string `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
	UserAgent string `header:"User-Agent"`
	Body      credentials
}

type credentials struct {
	Email    string        `json:"email" minLength:"1" maxLength:"254"`
	Password secret.String `json:"password" minLength:"1" maxLength:"1024"`
	_        struct{}      `json:"-" additionalProperties:"true"`
}

type secondFactorIn struct {
	Tally     *outcome.Tally
	OrgSlug   string        `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
	UserAgent string        `header:"User-Agent"`
	Partial   secret.String `cookie:"partial_token"`
	Body      secondFactor
}

type secondFactor struct {
	Code         secret.String `json:"code" minLength:"1" maxLength:"64" doc:"Six digits, or a recovery code."`
	PartialToken secret.String `json:"partialToken,omitempty" maxLength:"2048" doc:"In place of the cookie."`
	_            struct{}      `json:"-" additionalProperties:"true"`
}

// either is what a body says, or else a cookie.
func either(said, kept secret.String) secret.String {
	if said != "" {
		return said
	}
	return kept
}

type authenticatedOut struct {
	SetCookie []string `header:"Set-Cookie"`
	Body      authworx.Success[authenticatedUser]
}

type authenticatedUser struct {
	Requires2FA  bool                 `json:"requires2FA,omitempty" doc:"true when the second factor is still to be proved; nothing else is there then."`
	AccessToken  string               `json:"accessToken,omitempty"`
	RefreshToken string               `json:"refreshToken,omitempty"`
	User         *authworx.User       `json:"user,omitempty"`
	Membership   *authworx.Membership `json:"membership,omitempty"`
}

// authenticated hands over the tokens of a log-in. With the partial token goes nothing else, and with the others it is used up.
func authenticated(login signin.Login, err error) (*authenticatedOut, error) {
	switch {
	case err != nil:
		return nil, err
	case login.Requires2FA():
		return &authenticatedOut{
			SetCookie: []string{authworx.Cookie(authworx.PartialCookie, login.Partial, session.PartialLife)},
			Body:      authworx.Succeed(authenticatedUser{Requires2FA: true}),
		}, nil
	}
	person := authworx.PersonView(login.Member)
	return &authenticatedOut{
		SetCookie: []string{
			authworx.Cookie(authworx.AccessCookie, login.Access, session.AccessLife),
			authworx.Cookie(authworx.RefreshCookie, login.Refresh, session.RefreshLife),
			authworx.Forget(authworx.PartialCookie),
		},
		Body: authworx.Succeed(authenticatedUser{
			AccessToken: login.Access.Reveal(), RefreshToken: login.Refresh.Reveal(), User: &person.User, Membership: &person.Membership,
		}),
	}, nil
}
