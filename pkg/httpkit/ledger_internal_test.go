package httpkit

import (
	"slices"
	"testing"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/outcome"
)

func TestEveryDoorsRequestsAreOfACategoryThatIsDocumented(t *testing.T) {
	for want, door := range map[string]Door{
		"feedback":    Widget(auth.Budget{Address: gate.FeedbackByIP(), User: gate.FeedbackByUser()}),
		"attachments": Widget(auth.Budget{Address: gate.AttachmentsByIP(), User: gate.AttachmentsByUser()}),
		"events":      Account(access.EventsWrite),
		"reads":       Manage(access.FeedbackRead),
		"tokens":      Manage(access.TokensMint),
		"admin":       Session("", true),
	} {
		if got := door.budget; got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	documented := map[string]bool{}
	for _, category := range outcome.Categories() {
		documented[category] = true
	}
	for _, right := range access.Rights() {
		got := Manage(right).budget
		if known := slices.Contains(gate.APICategories(), got); !documented[got] || known == (right == access.EventsWrite) {
			t.Errorf("%s is of the category %s", right, got)
		}
	}
}

func TestAPathToAFaultTellsNoMoreOfNamesThatCallersMakeUpThanATypingErrorNeeds(t *testing.T) {
	api := &API{names: func() map[string]bool { return map[string]bool{"user2": true} }}
	for want, path := range map[string][]any{
		"events.3.user2":   {"events", 3, "user2"},
		"usr":              {"usr"},
		"name(15).x":       {"ann@example.com", "x"},
		"name(7)":          {"sk_12ab"},
		"name(25)":         {"aaaaaaaaaaaaaaaaaaaaaaaaa"},
		"":                 {},
		"name(3).name(2).": {"a b", "ñ1", ""},
	} {
		if got := api.spell(path); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
