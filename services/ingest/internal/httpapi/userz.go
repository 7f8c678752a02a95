// Package httpapi is how ingest is spoken to.
package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/ingest/internal/submit"
)

// maxSubmission is the documented cap of a submission's body, in bytes [Userz: 8 MB].
const maxSubmission = 8 << 20

// Userz adds the native routes.
func Userz(api *httpkit.API, submitter *submit.Submitter) {
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/feedback", ID: "submitFeedback", Tag: "Feedback", Status: http.StatusCreated,
		Summary: "Submit feedback",
		Notes: "Stored durably before the 201. With an `Idempotency-Key` the request may be repeated for 24 hours: the same body " +
			"gets the first answer again, with `Idempotency-Replayed: true`.",
		Door:    httpkit.Widget(auth.Budget{Address: gate.FeedbackByIP(), User: gate.FeedbackByUser()}),
		MaxBody: maxSubmission,
		Errors: []httpkit.Fault{
			{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "a header is malformed"},
			{Kind: apierr.Conflict, Code: apierr.CodeIdempotencyRunning, When: "the first request with this key is still running"},
			{Kind: apierr.Mismatch, Code: apierr.CodeIdempotencyMismatch, When: "this key was used with another body"},
		},
	}, func(ctx context.Context, caller auth.Principal, in *submitIn) (*submitOut, error) {
		taken, err := submitter.Submit(ctx, caller.Org.ID, submit.Submission{
			App: caller.App.ID, Draft: in.draft(caller), Key: in.IdempotencyKey, BodySum: in.BodySum,
		})
		if err != nil {
			return nil, err
		}
		out := &submitOut{Body: receipt{ID: taken.ID.String(), Status: string(feedback.Received)}}
		if taken.Replayed {
			out.Replayed = "true"
			in.Tally.Repeat()
		}
		return out, nil
	})
}

type submitIn struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" pattern:"^[!-~]+$" doc:"Names this submission; a repeat is not stored again."`
	UserAgent      string `header:"User-Agent"`
	BodySum        httpkit.BodySum
	Tally          *outcome.Tally
	Body           submission
}

type submitOut struct {
	Replayed string `header:"Idempotency-Replayed" doc:"true when an earlier request stored this item"`
	Body     receipt
}

type receipt struct {
	ID     string `json:"id" pattern:"^[0-9a-f]{24}$" doc:"The new item's id."`
	Status string `json:"status" enum:"received"`
}

type submission struct {
	Text        string              `json:"text" minLength:"1" maxLength:"8192" doc:"What the user says."`
	Severity    string              `json:"severity,omitempty" nullable:"true" enum:"low,medium,high"`
	URL         string              `json:"url,omitempty" format:"uri" maxLength:"2048" doc:"The page, http or https."`
	UserAgent   string              `json:"userAgent,omitempty" maxLength:"512" doc:"Falls back to the request's User-Agent."`
	Viewport    *userz.Viewport     `json:"viewport,omitempty"`
	ConsoleLogs []userz.ConsoleLine `json:"consoleLogs,omitempty" nullable:"false" maxItems:"500"`
	Attachments []citation          `json:"attachments,omitempty" nullable:"false" maxItems:"10" doc:"Files already uploaded."`
	Target      *submittedTarget    `json:"componentTarget,omitempty"`
	Metadata    httpkit.RawObject   `json:"metadata,omitempty" doc:"At most 4 KB of JSON."`
	Identity    *identity           `json:"identity,omitempty" doc:"Public mode only; a user token says who a private submission is from."`
}

type citation struct {
	Key         string `json:"key" minLength:"1" doc:"As /v1/feedback/upload-url gave it."`
	Kind        string `json:"kind" enum:"screenshot,annotated,attachment"`
	ContentType string `json:"contentType" maxLength:"255" pattern:"^[A-Za-z]+/[A-Za-z0-9.+-]+$"`
	ByteSize    int64  `json:"byteSize" minimum:"1" maximum:"15728640"`
	Width       int    `json:"width,omitempty" minimum:"0"`
	Height      int    `json:"height,omitempty" minimum:"0"`
}

type submittedTarget struct {
	Name          string             `json:"name" minLength:"1" maxLength:"256"`
	Meta          httpkit.RawObject  `json:"meta,omitempty" doc:"At most 4 KB of JSON."`
	BBox          *userz.BoundingBox `json:"bbox,omitempty"`
	ScreenshotKey string             `json:"screenshotKey,omitempty" maxLength:"512" doc:"An uploaded file."`
}

type identity struct {
	Email          string `json:"email,omitempty" format:"email" maxLength:"254"`
	Name           string `json:"name,omitempty" maxLength:"256"`
	ExternalUserID string `json:"externalUserId,omitempty" maxLength:"256"`
}

// Check names what the schema cannot say: limits on bytes of JSON, addresses, and who may claim an identity.
func (in *submitIn) Check(caller auth.Principal) error {
	_, err := feedback.New(in.draft(caller), id.Zero, id.Zero, id.Zero, time.Time{})
	return err
}

func (in *submitIn) draft(caller auth.Principal) feedback.Draft {
	said := in.Body
	draft := feedback.Draft{
		Text: said.Text, Severity: feedback.Severity(said.Severity), URL: said.URL, UserAgent: said.UserAgent,
		Metadata: said.Metadata,
	}
	if caller.User != nil {
		draft.User = &feedback.SignedUser{Subject: caller.User.Subject, Context: caller.User.Context}
	}
	if i := said.Identity; i != nil {
		draft.Identity = &feedback.Identity{Email: i.Email, Name: i.Name, ExternalUserID: i.ExternalUserID}
	}
	if draft.UserAgent == "" {
		draft.UserAgent = clip(in.UserAgent)
	}
	if v := said.Viewport; v != nil {
		draft.Viewport = &feedback.Viewport{Width: v.W, Height: v.H, PixelRatio: v.DPR}
	}
	for _, line := range said.ConsoleLogs {
		draft.Console = append(draft.Console, feedback.ConsoleLine{Level: line.Level, Message: line.Message, At: line.TS})
	}
	for _, a := range said.Attachments {
		draft.Attachments = append(draft.Attachments, attachment.Citation{
			Key: a.Key, Kind: attachment.Kind(a.Kind), ContentType: a.ContentType, Size: a.ByteSize, Width: a.Width, Height: a.Height,
		})
	}
	if t := said.Target; t != nil {
		draft.Target = &feedback.Target{Name: t.Name, Meta: t.Meta, ScreenshotKey: t.ScreenshotKey}
		if b := t.BBox; b != nil {
			draft.Target.Box = &feedback.Box{X: b.X, Y: b.Y, Width: b.W, Height: b.H}
		}
	}
	return draft
}

// clip shortens the request's own User-Agent; the caller's field is refused instead.
func clip(agent string) string {
	return strings.ToValidUTF8(agent[:min(len(agent), feedback.MaxUserAgent)], "")
}
