package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/secret"
)

// maxLogin leaves room for the longest password with every character escaped, in bytes.
const maxLogin = 16 << 10

// counted is the door of log-ins: open, and the ledger of the Org that they name counts them.
var counted = httpkit.Door{}.Counted(gate.Admin)

// Sessions adds the native log-in.
func Sessions(api *httpkit.API, issuer *signin.Issuer) {
	limited := httpkit.Fault{Kind: apierr.Limited, Code: apierr.CodeRateLimited, When: "too many attempts failed; `Retry-After` tells for how many seconds"}
	query := httpkit.Fault{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "there is a query parameter; none is known"}

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/sessions", ID: "createSession", Tag: "Sessions", Status: http.StatusOK,
		Summary: "Log in",
		Notes: "A member who has a second factor and sent no `code` gets `requiresTwoFactor` alone: send everything again, with the code " +
			"of six digits or a recovery code. Failures are counted per account and per address, whoever tries.",
		MaxBody: maxLogin, Door: counted,
		Errors: []httpkit.Fault{
			query, limited,
			{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidCredentials, When: "the Org, the address or the password is wrong; which of them is not told"},
			{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidCode, When: "the password is right, and the code is not, or was used before"},
			{Kind: apierr.Forbidden, Code: apierr.CodeForbidden, When: "the password is right, and the account is suspended"},
			{Kind: apierr.Forbidden, Code: apierr.CodeOrgClosing, When: "the Org was given up, and only its owners may log in"},
		},
	}, func(ctx context.Context, caller auth.Principal, in *loginIn) (*loginOut, error) {
		from := signin.From{Org: in.Body.Org, Address: caller.Address, UserAgent: in.UserAgent}
		login, err := issuer.Login(ctx, from, in.Body.Email, in.Body.Password, in.Body.Code)
		in.Tally.For(login.Org.ID)
		return loginAnswer(login, err)
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/sessions/refresh", ID: "refreshSession", Tag: "Sessions", Status: http.StatusOK,
		Summary: "Trade a refresh token for the next tokens",
		Notes: "A refresh token works once, for seven days. One that comes a second time was stolen, here or there, so it ends the " +
			"session: of two requests that race with the same token, one is served and the session is over.",
		MaxBody: maxLogin,
		Errors: []httpkit.Fault{
			query,
			{Kind: apierr.Unauthenticated, Code: apierr.CodeInvalidAuthorization, When: "the token is forged, expired or used, or its session has ended"},
		},
	}, func(ctx context.Context, caller auth.Principal, in *refreshIn) (*loginOut, error) {
		login, err := issuer.Refresh(ctx, signin.From{Address: caller.Address, UserAgent: in.UserAgent}, in.Body.RefreshToken)
		return loginAnswer(login, err)
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/sessions/current", ID: "getCurrentSession", Tag: "Sessions", Status: http.StatusOK,
		Summary: "Tell who is logged in, and what they may do",
		Door:    httpkit.Session("", true), Errors: []httpkit.Fault{query},
	}, func(_ context.Context, caller auth.Principal, _ *struct{}) (*sessionOut, error) {
		return &sessionOut{Body: sessionView(caller)}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodDelete, Path: "/v1/sessions/current", ID: "endCurrentSession", Tag: "Sessions", Status: http.StatusNoContent,
		Summary: "Log out",
		Notes:   "When the answer comes, neither the access token nor the refresh token opens anything any more.",
		Door:    httpkit.Session("", true), Errors: []httpkit.Fault{query},
	}, func(ctx context.Context, caller auth.Principal, _ *struct{}) (*struct{}, error) {
		return &struct{}{}, issuer.Logout(ctx, caller.By().Actor, caller.Org.ID, caller.Session.ID)
	})
}

type loginIn struct {
	Tally     *outcome.Tally
	UserAgent string `header:"User-Agent"`
	Body      loginRequest
}

