package userorbit

import (
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Data is the envelope of a success.
type Data[T any] struct {
	Data T `json:"data"`
}

// List is the envelope of a list.
type List[T any] struct {
	Pagination Pagination `json:"pagination"`
	Data       []T        `json:"data" nullable:"false"`
}

// Pagination says which stretch of a list an answer is. Total counts what the list has within what is looked through.
type Pagination struct {
	Offset int   `json:"offset"`
	Limit  int   `json:"limit"`
	Total  int64 `json:"total"`
}

// Done is what an action without a result answers.
type Done struct {
	Success bool `json:"success" enum:"true"`
}

// The paging of every list: how many rows there are where no number is said, and at most.
const (
	DefaultLimit = 25
	MaxLimit     = 100
)

// ID reads an id (D17); text that spells none is the zero id, which is nothing's.
func ID(text string) id.ID {
	i, err := id.ParseUUID(text)
	if err != nil {
		return id.Zero
	}
	return i
}

// Named reads an id that may be left out, which is the zero id; text that spells none is an id that nothing has.
func Named(text string) id.ID {
	if text == "" {
		return id.Zero
	}
	if i := ID(text); !i.IsZero() {
		return i
	}
	return nobody
}

// nobody is of the year 2106.
var nobody = id.ID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// IDs reads several.
func IDs(texts []string) []id.ID {
	ids := make([]id.ID, len(texts))
	for n, text := range texts {
		ids[n] = ID(text)
	}
	return ids
}

// OptionalID spells an id that may be unset, which is null.
func OptionalID(i id.ID) *string {
	if i.IsZero() {
		return nil
	}
	text := i.UUID()
	return &text
}

// Time spells a time: ISO 8601 in UTC with milliseconds.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// OptionalTime spells a time that may be unset, which is null.
func OptionalTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := Time(t)
	return &text
}

// Optional is nil for text that is unset.
func Optional(text *string) *string {
	if *text == "" {
		return nil
	}
	return text
}
