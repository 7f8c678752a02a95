// Package httpapi is how token is spoken to.
package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/token/internal/mint"
)

// maxRequest leaves room for a ctx of 2 KB with every character escaped, in bytes.
const maxRequest = 16 << 10

// Userz adds the native routes.
func Userz(api *httpkit.API, minter *mint.Minter) {
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/tokens/mint", ID: "mintToken", Tag: "Tokens", Status: http.StatusOK,
		Summary: "Mint a user token",
		Notes:   "The token lets one end user submit to one App in private mode: send it as `X-Userz-User-Token`.",
		Door:    httpkit.Manage(access.TokensMint), MaxBody: maxRequest,
		Errors: []httpkit.Fault{
			{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "a parameter is malformed or unknown"},
			{Kind: apierr.NotFound, Code: apierr.CodeNotFound, When: "the Org has no such App"},
		},
	}, func(ctx context.Context, caller auth.Principal, in *mintIn) (*mintOut, error) {
		if !caller.Reaches(userz.ID(in.AppID)) {
			return nil, apierr.Missing("App")
		}
		token, claims, err := minter.Mint(ctx, caller.Org.ID, mint.Request{
			App: userz.ID(in.AppID), Subject: in.Body.Sub, Context: in.Body.Ctx, TTL: in.ttl(),
		})
		if err != nil {
			return nil, err
		}
		return &mintOut{Body: mintedToken{Token: token.Reveal(), ExpiresAt: userz.Time(claims.ExpiresAt)}}, nil
	})
}

type mintIn struct {
	AppID string `query:"appId" required:"true" pattern:"^[0-9a-f]{24}$"`
	Body  tokenRequest
}

type tokenRequest struct {
	Sub              string            `json:"sub" minLength:"1" maxLength:"256" doc:"Your id of the user."`
	Ctx              httpkit.RawObject `json:"ctx,omitempty" doc:"At most 2 KB of JSON; feedback shows it as submittedBy.claims."`
	ExpiresInSeconds int               `json:"expiresInSeconds,omitempty" minimum:"60" maximum:"86400" default:"3600"`
}

// Check names what the schema cannot say: limits on bytes of JSON.
func (in *mintIn) Check(auth.Principal) error {
	_, err := usertoken.New(in.Body.Sub, id.Zero, in.Body.Ctx, in.ttl(), time.Time{})
	return err
}

func (in *mintIn) ttl() time.Duration {
	if in.Body.ExpiresInSeconds == 0 {
		return usertoken.DefaultTTL
	}
	return time.Duration(in.Body.ExpiresInSeconds) * time.Second
}

type mintOut struct{ Body mintedToken }

type mintedToken struct {
	Token     string `json:"token"`
	ExpiresAt string `json:"expiresAt" format:"date-time"`
}
