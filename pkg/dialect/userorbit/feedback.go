package userorbit

import (
	"cmp"

	"github.com/heard-dev/heard/pkg/core/board"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/resource"
)

// Feedback is a row of feedback.
type Feedback struct {
	ID          string      `json:"id" format:"uuid"`
	Title       string      `json:"title"`
	Text        string      `json:"text"`
	Status      string      `json:"status" enum:"in_review,planned,in_progress,completed,closed,rejected"`
	Priority    string      `json:"priority" enum:"low,medium,high"`
	BoardID     *string     `json:"boardId" doc:"null on no board, or on one that is gone."`
	AssigneeID  *string     `json:"assigneeId" doc:"A member of the team."`
	CreatorID   *string     `json:"creatorId" doc:"The subscriber whose it is, if one is known."`
	TeamID      string      `json:"teamId"`
	PublishedAt string      `json:"publishedAt" format:"date-time"`
	ArchivedAt  *string     `json:"archivedAt" format:"date-time"`
	CreatedAt   string      `json:"createdAt" format:"date-time"`
	UpdatedAt   string      `json:"updatedAt" format:"date-time"`
	Subscriber  *Submitter  `json:"subscriber" doc:"As they were when it came in; null where nobody vouched for who that is."`
	Board       *BoardLabel `json:"board"`
	Tags        []Tag       `json:"tags" nullable:"false"`
	Votes       int64       `json:"votes"`
	Voted       *bool       `json:"voted,omitempty" doc:"Whether the subscriber who asks has voted for it."`
	MergedInto  *string     `json:"mergedInto,omitempty" doc:"The feedback that this one is a duplicate of."`
}

// Submitter is whose an item is. Others than the team see no addresses but their own.
type Submitter struct {
	ID    *string `json:"id"`
	Name  *string `json:"name"`
	Email *string `json:"email,omitempty"`
}

// BoardLabel is a board as a row of feedback names it.
type BoardLabel struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Slug string `json:"slug"`
}

// Tag is a tag, wherever it is shown.
type Tag struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Color string `json:"color"`
}

// FeedbackView is an item as the audience sees it; nil is the team.
func FeedbackView(item *feedback.Item, labels board.Labels, to *feedback.Audience) Feedback {
	row := Feedback{
		ID: item.ID.UUID(), Title: item.Heading(), Text: item.Text, Status: string(item.Standing()),
		Priority: string(cmp.Or(item.Severity, feedback.Medium)), AssigneeID: OptionalID(item.Assignee),
		CreatorID: OptionalID(item.Submitter.Person), TeamID: item.Org.UUID(), PublishedAt: Time(item.CreatedAt),
		ArchivedAt: OptionalTime(item.Archived.At), CreatedAt: Time(item.CreatedAt), UpdatedAt: Time(item.UpdatedAt),
		Subscriber: submitterView(&item.Submitter, to), Tags: TagViews(labels.Tags(item.Tags)), Votes: item.Votes,
		MergedInto: OptionalID(item.DuplicateOf),
	}
	if b := labels.Board(item); b != nil {
		row.BoardID = OptionalID(b.ID)
		row.Board = &BoardLabel{ID: b.ID.UUID(), Name: b.Value.Name, Slug: b.Name}
	}
	return row
}

// submitterView points into from. What a page only claims about its user is nobody's.
func submitterView(from *feedback.Submitter, to *feedback.Audience) *Submitter {
	if from.Mode != feedback.Private || from.Person.IsZero() && from.Email == "" && from.Name == "" {
		return nil
	}
	view := &Submitter{ID: OptionalID(from.Person), Name: Optional(&from.Name)}
	if to.Knows(from) {
		view.Email = Optional(&from.Email)
	}
	return view
}

// TagView is a tag.
func TagView(tag *resource.Of[board.Tag]) Tag {
	return Tag{ID: tag.ID.UUID(), Name: tag.Name, Color: tag.Value.Color}
}

// TagViews are several.
func TagViews(tags []resource.Of[board.Tag]) []Tag {
	views := make([]Tag, len(tags))
	for n := range tags {
		views[n] = TagView(&tags[n])
	}
	return views
}
