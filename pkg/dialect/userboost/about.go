package userboost

import (
	_ "embed"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/dialect"
)

// openAPI is written from the routes by `make generate`, and held to them by a test.
//
//go:embed openapi.json
var openAPI []byte

// About introduces the surface.
func (Dialect) About() dialect.About {
	return dialect.About{
		Title:   "UserBoost",
		Version: "1",
		Description: "What the users of your product do, and who they are, as UserBoost is spoken. Read it back by the native API: `GET /v1/events`.\n\n" +
			"Success is `{\"success\":true,\"data\"}`, a refusal `{\"success\":false,\"error\":{\"code\",\"message\",\"details\"}}`; of a body that is not " +
			"valid `error.details.fields` names each bad field. Fields that are not known are passed over.\n\n" +
			"All keys of an organisation share one budget of requests, by minutes of the clock. Every answer to a known key tells " +
			"`X-RateLimit-Limit`, `X-RateLimit-Remaining`, `X-RateLimit-Reset` (the unix second of the next minute) and `X-RateLimit-Window`; " +
			"a 429 tells `Retry-After` too.",
		Schemes: []dialect.Scheme{
			{
				Name: "apiKey", Type: "http", Scheme: "bearer",
				Description: "`ub_live_…`, or `ub_test_…` for a rehearsal: its events are stored marked `test`, and take nothing of what a plan includes.",
			},
		},
		Envelope: apiError{},
		Document: openAPI,
		Code: func(kind apierr.Kind, code apierr.Code) string {
			return describe(dialect.Refusal{Err: apierr.New(kind, code, "")}).Code
		},
	}
}
