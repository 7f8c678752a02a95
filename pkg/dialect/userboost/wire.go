package userboost

import (
	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/dialect"
)

// Success is the answer to events, one or many.
type Success struct {
	Success bool    `json:"success" enum:"true"`
	Data    Results `json:"data"`
}

// Results tell what became of each event, in the order they came in.
type Results struct {
	Processed int      `json:"processed_count" doc:"How many are stored, repeats included."`
	Failed    int      `json:"failed_count"`
	Results   []Result `json:"results" nullable:"false"`
}

// ResultsDetail names, in the details of a refusal, the Results of a batch of which nothing is stored.
const ResultsDetail = "results"

// Result is what became of one event.
type Result struct {
	Index     int        `json:"index"`
	Success   bool       `json:"success"`
	EventID   string     `json:"event_id,omitempty" format:"uuid" doc:"Ours; the same each time the event is sent under the same name."`
	Duplicate bool       `json:"duplicate,omitempty" doc:"It was stored before."`
	Error     *ItemError `json:"error,omitempty"`
	Retryable *bool      `json:"retryable,omitempty" doc:"Whether it may be sent again as it is."`
}

// ItemError is why one event was not stored.
type ItemError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty" doc:"The first one at fault, where any is."`
}

// Fail tells why an event was not stored, in the words that a refusal of it alone would have.
func Fail(index int, err error, retryable bool) Result {
	e := apierr.Of(err)
	told := describe(dialect.Refusal{Err: e})
	item := ItemError{Code: told.Code, Message: told.Message}
	if len(e.Issues) > 0 {
		item.Message, item.Field = e.Issues[0].Message, dialect.Field(e.Issues[0].Path)
	}
	return Result{Index: index, Error: &item, Retryable: &retryable}
}
