package httpapi

import (
	"reflect"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/core/hook"
)

// The document names the events that there are.
func TestEveryEventCanBeAskedFor(t *testing.T) {
	var events []string
	for _, event := range hook.Events() {
		events = append(events, string(event))
	}
	for _, said := range []any{newSubscription{}, unwanted{}, sampling{}} {
		field, _ := reflect.TypeOf(said).FieldByName("Event")
		if got := field.Tag.Get("enum"); got != strings.Join(events, ",") {
			t.Errorf("%T names the events %s, and there are %v", said, got, events)
		}
	}
}
