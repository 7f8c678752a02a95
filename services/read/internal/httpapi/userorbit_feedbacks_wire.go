package httpapi

import (
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/read/internal/browse"
	"github.com/heard-dev/heard/services/read/internal/triage"
)

// boardQuery is what anybody may ask of a board.
type boardQuery struct {
	SortBy  string   `json:"sortBy,omitempty" query:"sortBy" enum:"newest,top,trending" default:"newest"`
	Status  string   `json:"status,omitempty" query:"status" enum:"in_review,planned,in_progress,completed,closed,rejected"`
	BoardID string   `json:"boardId,omitempty" query:"boardId"`
	Search  string   `json:"search,omitempty" query:"search" maxLength:"256" doc:"Stands in the title or the text, whatever the case."`
	Limit   int      `json:"limit,omitempty" query:"limit" minimum:"1" maximum:"100" default:"25"`
	Offset  int      `json:"offset,omitempty" query:"offset" minimum:"0" maximum:"10000" default:"0"`
	_       struct{} `json:"-" additionalProperties:"true"`
}

func (q *boardQuery) query() feedback.BoardQuery {
	return feedback.BoardQuery{
		Board: userorbit.Named(q.BoardID), Stage: feedback.Stage(q.Status), Sort: feedback.Sort(q.SortBy), Search: q.Search,
		Offset: q.Offset, Limit: limit(q.Limit),
	}
}

// feedbackQuery is what a team may ask of its boards.
type feedbackQuery struct {
	SortBy       string   `json:"sortBy,omitempty" query:"sortBy" enum:"newest,top,trending" default:"newest"`
	Status       string   `json:"status,omitempty" query:"status" enum:"in_review,planned,in_progress,completed,closed,rejected"`
	BoardID      string   `json:"boardId,omitempty" query:"boardId"`
	Search       string   `json:"search,omitempty" query:"search" maxLength:"256" doc:"Stands in the title or the text, whatever the case."`
	From         string   `json:"from,omitempty" query:"from" format:"date-time" doc:"Created then or later."`
	To           string   `json:"to,omitempty" query:"to" format:"date-time" doc:"Created before then."`
	AssignedToMe bool     `json:"assignedToMe,omitempty" query:"assignedToMe" default:"false"`
	Limit        int      `json:"limit,omitempty" query:"limit" minimum:"1" maximum:"100" default:"25"`
	Offset       int      `json:"offset,omitempty" query:"offset" minimum:"0" maximum:"10000" default:"0"`
	_            struct{} `json:"-" additionalProperties:"true"`
}

func (q *feedbackQuery) query() feedback.BoardQuery {
	common := boardQuery{SortBy: q.SortBy, Status: q.Status, BoardID: q.BoardID, Search: q.Search, Limit: q.Limit, Offset: q.Offset}
	query := common.query()
	query.From, query.To = moment(q.From), moment(q.To)
	return query
}

// feedbackEdit is what a team may change.
type feedbackEdit struct {
	ID       string            `json:"id"`
	Title    *string           `json:"title,omitempty" nullable:"false" minLength:"1" maxLength:"256"`
	Text     *string           `json:"text,omitempty" nullable:"false" maxLength:"8192"`
	Status   string            `json:"status,omitempty" enum:"in_review,planned,in_progress,completed,closed,rejected"`
	Priority string            `json:"priority,omitempty" enum:"low,medium,high"`
	BoardID  httpkit.Setting   `json:"boardId,omitempty"`
	TagIDs   []string          `json:"tagIds,omitempty" nullable:"false" maxItems:"20"`
	Assignee httpkit.Setting   `json:"assignee,omitempty" doc:"A member of the team, by id."`
	Meta     httpkit.RawObject `json:"meta,omitempty" nullable:"true" doc:"At most 4 KB of JSON."`
	_        struct{}          `json:"-" additionalProperties:"true"`
}

// Check names what the schema cannot say: limits on bytes of JSON, and titles that are blank.
func (e *feedbackEdit) Check(auth.Principal) error {
	_, err := e.edit().Of(&feedback.Item{Title: "any", Status: feedback.Received})
	return err
}

