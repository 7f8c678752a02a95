package mongostore

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
)

// unkept is what MongoDB does not keep yet: SQLite's half comes first, because others wait for it. It is gone with the next
// commit.
type unkept struct {
	vote.Store
	comments
	people
	resources
	boards
}

type (
	comments  interface{ comment.Store }
	people    interface{ enduser.Store }
	resources interface{ resource.Store }
	boards    interface {
		AmendFeedback(ctx context.Context, org, item id.ID, from feedback.Status, change feedback.Change, at time.Time) (feedback.Item, error)
		BoardFeedback(ctx context.Context, org id.ID, query feedback.BoardQuery) (feedback.BoardPage, error)
		CountFeedback(ctx context.Context, org id.ID) (map[feedback.Status]int64, error)
		FeedbackBy(ctx context.Context, org id.ID, by feedback.By, before id.ID, limit int) ([]feedback.Item, error)
	}
)
