package userz

import (
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Time spells a time: ISO 8601 in UTC, with milliseconds.
func Time(t time.Time) string {
	t = t.UTC()
	// Of all layouts package time writes this one fast; a list has a hundred times.
	text := t.AppendFormat(make([]byte, 0, len("2006-01-02T15:04:05.000Z")), time.RFC3339)
	millis := t.Nanosecond() / int(time.Millisecond)
	return string(append(text[:len(text)-1], '.', digit(millis/100), digit(millis/10), digit(millis), 'Z'))
}

func digit(n int) byte { return '0' + byte(n%10) }

// Optional is text that is null when it is empty. It gives the very pointer, as a list has hundreds.
func Optional(text *string) *string {
	if *text == "" {
		return nil
	}
	return text
}

// ID reads an id; text that spells none is the zero id, which is nothing's.
func ID(text string) id.ID {
	i, err := id.Parse(text)
	if err != nil {
		return id.Zero
	}
	return i
}
