package httpapi

import (
	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/read/internal/review"
)

type listIn struct {
	AppID             string `query:"appId" pattern:"^[0-9a-f]{24}$" doc:"Only this App's; all Apps of the Org without it."`
	Status            string `query:"status" enum:"received,sanitizing,sanitized,rejected,duplicate,batch_pending,awaiting_manual,queued,running,pr_opened,merged,closed,failed,archived"`
	Cursor            string `query:"cursor" pattern:"^[0-9a-f]{24}$" doc:"The nextCursor of the page before."`
	Limit             int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
	IncludeDuplicates bool   `query:"includeDuplicates" default:"false"`
}

const (
	defaultLimit = 50
	// nobody is the id that nothing has: no App's, and older than every item's. To a feedback.Query it means all.
	nobody = "000000000000000000000000"
)

// query selects what is asked for; for who is bound to one App, only that one's items.
func (in *listIn) query(only id.ID) feedback.Query {
	query := feedback.Query{
		App: userz.ID(in.AppID), Before: userz.ID(in.Cursor), Status: feedback.Status(in.Status),
		IncludeDuplicates: in.IncludeDuplicates, Limit: in.Limit,
	}
	if query.Limit == 0 {
		query.Limit = defaultLimit
	}
	if !only.IsZero() {
		query.App = only
	}
	return query
}

type itemIn struct {
	ID string `path:"id"`
}

type nudgeIn struct {
	ID   string `path:"id"`
	Body feedbackUpdate
}

type feedbackUpdate struct {
	Status string `json:"status" enum:"queued,archived"`
}

type listOut struct{ Body feedbackPage }

type feedbackPage struct {
	Data       []FeedbackSummary `json:"data" nullable:"false"`
	NextCursor *string           `json:"nextCursor" doc:"null on the last page."`
}

type itemOut struct{ Body feedbackItem }

// FeedbackSummary is an item as lists show it. It is exported for huma, which leaves out what is embedded unexported.
type FeedbackSummary struct {
	ID          string          `json:"id"`
	AppID       *string         `json:"appId" doc:"null for what came through no App, but from a board."`
	Status      string          `json:"status"`
	Stage       string          `json:"stage,omitempty" enum:"in_review,planned,in_progress,completed,closed,rejected" doc:"Where the team sees it on its boards; not there for what is archived or a duplicate."`
	DuplicateOf *string         `json:"duplicateOf"`
	SubmittedBy submittedBy     `json:"submittedBy"`
	Severity    *string         `json:"severity"`
	Title       string          `json:"title,omitempty" doc:"Of what was submitted to a board."`
	Text        string          `json:"text" doc:"The title, where no more was said."`
	Votes       int64           `json:"votes,omitempty" doc:"Of as many people."`
	URL         *string         `json:"url"`
	UserAgent   *string         `json:"userAgent"`
	Viewport    *userz.Viewport `json:"viewport,omitempty"`
	CreatedAt   string          `json:"createdAt" format:"date-time"`
	UpdatedAt   string          `json:"updatedAt" format:"date-time"`
}

type submittedBy struct {
	Mode           string            `json:"mode" enum:"public,private" doc:"private when a user token said who it is."`
	ExternalUserID *string           `json:"externalUserId"`
	Email          *string           `json:"email"`
	Name           *string           `json:"name"`
	Claims         httpkit.RawObject `json:"claims,omitempty" doc:"The user token's ctx."`
}

// FeedbackWhole is an item whole. It is exported like FeedbackSummary.
type FeedbackWhole struct {
	FeedbackSummary
	ConsoleLogs []userz.ConsoleLine `json:"consoleLogs" nullable:"false"`
	Attachments []attachedFile      `json:"attachments" nullable:"false"`
	Target      *componentTarget    `json:"componentTarget,omitempty"`
	Metadata    httpkit.RawObject   `json:"metadata" nullable:"true" doc:"As it was submitted, or null."`
}

type feedbackItem struct {
	FeedbackWhole
	Person       *itemPerson   `json:"person" doc:"Who said it, where that was vouched for; null without the right to read people."`
	RecentEvents []storedEvent `json:"recentEvents" nullable:"false" doc:"The person's last ten, newest first."`
}

type itemPerson struct {
	ID    string  `json:"id"`
	Name  *string `json:"name"`
	Email *string `json:"email"`

	_ struct{} `nullable:"true"`
}

type attachedFile struct {
	Key         string `json:"key"`
	Kind        string `json:"kind"`
	ContentType string `json:"contentType"`
	ByteSize    int64  `json:"byteSize"`
	Width       int    `json:"width,omitempty"`
	Height      int    `json:"height,omitempty"`
	DownloadURL string `json:"downloadUrl" doc:"Works for five minutes, and downloads rather than shows."`
}

