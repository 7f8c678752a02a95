package userorbit

import (
	_ "embed"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/dialect"
)

// openAPI is written from the routes by `make generate`, and held to them by a test.
//
//go:embed openapi.json
var openAPI []byte

// About introduces the surface.
func (Dialect) About() dialect.About {
	return dialect.About{
		Title:   "Userorbit",
		Version: "1",
		Description: "Feedback boards, subscribers and help documents, as Userorbit is spoken.\n\n" +
			"Every path is a `resource.action`, under `/v1` and under `/api/v1` alike. Actions that only read take GET, with what they are told " +
			"in the query, and POST, with it in the query, in the body, or in both; actions that change something take POST. Success is " +
			"`{\"data\"}`, a list `{\"pagination\", \"data\"}`, a refusal `{\"error\", \"statusCode\"}`. Ids are UUIDs: the same twelve bytes that the " +
			"native surface spells as 24 hex digits. Times are ISO 8601 in UTC with milliseconds. Fields of a request that are not known are " +
			"passed over.\n\n" +
			"A list looks through the first 10,000 rows of its order; `total` counts what it found among them.\n\n" +
			"A feedback item is the native surface's, seen from a board. Its status here is the stage that its native status stands in:\n\n" +
			feedback.StageTable() + "\n" +
			"What is `archived` natively has an `archivedAt` here and stands on no board; a native `duplicate` was merged. `priority` is the native " +
			"`severity`, and medium where none was said. An item that was submitted without a title has the beginning of its text for one; one " +
			"that was submitted without a text shows its title as the text natively.",
		Schemes: []dialect.Scheme{
			{Name: "apiKey", Type: "http", Scheme: "bearer", Description: "A team's API key: 38 letters and digits. Never in a web page."},
			{Name: "subscriber", Type: "http", Scheme: "bearer", Description: "The `code` that `subscriber.identify` gave for one subscriber."},
		},
		Envelope: answer{},
		Document: openAPI,
		Textual:  true,
	}
}
