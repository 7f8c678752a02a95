package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/dialect/authworx"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/secret"
)

func authworxSession(api *httpkit.API, issuer *signin.Issuer) {
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/api/v1/auth/refresh", ID: "refresh", Tag: "Authentication", Status: http.StatusOK,
		Summary: "Trade the refresh token for the next tokens",
		Notes: "Takes the cookie `refresh_token`, or `refreshToken` in the body. It works once; one that comes a second time was stolen, " +
			"here or there, so it ends the session.",
		MaxBody: maxLogin,
		Errors: []httpkit.Fault{
			{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "X-Org-Slug is missing, or there is a query parameter; none is known"},
			{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidAuthorization, When: "the token is missing, forged, expired, used or another organisation's, or its session has ended"},
		},
	}, func(ctx context.Context, caller auth.Principal, in *renewalIn) (*authenticatedOut, error) {
		var said secret.String
		if in.Body != nil {
			said = in.Body.RefreshToken
		}
		from := signin.From{Org: in.OrgSlug, Address: caller.Address, UserAgent: in.UserAgent}
		login, err := issuer.Refresh(ctx, from, either(said, in.Refresh))
		return authenticated(login, err)
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/api/v1/auth/logout", ID: "logout", Tag: "Authentication", Status: http.StatusOK,
		Summary: "Log out",
		Notes: "Ends the session of the access token, or else of the refresh token, and drops the three cookies. When the answer comes " +
			"none of its tokens opens anything any more. Without a session it is 200 as well.",
		Errors: []httpkit.Fault{
			{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "X-Org-Slug is missing, or there is a query parameter; none is known"},
			{Kind: apierr.Forbidden, Code: apierr.CodeForbidden, When: "the session is another organisation's"},
		},
	}, func(ctx context.Context, caller auth.Principal, in *leaveIn) (*leaveOut, error) {
		if err := issuer.Leave(ctx, signin.From{Org: in.OrgSlug, Address: caller.Address}, in.access(), in.Refresh); err != nil {
			return nil, err
		}
		return &leaveOut{
			SetCookie: []string{
				authworx.Forget(authworx.AccessCookie), authworx.Forget(authworx.RefreshCookie), authworx.Forget(authworx.PartialCookie),
			},
			Body: authworx.Succeed(authworx.Said{Message: "Logged out successfully"}),
		}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/api/v1/auth/me", ID: "me", Tag: "Authentication", Status: http.StatusOK,
		Summary: "Tell who is logged in", Door: httpkit.Colleague(""), Errors: []httpkit.Fault{unknownParameter},
	}, func(_ context.Context, caller auth.Principal, _ *inOrg) (*profileOut, error) {
		return &profileOut{Body: authworx.Succeed(profile{
			User: authworx.UserView(*caller.Member), Membership: authworx.MembershipView(*caller.Member),
			Org: authworx.OrgView(caller.Org), TwoFactorEnabled: caller.Member.TwoFactor.Enabled(),
		})}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/api/v1/.well-known/jwks.json", ID: "jwks", Tag: "Authentication", Status: http.StatusOK,
		Summary: "The public keys of access tokens",
		Notes:   "A JSON Web Key Set as it stands, without an envelope. That a session has not been ended, `public/verify` alone tells.",
		Errors:  []httpkit.Fault{unknownParameter},
	}, func(context.Context, auth.Principal, *struct{}) (*jwksOut, error) { return publicKeys(issuer), nil })
}

type renewalIn struct {
	OrgSlug   string        `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
	UserAgent string        `header:"User-Agent"`
	Refresh   secret.String `cookie:"refresh_token"`
	Body      *renewal
}

type renewal struct {
	RefreshToken secret.String `json:"refreshToken,omitempty" maxLength:"2048" doc:"In place of the cookie."`
	_            struct{}      `json:"-" additionalProperties:"true"`
}

type leaveIn struct {
	OrgSlug string        `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
	Bearer  secret.String `header:"Authorization" doc:"Bearer and the access token, in place of the cookie."`
	Access  secret.String `cookie:"access_token"`
	Refresh secret.String `cookie:"refresh_token"`
}

// access is the access token, as far as the request has one: here even what is malformed is no reason to refuse.
func (in *leaveIn) access() secret.String {
	scheme, token, _ := strings.Cut(in.Bearer.Reveal(), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return secret.String(token)
	}
	return in.Access
}

type leaveOut struct {
	SetCookie []string `header:"Set-Cookie"`
	Body      authworx.Success[authworx.Said]
}

type profileOut struct{ Body authworx.Success[profile] }

type profile struct {
	User             authworx.User       `json:"user"`
	Membership       authworx.Membership `json:"membership"`
	Org              authworx.Org        `json:"org"`
	TwoFactorEnabled bool                `json:"twoFactorEnabled"`
}
