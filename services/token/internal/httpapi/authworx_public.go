package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/dialect/authworx"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/secret"
)

func authworxPublic(api *httpkit.API, verifier *auth.Authenticator, issuer *signin.Issuer) {
	door := httpkit.Customer(access.UsersRead)

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/api/v1/public/verify", ID: "verifyToken", Tag: "Public", Status: http.StatusOK,
		Summary: "Tell whose access token it is",
		Notes: "A token that is forged, expired, another organisation's or of a session that has ended is no error: it is `{\"valid\": false}`. " +
			"Look at `valid` and at `membership.status`.",
		Door: door, MaxBody: maxLogin, Errors: []httpkit.Fault{unknownParameter},
	}, func(ctx context.Context, caller auth.Principal, in *verifyIn) (*verifiedOut, error) {
		holder, err := verifier.Verify(ctx, caller, in.Body.Token.Reveal())
		if err != nil && apierr.KindOf(err) == apierr.Unauthenticated {
			return &verifiedOut{Body: authworx.Succeed(verified{})}, nil
		}
		if err != nil {
			return nil, err
		}
		person, org := authworx.PersonView(*holder.Member), authworx.OrgView(holder.Org)
		return &verifiedOut{Body: authworx.Succeed(verified{
			Valid: true, User: &person.User, Membership: &person.Membership, Org: &org,
		})}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/api/v1/public/users/{userId}", ID: "getUser", Tag: "Public", Status: http.StatusOK,
		Summary: "Give a person of the organisation", Door: door,
		Errors: []httpkit.Fault{unknownParameter, {Kind: apierr.NotFound, Code: apierr.CodeNotFound, When: "the organisation has no such person"}},
	}, func(ctx context.Context, caller auth.Principal, in *personIn) (*personOut, error) {
		member, err := issuer.Store.Member(ctx, caller.Org.ID, authworx.ID(authworx.UserPrefix, in.UserID))
		if err != nil {
			return nil, err
		}
		return &personOut{Body: authworx.Succeed(authworx.PersonView(member))}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/api/v1/public/org", ID: "getPublicOrg", Tag: "Public", Status: http.StatusOK,
		Summary: "Give the organisation of the key", Door: door, Errors: []httpkit.Fault{unknownParameter},
	}, func(_ context.Context, caller auth.Principal, _ *inOrg) (*publicOrgOut, error) {
		return &publicOrgOut{Body: authworx.Succeed(publicOrg{Org: authworx.OrgView(caller.Org)})}, nil
	})
}

type verifyIn struct {
	OrgSlug string `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
	Body    tokenInQuestion
}

type tokenInQuestion struct {
	Token secret.String `json:"token" doc:"A member's access token."`
	_     struct{}      `json:"-" additionalProperties:"true"`
}

type verifiedOut struct{ Body authworx.Success[verified] }

type verified struct {
	Valid      bool                 `json:"valid"`
	User       *authworx.User       `json:"user,omitempty"`
	Membership *authworx.Membership `json:"membership,omitempty"`
	Org        *authworx.Org        `json:"org,omitempty"`
}

type personIn struct {
	OrgSlug string `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
	UserID  string `path:"userId"`
}

type personOut struct {
	Body authworx.Success[authworx.Person]
}

type publicOrgOut struct{ Body authworx.Success[publicOrg] }

type publicOrg struct {
	Org authworx.Org `json:"org"`
}
