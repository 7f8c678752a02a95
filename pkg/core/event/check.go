package event

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/email"
	"github.com/heard-dev/heard/pkg/core/jsonobject"
)

// checklist gathers the faults of a draft.
type checklist struct{ issues []apierr.Issue }

// add notes a fault. It keeps a copy of path, so that a path without a fault costs no memory.
func (c *checklist) add(code, message string, path ...any) {
	c.issues = append(c.issues, apierr.Issue{Path: slices.Clone(path), Code: code, Message: message})
}

func (c *checklist) text(text string, least, most int, path ...any) {
	switch n := utf8.RuneCountInString(text); {
	case n < least:
		c.add("too_small", fmt.Sprintf("must have at least %d characters", least), path...)
	case n > most:
		c.add("too_big", fmt.Sprintf("must have at most %d characters", most), path...)
	case !utf8.ValidString(text):
		c.add("invalid_format", "must be valid UTF-8", path...)
	}
}

// kind checks what the draft is, and that it has a name exactly where that kind has one.
func (c *checklist) kind(draft Draft) {
	switch draft.Kind {
	case Track:
		c.text(draft.Name, 1, MaxName, "event")
	case Identify:
		if draft.Name != "" {
			c.add("not_allowed", "is for what happened, not for who somebody is", "event")
		}
	default:
		c.add("invalid_value", "must be event or identify", "type")
	}
}

func (c *checklist) email(address string) {
	if address != "" && !email.Plausible(address) {
		c.add("invalid_format", fmt.Sprintf("must be an e-mail address of at most %d characters", email.Max), "user", "email")
	}
}

func (c *checklist) object(raw []byte, path ...any) []byte {
	object, issue := jsonobject.Parse(raw, MaxObject, path...)
	switch {
	case issue != nil:
		c.issues = append(c.issues, *issue)
	case depth(object) > MaxDepth:
		c.add("too_big", fmt.Sprintf("must be nested at most %d deep", MaxDepth), path...)
	}
	return object
}

// timestamp gives when it happened: as said, or now.
func (c *checklist) timestamp(said *time.Time, now time.Time) time.Time {
	if said == nil {
		return now
	}
	switch at := said.UTC().Truncate(time.Millisecond); {
	case now.Sub(at) > MaxLate:
		c.add("too_small", "must be at most 7 days ago", "timestamp")
	case at.Sub(now) > MaxEarly:
		c.add("too_big", "must be at most 10 minutes ahead", "timestamp")
	default:
		return at
	}
	return time.Time{}
}

// depth is how many objects and arrays are open at once in valid JSON.
func depth(object []byte) (deepest int) {
	open, quoted := 0, false
	for i := 0; i < len(object); i++ {
		switch c := object[i]; {
		case quoted && c == '\\':
			i++ // what it escapes ends nothing
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			open++
			deepest = max(deepest, open)
		case c == '}' || c == ']':
			open--
		}
	}
	return deepest
}
