package httpapi

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/dialect/userboost"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/ingest/internal/intake"
)

const (
	// maxEvents is the cap of a body that brings events, in bytes (D24).
	maxEvents = 1 << 20
	// mostFaults is how many faults a refusal of a whole batch names.
	mostFaults = 100
)

const fieldNotes = "`timestamp` is when it happened, at most 7 days ago and 10 minutes ahead; without it, now. `traits` describe the user and are merged " +
	"into what is known of them (a null removes), `properties` describe what happened; each takes 32 KB of JSON. The IP address and the " +
	"User-Agent are those of the request.\n\n" +
	"An event that is sent again within 7 days under the same `event_id`, or with the same `Idempotency-Key`, is not stored again: it " +
	"is answered with the same `event_id` and `duplicate: true`."

// Userboost adds UserBoost's routes.
func Userboost(api *httpkit.API, events *intake.Intake) {
	door := httpkit.Account(access.EventsWrite)
	header := httpkit.Fault{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "a header is malformed"}
	spent := httpkit.Fault{
		Kind: apierr.Limited, Code: apierr.CodeQuotaExceeded, When: "the plan's events of this month are used up",
		Also: "`details.resets_at` is when there is room again",
	}

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/event", ID: "trackEvent", Tag: "Events", Status: http.StatusOK,
		Summary: "Tell one event",
		Notes: "`user` is an object with the `id` that you know them by. (UserBoost's documentation has a sample with `name` and a `user` that " +
			"is a string; its own rules refuse that, and so does this.) When the answer comes the event is stored durably.\n\n" + fieldNotes,
		Door: door, MaxBody: maxEvents, Errors: []httpkit.Fault{header, spent},
	}, func(ctx context.Context, caller auth.Principal, in *eventIn) (*eventsOut, error) {
		if in.Body.nameless() {
			return nil, in.Check(caller)
		}
		verdicts, err := events.Take(ctx, caller.Org.ID, caller.Numbers, []event.Draft{in.draft(caller)})
		if err == nil {
			err = verdicts[0].Err
		}
		if err != nil {
			return nil, err
		}
		if verdicts[0].Duplicate {
			in.Tally.Repeat()
		}
		return &eventsOut{Body: answer([]userboost.Result{resultView(verdicts[0])})}, nil
	})

	decode := httpkit.Decoder[newEvent](api)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/events", ID: "trackEvents", Tag: "Events", Status: http.StatusOK,
		Summary: "Tell many events",
		Notes: "A bad event fails alone: `results` has an entry for each, in order, and those without `success` tell why not. The answer is 200 " +
			"if at least one is stored; what is reported stored is stored durably. Otherwise it is a refusal: `error.details.results` has the " +
			"entries then, all of them, and `error.details.fields` the first 100 faults. `sent_at` may be sent, and is passed over. An `Idempotency-Key` names each event together with its position. Where the month's quota has room for some events only, the " +
			"first ones are stored.\n\n" + fieldNotes,
		Door: door, MaxBody: maxEvents, Errors: []httpkit.Fault{header, spent},
	}, func(ctx context.Context, caller auth.Principal, in *eventsIn) (*eventsOut, error) {
		b := in.read(caller, decode)
		err := b.take(ctx, events, caller)
		b.tell(in.Tally, in.Body.Events, err)
		if err != nil {
			return nil, err
		}
		return &eventsOut{Body: answer(b.results)}, nil
	})
}

// batch is a list of events on its way to its answer.
type batch struct {
	results  []userboost.Result
	refusals []error // of those that failed, by index
	drafts   []event.Draft
	indices  []int // of the drafts
}

// read decodes each item by itself.
func (in *eventsIn) read(caller auth.Principal, decode func(httpkit.RawItem, *newEvent) error) *batch {
	n := len(in.Body.Events)
	b := &batch{results: make([]userboost.Result, n), refusals: make([]error, n), drafts: make([]event.Draft, 0, n), indices: make([]int, 0, n)}
	for i, raw := range in.Body.Events {
		var said newEvent
		err := decode(raw, &said)
		if err == nil && said.nameless() {
			err = apierr.Body(unnamed())
		}
		if err != nil {
			b.fail(i, err, false)
			continue
		}
		key := in.IdempotencyKey
		if key != "" {
			key += " " + strconv.Itoa(i)
		}
		b.drafts = append(b.drafts, said.draft(caller, key, in.UserAgent))
		b.indices = append(b.indices, i)
	}
	return b
}

func (b *batch) fail(i int, err error, retryable bool) {
	b.refusals[i] = err
	b.results[i] = userboost.Fail(i, err, retryable)
}

// take stores what can be, or refuses when nothing can.
func (b *batch) take(ctx context.Context, events *intake.Intake, caller auth.Principal) error {
	if len(b.drafts) == 0 {
		return b.refusal()
	}
	verdicts, err := events.Take(ctx, caller.Org.ID, caller.Numbers, b.drafts)
	if err != nil {
		return err
	}
	stored := false
	for n, verdict := range verdicts {
		verdict.Index = b.indices[n]
		if verdict.Err != nil {
			b.fail(verdict.Index, verdict.Err, verdict.Retryable)
			continue
		}
		b.results[verdict.Index] = resultView(verdict)
		stored = true
	}
	if !stored {
		return b.refusal()
	}
	return nil
}

// tell tells the ledger what became of each event. Err is why those have no verdict that have none.
func (b *batch) tell(ledger *outcome.Tally, events []httpkit.RawItem, err error) {
	for i, raw := range events {
		switch {
		case b.refusals[i] != nil:
			ledger.Refuse(located(i, b.refusals[i]), raw)
		case !b.results[i].Success:
			ledger.Refuse(err, raw)
		case b.results[i].Duplicate:
			ledger.Repeat()
		default:
			ledger.Accept()
		}
	}
}

// located is the refusal of an event, its issues by where they are in the batch.
func located(i int, err error) *apierr.Error {
	refusal := *apierr.Of(err)
	refusal.Issues = slices.Clone(refusal.Issues)
	for n, issue := range refusal.Issues {
		refusal.Issues[n].Path = append([]any{"events", i}, issue.Path...)
	}
	return &refusal
}

// refusal is of the whole: nothing was stored. It names the faults of all items, or, if none has any, why the first failed;
// and tells of each what a batch of which something is stored would have told.
func (b *batch) refusal() error {
	var issues []apierr.Issue
	for i, refusal := range b.refusals {
		if refusal != nil {
			issues = append(issues, located(i, refusal).Issues...)
		}
	}
	refusal := *apierr.Of(b.refusals[0])
	if len(issues) > 0 {
		refusal = *apierr.Body(issues[:min(len(issues), mostFaults)]...)
		refusal.Message = "None of the events is valid."
	}
	details := map[string]any{userboost.ResultsDetail: b.results}
	maps.Copy(details, refusal.Details)
	refusal.Details = details
	return &refusal
}

func answer(results []userboost.Result) userboost.Success {
	data := userboost.Results{Results: results}
	for _, r := range results {
		if r.Success {
			data.Processed++
		} else {
			data.Failed++
		}
	}
	return userboost.Success{Success: true, Data: data}
}

func resultView(v event.Verdict) userboost.Result {
	return userboost.Result{Index: v.Index, Success: true, EventID: v.ID.UUID(), Duplicate: v.Duplicate}
}
