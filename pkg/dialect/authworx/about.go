package authworx

import (
	_ "embed"

	"github.com/heard-dev/heard/pkg/dialect"
)

// openAPI is written from the routes by `make generate`, and held to them by a test.
//
//go:embed openapi.json
var openAPI []byte

// About introduces the surface.
func (Dialect) About() dialect.About {
	return dialect.About{
		Title:   "AuthWorx",
		Version: "1",
		Description: "Organisations, their people and API keys, logging in and verifying who is logged in, as AuthWorx is spoken.\n\n" +
			"Every request names its organisation in `X-Org-Slug`: with a credential of another organisation, or without the header, it is " +
			"refused with 403, and where there is no credential yet, such as at log-in, with 400. A browser may hold its session in cookies: they count only beside that header, which no page of another " +
			"origin can send, so no other site can act for a member. Success is `{\"status\":\"success\",\"data\"}`, a refusal " +
			"`{\"status\":\"error\",\"message\"}`. Times are ISO 8601 in UTC with milliseconds, null when unset. Ids are a prefix (`key_`, " +
			"`usr_`, `org_`, `inv_`) and 24 hex digits. Fields of a request that are not known are passed over.\n\n" +
			"An API key has 300 requests in each 15 minutes of the clock. Every answer to a known key tells `X-RateLimit-Limit`, " +
			"`X-RateLimit-Remaining` and `X-RateLimit-Reset`, the unix second of the next window; a 429 tells `Retry-After` too.\n\n" +
			"Owners and administrators of an organisation are `org_admin` here, everybody else `member`.",
		Schemes: []dialect.Scheme{
			{
				Name: "apiKey", Type: "apiKey", Header: "X-API-Key",
				Description: "An organisation's API key, `pk_live_…`, beside its `X-Org-Slug`. Never in a web page.",
			},
			{
				Name: "session", Type: "http", Scheme: "bearer",
				Description: "A member's access token, beside the `X-Org-Slug` of the organisation; in a browser the cookie `access_token` instead.",
			},
		},
		Envelope: apiError{},
		Document: openAPI,
		Textual:  true,
	}
}
