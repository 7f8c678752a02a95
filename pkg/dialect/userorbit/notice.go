package userorbit

import (
	"cmp"
	"time"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/hook"
	"github.com/heard-dev/heard/pkg/id"
)

// Notice is what is told of an event [site userorbit.com/help/en/webhooks]. Its ID tells one from another.
type Notice struct {
	ID        string         `json:"id"`
	Event     string         `json:"event"`
	Timestamp int64          `json:"timestamp" doc:"In seconds since the epoch."`
	Data      NoticeFeedback `json:"data"`
}

// NoticeFeedback is the item that something happened to.
type NoticeFeedback struct {
	FeedbackID string  `json:"feedback_id"`
	Title      string  `json:"title"`
	Text       string  `json:"text"`
	Status     string  `json:"status" enum:"in_review,planned,in_progress,completed,closed,rejected"`
	Priority   string  `json:"priority" enum:"low,medium,high"`
	BoardID    *string `json:"board_id"`
	CreatorID  *string `json:"creator_id"`
	Votes      int64   `json:"votes"`
	CreatedAt  string  `json:"created_at" format:"date-time"`
	UpdatedAt  string  `json:"updated_at" format:"date-time"`
}

// NoticeView tells that an event came to an item then.
func NoticeView(notice id.ID, event hook.Event, at time.Time, item *feedback.Item) Notice {
	return Notice{
		ID: notice.UUID(), Event: string(event), Timestamp: at.Unix(),
		Data: NoticeFeedback{
			FeedbackID: item.ID.UUID(), Title: item.Heading(), Text: item.Text, Status: string(item.Standing()),
			Priority: string(cmp.Or(item.Severity, feedback.Medium)), BoardID: OptionalID(item.Board),
			CreatorID: OptionalID(item.Submitter.Person), Votes: item.Votes, CreatedAt: Time(item.CreatedAt), UpdatedAt: Time(item.UpdatedAt),
		},
	}
}
