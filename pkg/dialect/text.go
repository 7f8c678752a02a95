package dialect

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
)

// mostFaults keeps one line readable: a body can hold thousands of faults.
const mostFaults = 10

// Text is an error in one line, for vendors whose refusals are text only: it names each faulty field, or gives the message.
func Text(e *apierr.Error) string {
	if len(e.Issues) == 0 {
		return e.Message
	}
	shown := e.Issues[:min(len(e.Issues), mostFaults)]
	faults := make([]string, len(shown))
	for i, issue := range shown {
		faults[i] = strings.TrimSuffix(issue.Message, ".")
		if field := Field(issue.Path); field != "" {
			faults[i] = field + ": " + faults[i]
		}
	}
	text := strings.Join(faults, "; ")
	if rest := len(e.Issues) - len(shown); rest > 0 {
		text += "; and " + strconv.Itoa(rest) + " more"
	}
	return text
}

// Field spells an Issue's path as people write it: attachments[0].key.
func Field(path []any) string {
	var field strings.Builder
	for i, step := range path {
		if position, ok := step.(int); ok {
			fmt.Fprintf(&field, "[%d]", position)
			continue
		}
		if i > 0 {
			field.WriteByte('.')
		}
		fmt.Fprint(&field, step)
	}
	return field.String()
}