type loginRequest struct {
	Org      string        `json:"org" minLength:"1" maxLength:"63" doc:"The Org's slug."`
	Email    string        `json:"email" minLength:"1" maxLength:"254"`
	Password secret.String `json:"password" minLength:"1" maxLength:"1024"`
	Code     secret.String `json:"code,omitempty" minLength:"1" maxLength:"64" doc:"Of the second factor: six digits, or a recovery code."`
}

type refreshIn struct {
	UserAgent string `header:"User-Agent"`
	Body      refreshRequest
}

type refreshRequest struct {
	RefreshToken secret.String `json:"refreshToken" minLength:"1" maxLength:"2048"`
}

type loginOut struct{ Body loginResult }

type loginResult struct {
	RequiresTwoFactor bool           `json:"requiresTwoFactor,omitempty" doc:"true when a code is still to be sent; nothing else is there then."`
	AccessToken       string         `json:"accessToken,omitempty" doc:"Send it as a bearer token; its keys are at /.well-known/jwks.json."`
	RefreshToken      string         `json:"refreshToken,omitempty"`
	ExpiresAt         string         `json:"expiresAt,omitempty" format:"date-time" doc:"The end of the access token."`
	Member            *sessionMember `json:"member,omitempty"`
	Org               *sessionOrg    `json:"org,omitempty"`
}

type sessionOut struct{ Body currentSession }

type currentSession struct {
	ID          string         `json:"id"`
	Member      *sessionMember `json:"member"`
	Org         *sessionOrg    `json:"org"`
	Rights      []access.Right `json:"rights" nullable:"false" doc:"What the member may do: the names are those of API keys' scopes."`
	Address     string         `json:"address" doc:"From where the member logged in."`
	UserAgent   string         `json:"userAgent"`
	CreatedAt   string         `json:"createdAt" format:"date-time"`
	RefreshedAt string         `json:"refreshedAt" format:"date-time"`
	ExpiresAt   string         `json:"expiresAt" format:"date-time" doc:"Unless it is refreshed before."`
}

type sessionMember struct {
	ID               string `json:"id"`
	Email            string `json:"email"`
	Name             string `json:"name"`
	Role             string `json:"role" enum:"owner,admin,member"`
	TwoFactorEnabled bool   `json:"twoFactorEnabled"`
}

type sessionOrg struct {
	ID       string  `json:"id"`
	Slug     string  `json:"slug"`
	Name     string  `json:"name"`
	ClosesAt *string `json:"closesAt" format:"date-time" doc:"When everything is erased, of an Org that was given up."`
}

func loginAnswer(login signin.Login, err error) (*loginOut, error) {
	switch {
	case err != nil:
		return nil, err
	case login.Requires2FA():
		return &loginOut{Body: loginResult{RequiresTwoFactor: true}}, nil
	}
	return &loginOut{Body: loginResult{
		AccessToken: login.Access.Reveal(), RefreshToken: login.Refresh.Reveal(), ExpiresAt: userz.Time(login.ExpiresAt),
		Member: memberView(login.Member), Org: orgView(login.Org),
	}}, nil
}

func sessionView(caller auth.Principal) currentSession {
	s := caller.Session
	return currentSession{
		ID: s.ID.String(), Member: memberView(*caller.Member), Org: orgView(caller.Org), Rights: append([]access.Right{}, caller.Rights...),
		Address: s.Address, UserAgent: s.UserAgent, CreatedAt: userz.Time(s.CreatedAt), RefreshedAt: userz.Time(s.RefreshedAt),
		ExpiresAt: userz.Time(s.ExpiresAt),
	}
}

func memberView(m tenant.Member) *sessionMember {
	return &sessionMember{
		ID: m.ID.String(), Email: m.Email, Name: m.Name, Role: string(m.Role), TwoFactorEnabled: m.TwoFactor.Enabled(),
	}
}

func orgView(o tenant.Org) *sessionOrg {
	view := &sessionOrg{ID: o.ID.String(), Slug: o.Slug, Name: o.Name}
	if !o.Open() {
		closes := userz.Time(o.ClosesAt)
		view.ClosesAt = &closes
	}
	return view
}
