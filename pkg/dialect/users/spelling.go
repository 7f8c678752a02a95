package users

import (
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Prefix begins every id (D31).
const Prefix = "user_"

// ID reads an id; text that spells none is the zero id, which is nothing's.
func ID(text string) id.ID {
	i, err := id.ParsePrefixed(Prefix, text)
	if err != nil {
		return id.Zero
	}
	return i
}

// Time spells a time: ISO 8601 in UTC, to the second.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
