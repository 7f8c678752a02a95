package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/httpkit"
)

// JWKS publishes the keys by which anybody verifies access tokens.
func JWKS(api *httpkit.API, issuer *signin.Issuer) {
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/.well-known/jwks.json", ID: "getJwks", Tag: "Sessions", Status: http.StatusOK,
		Summary: "The public keys of access tokens",
		Notes: "Verify a token's signature (EdDSA), `iss` (`heard`), `use` (`access`), `org` and `exp` with them. That its session has not " +
			"been ended since only Heard knows.",
	}, func(context.Context, auth.Principal, *struct{}) (*jwksOut, error) {
		return publicKeys(issuer), nil
	})
}

func publicKeys(issuer *signin.Issuer) *jwksOut {
	return &jwksOut{CacheControl: "public, max-age=300", Body: jwks{Keys: issuer.Keyring.Public()}}
}

type jwksOut struct {
	CacheControl string `header:"Cache-Control"`
	Body         jwks
}

type jwks struct {
	Keys []session.JWK `json:"keys" nullable:"false"`
}
