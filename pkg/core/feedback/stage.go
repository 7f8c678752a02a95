package feedback

import (
	"fmt"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
)

// Stage is where an item stands for the team that looks at its boards [Userorbit: the status of feedback]. It follows from
// the item's Status; what is archived, or another item's duplicate, has none and stands on no board.
type Stage string

// The stages.
const (
	InReview   Stage = "in_review"
	Planned    Stage = "planned"
	InProgress Stage = "in_progress"
	Completed  Stage = "completed"
	Dismissed  Stage = "closed"
	Declined   Stage = "rejected"
)

// stages is the whole correspondence: the statuses that stand in a stage, the first of which is set by who puts an item there.
var stages = []struct {
	stage Stage
	of    []Status
}{
	{InReview, []Status{AwaitingManual, Received, Sanitizing, Sanitized, BatchPending}},
	{Planned, []Status{Queued}},
	{InProgress, []Status{Running, PROpened}},
	{Completed, []Status{Merged}},
	{Dismissed, []Status{Closed, Failed}},
	{Declined, []Status{Rejected}},
}

// Stages lists every Stage in the order of a life.
func Stages() []Stage {
	all := make([]Stage, len(stages))
	for i, s := range stages {
		all[i] = s.stage
	}
	return all
}

// Stage is where an item of the status stands; empty for none.
func (s Status) Stage() Stage {
	for _, row := range stages {
		for _, status := range row.of {
			if status == s {
				return row.stage
			}
		}
	}
	return ""
}

// Stage is where the item stands; empty for none.
func (i Item) Stage() Stage {
	if !i.DuplicateOf.IsZero() {
		return ""
	}
	return i.Status.Stage()
}

// Known tells whether there is such a stage.
func (s Stage) Known() bool { return s.status() != "" }

// Statuses lists what stands in the stage; none for one that there is not.
func (s Stage) Statuses() []Status {
	for _, row := range stages {
		if row.stage == s {
			return row.of
		}
	}
	return nil
}

func (s Stage) status() Status {
	if of := s.Statuses(); len(of) > 0 {
		return of[0]
	}
	return ""
}

// Decide is the status of an item that is in status from once its team puts it into a stage. A team may move an item
// between all stages, back as well: it decides where an agent only reports. What stands in the stage already keeps its
// status. What stands in none is an apierr.Conflict: an archived item is restored first, a duplicate stays one.
func Decide(from Status, to Stage) (Status, error) {
	switch {
	case from.Stage() == "":
		err := apierr.New(apierr.Conflict, apierr.CodeInvalidTransition, fmt.Sprintf("Feedback that is %s cannot be put into %s.", from, to))
		err.Details = map[string]any{"current": from, "allowed": []Status{}}
		return from, err
	case from.Stage() == to:
		return from, nil
	}
	return to.status(), nil
}

// Restored is what an item becomes that is taken out of the archive: what it was before.
func (a Archival) Restored() Status {
	if a.From.Stage() == "" {
		return AwaitingManual
	}
	return a.From
}

// StageTable is the correspondence as a Markdown table, for the documents that explain it.
func StageTable() string {
	var table strings.Builder
	table.WriteString("| stage | statuses | what putting it there sets |\n|---|---|---|\n")
	for _, row := range stages {
		fmt.Fprintf(&table, "| `%s` | %s | `%s` |\n", row.stage, list(row.of), row.of[0])
	}
	return table.String()
}
