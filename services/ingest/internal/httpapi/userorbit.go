package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/ingest/internal/suggest"
)

// maxSuggestion is far more than a suggestion takes, in bytes.
const maxSuggestion = 128 << 10

// Userorbit adds Userorbit's routes.
func Userorbit(api *httpkit.API, suggester *suggest.Suggester) {
	httpkit.HandleWrite(api, httpkit.Route{
		Path: "/v1/public/feedbacks.create", ID: "publicFeedbacksCreate", Tag: "Feedback", Status: http.StatusOK,
		Summary: "Submit feedback as a subscriber",
		Notes:   "Stored durably before the answer. `boardId` is that of a public board.",
		Door:    httpkit.Subscriber(gate.FeedbackBySubscriber()), MaxBody: maxSuggestion,
		Errors: []httpkit.Fault{{Kind: apierr.NotFound, Code: apierr.CodeNotFound, When: "there is no such board, or it is not public"}},
	}, func(ctx context.Context, caller auth.Principal, said *subscriberFeedback) (*feedbackOut, error) {
		placed, err := suggester.OfSubscriber(ctx, caller.Org.ID, caller.Person, said.suggestion())
		if err != nil {
			return nil, err
		}
		return placedView(placed, &feedback.Audience{Persons: []id.ID{caller.Person.ID}}), nil
	})

	httpkit.HandleWrite(api, httpkit.Route{
		Path: "/v1/feedbacks.create", ID: "feedbacksCreate", Tag: "Feedback", Status: http.StatusOK,
		Summary: "Create feedback as the team",
		Notes: "Stored durably before the answer. It is that subscriber's whom `creatorId` names, or who has the address `creatorEmail`, and who " +
			"becomes a subscriber if nobody has it; without either it is the team's own.",
		Door: httpkit.Team(access.FeedbackWrite).Counted("feedback"), MaxBody: maxSuggestion,
		Errors: []httpkit.Fault{{Kind: apierr.NotFound, Code: apierr.CodeNotFound, When: "there is no such board, tag, member or subscriber"}},
	}, func(ctx context.Context, caller auth.Principal, said *teamFeedback) (*feedbackOut, error) {
		placed, err := suggester.OfTeam(ctx, caller.Org.ID, caller.Key.Creator, said.creator(), said.suggestion())
		if err != nil {
			return nil, err
		}
		return placedView(placed, nil), nil
	})
}

type subscriberFeedback struct {
	Title   string   `json:"title" minLength:"1" maxLength:"256"`
	Text    string   `json:"text,omitempty" nullable:"true" maxLength:"8192"`
	BoardID string   `json:"boardId,omitempty" nullable:"true"`
	_       struct{} `json:"-" additionalProperties:"true"`
}

type teamFeedback struct {
	Title        string            `json:"title" minLength:"1" maxLength:"256"`
	Text         string            `json:"text,omitempty" nullable:"true" maxLength:"8192"`
	Status       string            `json:"status,omitempty" nullable:"true" enum:"in_review,planned,in_progress,completed,closed,rejected" default:"in_review"`
	Priority     string            `json:"priority,omitempty" nullable:"true" enum:"low,medium,high" default:"medium"`
	BoardID      string            `json:"boardId,omitempty" nullable:"true"`
	TagIDs       []string          `json:"tagIds,omitempty" nullable:"true" maxItems:"20"`
	Assignee     string            `json:"assignee,omitempty" nullable:"true" doc:"A member of the team, by id."`
	CreatorID    string            `json:"creatorId,omitempty" nullable:"true" doc:"A subscriber, by id."`
	CreatorName  string            `json:"creatorName,omitempty" nullable:"true" maxLength:"256"`
	CreatorEmail string            `json:"creatorEmail,omitempty" nullable:"true" format:"email" maxLength:"254"`
	Meta         httpkit.RawObject `json:"meta,omitempty" nullable:"true" doc:"At most 4 KB of JSON."`
	_            struct{}          `json:"-" additionalProperties:"true"`
}

type feedbackOut struct {
	Body userorbit.Data[userorbit.Feedback]
}

func (s *subscriberFeedback) suggestion() feedback.Suggestion {
	return feedback.Suggestion{Title: s.Title, Text: s.Text, Board: userorbit.Named(s.BoardID)}
}

func (s *teamFeedback) suggestion() feedback.Suggestion {
	stage := feedback.Stage(s.Status)
	if stage == "" {
		stage = feedback.InReview
	}
	return feedback.Suggestion{
		Title: s.Title, Text: s.Text, Stage: stage, Severity: feedback.Severity(s.Priority), Board: userorbit.Named(s.BoardID),
		Tags: userorbit.IDs(s.TagIDs), Assignee: userorbit.Named(s.Assignee), Metadata: said(s.Meta),
	}
}

func (s *teamFeedback) creator() suggest.Creator {
	return suggest.Creator{Person: userorbit.Named(s.CreatorID), Email: s.CreatorEmail, Name: s.CreatorName}
}

// Check names what the schema cannot say: limits on bytes of JSON, titles that are blank, and a creator who is named twice.
func (s *teamFeedback) Check(auth.Principal) error {
	return suggest.Check(s.creator(), s.suggestion())
}

func placedView(placed suggest.Placed, to *feedback.Audience) *feedbackOut {
	return &feedbackOut{Body: userorbit.Data[userorbit.Feedback]{Data: userorbit.FeedbackView(&placed.Item, placed.Labels, to)}}
}
