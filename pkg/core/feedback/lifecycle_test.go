package feedback_test

import (
	_ "embed"
	"reflect"
	"slices"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/feedback"
)

//go:embed testdata/lifecycle.md
var lifecycle string

func TestTheLifecycleIsTheDocumentedOne(t *testing.T) {
	if got := feedback.Table(); got != lifecycle {
		t.Errorf("the table is now\n%s", got)
	}
}

func TestEveryStatusIsReachedFromReceivedAndLeadsToArchived(t *testing.T) {
	reach := func(from feedback.Status) map[feedback.Status]bool {
		seen, next := map[feedback.Status]bool{from: true}, []feedback.Status{from}
		for len(next) > 0 {
			for _, to := range next[0].Next() {
				if !to.Known() {
					t.Errorf("%s leads to %s, which there is not", next[0], to)
				}
				if !seen[to] {
					seen[to], next = true, append(next, to)
				}
			}
			next = next[1:]
		}
		return seen
	}
	fromReceived := reach(feedback.Received)
	for _, s := range feedback.Statuses() {
		if !fromReceived[s] {
			t.Errorf("nothing becomes %s", s)
		}
		if !reach(s)[feedback.Archived] {
			t.Errorf("%s cannot be archived in the end", s)
		}
		if s != feedback.Received && reach(s)[feedback.Received] {
			t.Errorf("%s can become received again", s)
		}
	}
	if feedback.Status("").Known() || feedback.Status("done").Known() || feedback.Status("done").Next() != nil {
		t.Error("there are statuses outside the table")
	}
}

// The rule is written out here as decision D6 has it, not as the table derives it.
func TestACallerMayQueueWhatWaitsAndArchiveWhatIsNotArchived(t *testing.T) {
	waiting := []feedback.Status{feedback.Sanitized, feedback.AwaitingManual, feedback.BatchPending}
	for _, from := range feedback.Statuses() {
		allowed := []feedback.Status{}
		if slices.Contains(waiting, from) {
			allowed = append(allowed, feedback.Queued)
		}
		if from != feedback.Archived {
			allowed = append(allowed, feedback.Archived)
		}
		for _, to := range append(feedback.Statuses(), "done") {
			err := feedback.Transition(from, to)
			if slices.Contains(allowed, to) {
				if err != nil {
					t.Errorf("%s to %s: %v", from, to, err)
				}
				continue
			}
			if err == nil {
				t.Errorf("%s to %s is allowed", from, to)
				continue
			}
			refusal, want := apierr.Of(err), map[string]any{"current": from, "allowed": allowed}
			if refusal.Kind != apierr.Conflict || refusal.Code != apierr.CodeInvalidTransition || !reflect.DeepEqual(refusal.Details, want) {
				t.Errorf("%s to %s: %+v", from, to, refusal)
			}
		}
	}
}