type componentTarget struct {
	Name          string             `json:"name"`
	Meta          httpkit.RawObject  `json:"meta,omitempty"`
	BBox          *userz.BoundingBox `json:"bbox,omitempty"`
	ScreenshotKey string             `json:"screenshotKey,omitempty"`
	ScreenshotURL string             `json:"screenshotUrl,omitempty"`
}

type runOut struct{ Body agentRun }

type agentRun struct {
	ID              string  `json:"id"`
	AppID           string  `json:"appId"`
	FeedbackID      string  `json:"feedbackId"`
	Status          string  `json:"status" enum:"running,succeeded,failed,blocked"`
	Provider        string  `json:"provider"`
	Model           string  `json:"model"`
	InputTokens     int64   `json:"inputTokens"`
	OutputTokens    int64   `json:"outputTokens"`
	CostUSD         float64 `json:"costUsd"`
	PullRequestURL  *string `json:"prUrl"`
	GuardrailReason *string `json:"guardrailReason"`
	StartedAt       string  `json:"startedAt" format:"date-time"`
	FinishedAt      *string `json:"finishedAt" format:"date-time"`
}

func pageView(page feedback.Page) feedbackPage {
	body := feedbackPage{Data: make([]FeedbackSummary, len(page.Items))}
	for i := range page.Items {
		body.Data[i] = rowView(&page.Items[i])
	}
	if !page.Next.IsZero() {
		next := page.Next.String()
		body.NextCursor = &next
	}
	return body
}

// rowView points into item.
func rowView(item *feedback.Item) FeedbackSummary {
	from := &item.Submitter
	row := FeedbackSummary{
		ID: item.ID.String(), Status: string(item.Status), Stage: string(item.Stage()), Title: item.Title, Votes: item.Votes,
		SubmittedBy: submittedBy{
			Mode: string(from.Mode), ExternalUserID: userz.Optional(&from.ExternalUserID),
			Email: userz.Optional(&from.Email), Name: userz.Optional(&from.Name), Claims: from.Claims,
		},
		Severity: userz.Optional((*string)(&item.Severity)), Text: item.Saying(),
		URL: userz.Optional(&item.URL), UserAgent: userz.Optional(&item.UserAgent),
		CreatedAt: userz.Time(item.CreatedAt), UpdatedAt: userz.Time(item.UpdatedAt),
	}
	if !item.App.IsZero() {
		app := item.App.String()
		row.AppID = &app
	}
	if !item.DuplicateOf.IsZero() {
		original := item.DuplicateOf.String()
		row.DuplicateOf = &original
	}
	if v := item.Viewport; v != nil {
		row.Viewport = &userz.Viewport{W: v.Width, H: v.Height, DPR: v.PixelRatio}
	}
	return row
}

func itemView(item review.Item) FeedbackWhole {
	body := FeedbackWhole{
		FeedbackSummary: rowView(&item.Item),
		ConsoleLogs:     make([]userz.ConsoleLine, len(item.Console)),
		Attachments:     make([]attachedFile, len(item.Attachments)),
		Metadata:        item.Metadata,
	}
	for i, line := range item.Console {
		body.ConsoleLogs[i] = userz.ConsoleLine{Level: line.Level, Message: line.Message, TS: line.At}
	}
	for i, a := range item.Attachments {
		body.Attachments[i] = attachmentView(a, item.Downloads[a.Key])
	}
	if t := item.Target; t != nil {
		body.Target = &componentTarget{Name: t.Name, Meta: t.Meta, ScreenshotKey: t.ScreenshotKey, ScreenshotURL: item.Downloads[t.ScreenshotKey]}
		if b := t.Box; b != nil {
			body.Target.BBox = &userz.BoundingBox{X: b.X, Y: b.Y, W: b.Width, H: b.Height}
		}
	}
	return body
}

func attachmentView(a attachment.Citation, download string) attachedFile {
	return attachedFile{
		Key: a.Key, Kind: string(a.Kind), ContentType: a.ContentType, ByteSize: a.Size, Width: a.Width, Height: a.Height,
		DownloadURL: download,
	}
}

func runView(run agentrun.Run) agentRun {
	body := agentRun{
		ID: run.ID.String(), AppID: run.App.String(), FeedbackID: run.Feedback.String(), Status: string(run.Status),
		Provider: run.Provider, Model: run.Model, InputTokens: run.InputTokens, OutputTokens: run.OutputTokens,
		CostUSD: float64(run.CostMicroUSD) / 1e6, PullRequestURL: userz.Optional(&run.PullRequestURL),
		GuardrailReason: userz.Optional(&run.GuardrailReason), StartedAt: userz.Time(run.StartedAt),
	}
	if !run.FinishedAt.IsZero() {
		finished := userz.Time(run.FinishedAt)
		body.FinishedAt = &finished
	}
	return body
}
