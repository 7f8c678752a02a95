package userz

import (
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Time spells a time: ISO 8601 in UTC, with milliseconds.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Optional is text that is null when it is empty.
func Optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// ID reads an id; text that spells none is the zero id, which is nothing's.
func ID(text string) id.ID {
	i, err := id.Parse(text)
	if err != nil {
		return id.Zero
	}
	return i
}
