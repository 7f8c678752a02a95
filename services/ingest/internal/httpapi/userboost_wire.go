package httpapi

import (
	"cmp"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/dialect/userboost"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/httpkit/strictjson"
	"github.com/heard-dev/heard/pkg/id"
)

type eventIn struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" pattern:"^[!-~]+$" doc:"Names this event, where it has no event_id."`
	UserAgent      string `header:"User-Agent"`
	Tally          *outcome.Tally
	Body           newEvent
}

type eventsIn struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" pattern:"^[!-~]+$" doc:"Names these events, each that has no event_id by its position."`
	UserAgent      string `header:"User-Agent"`
	Tally          *outcome.Tally
	Body           eventBatch
}

type eventBatch struct {
	Events httpkit.Each[newEvent] `json:"events" minItems:"1" maxItems:"1000" nullable:"false"`
	_      struct{}               `json:"-" additionalProperties:"true"`
}

type newEvent struct {
	Type       string            `json:"type,omitempty" nullable:"true" enum:"event,identify" doc:"event without it; identify tells only who the user is."`
	Event      string            `json:"event,omitempty" nullable:"true" minLength:"1" maxLength:"256" doc:"What happened. Required, but for an identify."`
	User       eventUser         `json:"user"`
	Properties httpkit.RawObject `json:"properties,omitempty" nullable:"true"`
	Timestamp  string            `json:"timestamp,omitempty" nullable:"true" format:"date-time"`
	EventID    string            `json:"event_id,omitempty" nullable:"true" minLength:"1" maxLength:"256" doc:"Your own name for it."`
	_          struct{}          `json:"-" additionalProperties:"true"`
}

type eventUser struct {
	ID     string            `json:"id" minLength:"1" maxLength:"256"`
	Email  string            `json:"email,omitempty" nullable:"true" format:"email" maxLength:"254"`
	Traits httpkit.RawObject `json:"traits,omitempty" nullable:"true"`
	_      struct{}          `json:"-" additionalProperties:"true"`
}

type eventsOut struct{ Body userboost.Success }

// nameless tells whether the event lacks the name that its kind has: no schema says so.
func (e *newEvent) nameless() bool { return e.kind() == event.Track && e.Event == "" }

func unnamed() apierr.Issue {
	return apierr.Issue{Path: []any{"event"}, Code: strictjson.Required, Message: "is required"}
}

func (e *newEvent) kind() event.Kind { return cmp.Or(event.Kind(e.Type), event.Track) }

// draft is the event as the caller's. Key names it if it does not name itself.
func (e *newEvent) draft(caller auth.Principal, key, agent string) event.Draft {
	draft := event.Draft{
		Kind: e.kind(), Name: e.Event, Properties: said(e.Properties), ClientID: e.EventID,
		User: event.User{ID: e.User.ID, Email: e.User.Email, Traits: said(e.User.Traits)},
		App:  caller.Only(), Test: caller.Key.Format == apikey.UserBoostTest().Name,
		Address: caller.Address.String(), UserAgent: agent,
	}
	if draft.ClientID == "" && key != "" {
		draft.ClientID = "Idempotency-Key " + key
	}
	if at, err := time.Parse(time.RFC3339, e.Timestamp); err == nil {
		draft.Timestamp = &at
	}
	return draft
}

// said is the object's bytes; an explicit null says as little as nothing.
func said(object httpkit.RawObject) []byte {
	if string(object) == "null" {
		return nil
	}
	return object
}

func (in *eventIn) draft(caller auth.Principal) event.Draft {
	return in.Body.draft(caller, in.IdempotencyKey, in.UserAgent)
}

// Check names what the schema cannot say, but for when it happened: that is judged when the rest is good.
func (in *eventIn) Check(caller auth.Principal) error {
	draft := in.draft(caller)
	draft.Timestamp, draft.ClientID = nil, "anything"
	_, err := event.New(id.Zero, draft, time.Time{}, nil)
	if err == nil {
		return nil
	}
	faults := apierr.Of(err)
	for i, issue := range faults.Issues {
		if in.Body.nameless() && issue.Path[0] == "event" {
			faults.Issues[i] = unnamed()
		}
	}
	return faults
}