func (e *feedbackEdit) edit() feedback.Edit {
	edit := feedback.Edit{Title: e.Title, Text: e.Text, Stage: optional[feedback.Stage](e.Status), Severity: optional[feedback.Severity](e.Priority)}
	if e.BoardID.Said {
		board := userorbit.Named(e.BoardID.Text)
		edit.Board = &board
	}
	if e.Assignee.Said {
		member := userorbit.Named(e.Assignee.Text)
		edit.Assignee = &member
	}
	if e.TagIDs != nil {
		tags := userorbit.IDs(e.TagIDs)
		edit.Tags = &tags
	}
	if e.Meta != nil {
		metadata := []byte(nil)
		if string(e.Meta) != "null" {
			metadata = e.Meta
		}
		edit.Metadata = &metadata
	}
	return edit
}

type feedbackMerge struct {
	ID       string   `json:"id"`
	TargetID string   `json:"targetId"`
	_        struct{} `json:"-" additionalProperties:"true"`
}

type feedbackCount struct {
	All        int64 `json:"all"`
	Archived   int64 `json:"archived"`
	Closed     int64 `json:"closed"`
	Completed  int64 `json:"completed"`
	InProgress int64 `json:"in_progress"`
	InReview   int64 `json:"in_review"`
	Planned    int64 `json:"planned"`
	Rejected   int64 `json:"rejected"`
}

func countView(counts *map[feedback.Status]int64) feedbackCount {
	in := map[feedback.Stage]int64{}
	view := feedbackCount{Archived: (*counts)[feedback.Archived]}
	for status, n := range *counts {
		if stage := status.Stage(); stage != "" {
			in[stage] += n
			view.All += n
		}
	}
	view.Closed, view.Completed, view.InProgress = in[feedback.Dismissed], in[feedback.Completed], in[feedback.InProgress]
	view.InReview, view.Planned, view.Rejected = in[feedback.InReview], in[feedback.Planned], in[feedback.Declined]
	return view
}

type feedbackListOut struct{ Body feedbackList }

type feedbackList struct {
	Pagination userorbit.Pagination `json:"pagination"`
	Count      int64                `json:"count" doc:"The same as total."`
	Data       []userorbit.Feedback `json:"data" nullable:"false"`
}

func listView(listing browse.Listing, query feedback.BoardQuery) *feedbackListOut {
	out := &feedbackListOut{feedbackList{
		Pagination: userorbit.Pagination{Offset: query.Offset, Limit: query.Limit, Total: listing.Total}, Count: listing.Total,
		Data: make([]userorbit.Feedback, len(listing.Items)),
	}}
	for n := range listing.Items {
		item := &listing.Items[n]
		out.Body.Data[n] = userorbit.FeedbackView(item, listing.Labels, listing.To)
		if listing.To != nil {
			voted := listing.Voted[item.ID]
			out.Body.Data[n].Voted = &voted
		}
	}
	return out
}

type feedbackInfo struct {
	userorbit.Feedback
	CommentsCount int64             `json:"commentsCount" doc:"Of those that who asks may read."`
	Meta          httpkit.RawObject `json:"meta,omitempty" doc:"For the team alone."`
}

func infoView(shown *browse.Shown) feedbackInfo {
	info := feedbackInfo{Feedback: userorbit.FeedbackView(&shown.Item, shown.Labels, shown.To), CommentsCount: shown.Comments}
	info.Voted = shown.Voted
	if shown.To == nil {
		info.Meta = shown.Metadata
	}
	return info
}

func decided(decided triage.Decided, err error) (*one[userorbit.Feedback], error) {
	return single(decided, err, func(d *triage.Decided) userorbit.Feedback { return userorbit.FeedbackView(&d.Item, d.Labels, nil) })
}

// optional is nil for what was not said.
func optional[T ~string](text string) *T {
	if text == "" {
		return nil
	}
	value := T(text)
	return &value
}
