package feedback

import (
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Change is what an amendment sets; nil leaves as it is.
type Change struct {
	Status      *Status
	DuplicateOf *id.ID
	Severity    *Severity
	Title       *string
	Text        *string
	Board       *id.ID
	Tags        *[]id.ID
	Assignee    *id.ID
	Metadata    *[]byte
}

// Amended is the item once the change was made at that time.
func (i Item) Amended(change Change, at time.Time) Item {
	at = at.UTC().Truncate(time.Millisecond)
	if to := change.Status; to != nil && *to != i.Status {
		i.Archived = archive(i.Status, *to, at)
	}
	put(&i.Status, change.Status)
	put(&i.DuplicateOf, change.DuplicateOf)
	put(&i.Severity, change.Severity)
	put(&i.Title, change.Title)
	put(&i.Text, change.Text)
	put(&i.Board, change.Board)
	put(&i.Tags, change.Tags)
	put(&i.Assignee, change.Assignee)
	put(&i.Metadata, change.Metadata)
	i.UpdatedAt = at
	return i
}

// archive is the Archival of an item that moves between the statuses.
func archive(from, to Status, at time.Time) Archival {
	if to != Archived {
		return Archival{}
	}
	return Archival{At: at, From: from}
}

func put[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}
