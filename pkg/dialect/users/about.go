package users

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
		Title:   "Users",
		Version: "1",
		Description: "The accounts of your organisation: plain REST, bare arrays and objects.\n\n" +
			"Whoever is made here is a `member` of the organisation and can log in on the AuthWorx surface with that e-mail address and " +
			"password. The list has everybody with an account in the organisation, its owners and administrators too; a key changes no " +
			"account above the role of the member who made the key. An e-mail address is one account's of an organisation, whatever its " +
			"case. Ids are `user_` and 24 hex digits, times ISO 8601 in UTC to the second. Fields of a request that are not known are " +
			"passed over, unknown query parameters are refused. A refusal is `{\"error\"}`.\n\n" +
			"A key has 100 requests a minute and 5,000 an hour, by the clock. Every answer to a known key tells of the tighter one " +
			"`RateLimit-Remaining`, and in `RateLimit-Reset` the seconds until it is whole again; a 429 tells `Retry-After` too.",
		Schemes: []dialect.Scheme{
			{Name: "apiKey", Type: "http", Scheme: "bearer", Description: "An organisation's API key, `sk_…`. Never in a web page."},
		},
		Envelope: apiError{},
		Document: openAPI,
		Textual:  true,
	}
}
