package feedback

import (
	"fmt"
	"slices"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
)

// Settable lists the statuses that a caller may set: into the agent queue, and out of sight. All other moves are made by
// Heard itself.
func Settable() []Status { return []Status{Queued, Archived} }

// Transition tells whether a caller may set an item that is in status from to status to. If not, it is an
// apierr.Conflict whose details name the present status and those that may be set.
func Transition(from, to Status) error {
	allowed := from.settable()
	if slices.Contains(allowed, to) {
		return nil
	}
	err := apierr.New(apierr.Conflict, apierr.CodeInvalidTransition, fmt.Sprintf("Feedback that is %s cannot be set to %s.", from, to))
	err.Details = map[string]any{"current": from, "allowed": allowed}
	return err
}

// settable is never nil: it is shown to callers as a list.
func (s Status) settable() []Status {
	allowed := []Status{}
	for _, to := range Settable() {
		if s.May(to) {
			allowed = append(allowed, to)
		}
	}
	return allowed
}

// Table is the lifecycle as a Markdown table, for the documents that explain it.
func Table() string {
	var table strings.Builder
	table.WriteString("| status | what may follow | what a caller may set |\n|---|---|---|\n")
	for _, s := range Statuses() {
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", s, list(s.Next()), list(s.settable()))
	}
	return table.String()
}

func list(statuses []Status) string {
	if len(statuses) == 0 {
		return "nothing"
	}
	quoted := make([]string, len(statuses))
	for i, s := range statuses {
		quoted[i] = "`" + string(s) + "`"
	}
	return strings.Join(quoted, ", ")
}
