package userz

import (
	_ "embed"
	"net/http"

	"github.com/heard-dev/heard/pkg/dialect"
)

// openAPI is written from the routes by `make generate`, and held to them by a test.
//
//go:embed openapi.json
var openAPI []byte

// About introduces the native surface.
func (Dialect) About() dialect.About {
	return dialect.About{
		Title:   "Heard",
		Version: "1",
		Description: "Feedback from your users: submitted by a widget, read by your backend; and all that an Org needs to run itself.\n\n" +
			"The path prefix is the version. New optional fields, endpoints and error codes may appear within it; anything else " +
			"gets a new prefix. Times are ISO 8601 in UTC, durations whole seconds unless a name ends in `Ms`, ids 24 hex digits. " +
			"Input is strict: an unknown field is an error. Every answer has an `X-Request-Id`.\n\n" +
			"Every answer to a credential shows the limits it was held to, as the IETF's draft on RateLimit fields has them: " +
			"`RateLimit-Policy: \"reads.key\";q=100;w=10` is 100 requests at once and as many again in 10 seconds, `RateLimit: \"reads.key\";r=99;t=1` " +
			"99 left and 1 second until all are back. `GET /v1/limits` explains each. A 429 has `Retry-After`, and names the limit in `details.policy`.",
		Schemes: []dialect.Scheme{
			{Name: "publicKey", Type: "http", Scheme: "bearer", Description: "An App's public key, `pub_…`. Safe in web pages."},
			{
				Name: "userToken", Type: "apiKey", Header: "X-Userz-User-Token",
				Description: "An end user's token, a JWT signed HS256 with the App's signing secret: `sub`, `app`, `iat`, `exp` at most " +
					"24 hours after `iat`, and optionally `ctx`. Goes beside the public key; required where an App takes no public submissions.",
			},
			{
				Name: "apiKey", Type: "http", Scheme: "bearer",
				Description: "An Org's API key, `sk_…`. Never in a web page. It may do what its scopes say, as far as its creator's present role goes; " +
					"each operation names the scope that it asks for. A key without it is refused with 403 and `details.required`. " +
					"To a key that is bound to one App no other exists, and it has no scope that concerns the whole Org.",
			},
			{
				Name: "session", Type: "http", Scheme: "bearer",
				Description: "A logged-in member's access token, a JWT signed EdDSA and good for 15 minutes, from `POST /v1/sessions`. It may do what " +
					"the member's present role allows, in the same words as the scopes of API keys.",
			},
		},
		Envelope: apiError{},
		Document: openAPI,
	}
}

// Credential reads the Authorization header, and the user token that may stand beside a public key.
func (Dialect) Credential(header http.Header) (dialect.Credential, error) {
	token, err := dialect.Bearer(header)
	return dialect.Credential{Token: token, UserToken: header.Get("X-Userz-User-Token")}, err
}
