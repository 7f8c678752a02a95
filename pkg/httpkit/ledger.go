package httpkit

import (
	"slices"
	"strconv"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/outcome"
)

const (
	// mostIssues is how many of a refusal's issues are kept.
	mostIssues = 20
	// mostLetters is how long a name of the caller's making may be to be kept as it is.
	mostLetters = 24
)

// report tells the ledger what became of the request, if it is known whose it was. It does so once, and before the answer is
// written: whoever has the answer finds it in the ledger.
func (x *exchange) report(refusal *apierr.Error) {
	kit := x.api.kit
	event := outcome.Event{Category: x.route.Door.budget, At: kit.Now(), Parts: x.tally.Parts()}
	event.Org, event.App = x.caller.Tenant()
	stranger := event.Org.IsZero()
	if stranger {
		event.Org = x.tally.Org()
	}
	if kit.Outcomes == nil || x.reported || event.Org.IsZero() {
		return
	}
	x.reported = true
	if x.caller.Key != nil {
		event.Key = x.caller.Key.ID
	}
	refused := x.tally.Refused()
	switch {
	case refusal == nil:
	case x.deserted(refusal):
		event.Reason = outcome.Abandoned
	default:
		event.Reason = refusal.Code
		if !slices.ContainsFunc(refused, func(r outcome.Refused) bool { return r.Err.Code == refusal.Code }) {
			refused = append(refused, outcome.Refused{Err: refusal, Items: 1, Raw: x.said})
		}
	}
	if stranger {
		refused = nil
	}
	for _, r := range refused {
		event.Refusals = append(event.Refusals, x.refusal(&event, r))
	}
	kit.Outcomes(event)
}

// refusal is what the ledger keeps of one.
func (x *exchange) refusal(event *outcome.Event, r outcome.Refused) outcome.Refusal {
	kept := outcome.Refusal{
		Org: event.Org, App: event.App, Key: event.Key, At: event.At, RequestID: x.id, Category: event.Category,
		Route: x.route.Method + " " + x.route.Path, Code: r.Err.Code, Message: r.Err.Message, Items: r.Items,
	}
	kept.Policy, _ = r.Err.Details["policy"].(string)
	for _, issue := range r.Err.Issues[:min(len(r.Err.Issues), mostIssues)] {
		kept.Issues = append(kept.Issues, outcome.Issue{Path: x.api.spell(issue.Path), Code: issue.Code, Message: issue.Message})
	}
	if r.Raw != nil {
		kept.Sample = outcome.Shape(r.Raw, x.api.known)
	}
	return kept
}

// known tells whether a name is one that this API's documents give, and so nobody's secret.
func (a *API) known(name string) bool { return a.names()[name] }

// propertyNames are all names of what is sent and answered.
func (a *API) propertyNames() map[string]bool {
	names := map[string]bool{}
	for _, schema := range a.document.OpenAPI().Components.Schemas.Map() {
		for name := range schema.Properties {
			names[name] = true
		}
	}
	return names
}

// spell joins the steps to a fault. Of a name that the caller made up it tells no more than a typing error needs.
func (a *API) spell(path []any) string {
	steps := make([]string, len(path))
	for n, step := range path {
		switch step := step.(type) {
		case int:
			steps[n] = strconv.Itoa(step)
		case string:
			steps[n] = step
			if !a.known(step) && !isWord(step) {
				steps[n] = "name(" + strconv.Itoa(len([]rune(step))) + ")"
			}
		}
	}
	return strings.Join(steps, ".")
}

func isWord(name string) bool {
	odd := func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_' && r != '-' }
	return len(name) <= mostLetters && !strings.ContainsFunc(name, odd)
}

// tooLong tells whether a body is announced to be larger than the route takes.
func (x *exchange) tooLong() bool {
	return x.c.Request.ContentLength > x.route.MaxBody && x.route.MaxBody > 0
}

// giveBack returns the buffer of the body, which must not be touched any more.
func (x *exchange) giveBack() {
	if x.lent != nil {
		x.api.kit.bodies.takeBack(x.lent)
		x.lent, x.said = nil, nil
	}
}
