package httpapi

import (
	"time"

	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/services/read/internal/people"
	"github.com/heard-dev/heard/services/read/internal/review"
)

type personTimeline struct {
	Data       []timelineEntry `json:"data" nullable:"false"`
	NextCursor *string         `json:"nextCursor" doc:"null on the last page."`
}

type timelineEntry struct {
	Type     string         `json:"type" enum:"feedback,event,vote,comment" doc:"Which of the others there is."`
	At       string         `json:"at" format:"date-time" doc:"When it reached Heard."`
	Feedback *timelineItem  `json:"feedback,omitempty"`
	Event    *storedEvent   `json:"event,omitempty"`
	Vote     *personVote    `json:"vote,omitempty"`
	Comment  *personComment `json:"comment,omitempty"`
}

type timelineItem struct {
	FeedbackSummary
	Title       *string        `json:"title"`
	Attachments []attachedFile `json:"attachments" nullable:"false"`
}

type personVote struct {
	On    string `json:"on" enum:"feedback,article"`
	ID    string `json:"id" doc:"Of what was voted on."`
	Value int    `json:"value" doc:"1 for, -1 against."`
	At    string `json:"at" format:"date-time"`
}

type personComment struct {
	ID         string  `json:"id"`
	FeedbackID string  `json:"feedbackId"`
	ParentID   *string `json:"parentId" doc:"The comment that it answers."`
	Text       string  `json:"text"`
	Source     string  `json:"source" doc:"Where it was said."`
	CreatedAt  string  `json:"createdAt" format:"date-time"`
	UpdatedAt  string  `json:"updatedAt" format:"date-time"`
}

func timelineView(page people.Stretch) personTimeline {
	body := personTimeline{Data: make([]timelineEntry, len(page.Entries))}
	for n, entry := range page.Entries {
		body.Data[n] = entryView(entry)
	}
	if page.Next != (people.Place{}) {
		next := spellCursor(page.Next)
		body.NextCursor = &next
	}
	return body
}

func entryView(entry people.Entry) timelineEntry {
	switch {
	case entry.Feedback != nil:
		item := timelineItemView(entry.Feedback)
		return timelineEntry{Type: "feedback", At: item.CreatedAt, Feedback: &item}
	case entry.Event != nil:
		told := eventView(entry.Event)
		return timelineEntry{Type: "event", At: told.ReceivedAt, Event: &told}
	case entry.Vote != nil:
		cast := personVoteView(*entry.Vote)
		return timelineEntry{Type: "vote", At: cast.At, Vote: &cast}
	}
	said := personCommentView(*entry.Comment)
	return timelineEntry{Type: "comment", At: said.CreatedAt, Comment: &said}
}

// timelineItemView points into item.
func timelineItemView(item *review.Item) timelineItem {
	whole := itemView(*item)
	return timelineItem{FeedbackSummary: whole.FeedbackSummary, Title: userz.Optional(&item.Title), Attachments: whole.Attachments}
}

func personVoteView(v vote.Vote) personVote {
	return personVote{On: string(v.Kind), ID: v.Subject.String(), Value: v.Value, At: userz.Time(v.At)}
}

func personCommentView(c comment.Comment) personComment {
	return personComment{
		ID: c.ID.String(), FeedbackID: c.Item.String(), ParentID: optionalID(c.Parent), Text: c.Text, Source: c.Source,
		CreatedAt: userz.Time(c.CreatedAt), UpdatedAt: userz.Time(c.UpdatedAt),
	}
}

func optionalTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := userz.Time(t)
	return &text
}
