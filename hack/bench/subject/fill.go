package subject

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
)

// callers is how many fill a store at once, so that they share commits.
const callers = 256

// statuses are those that filled items have, each as many.
var statuses = [...]feedback.Status{feedback.Received, feedback.Sanitized, feedback.AwaitingManual, feedback.Queued, feedback.Archived}

// filled is what items and votes are stored in.
type filled interface {
	feedback.Store
	vote.Store
}

// fill stores so many items, by turns in the Apps and in the statuses, with votes for every tenth, and gives one that is in their
// middle.
func fill(ctx context.Context, store filled, ids *id.Source, org id.ID, apps [2]id.ID, items int) (middle id.ID, err error) {
	var said submission
	if err := json.Unmarshal([]byte(Body), &said); err != nil {
		return id.Zero, err
	}
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range callers {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= items {
					return nil
				}
				item := said.item(ids.New(), org, apps[i%len(apps)], UserAgent, time.Now().UTC().Truncate(time.Millisecond))
				item.Status = statuses[i/len(apps)%len(statuses)]
				if err := store.InsertFeedback(ctx, org, item); err != nil {
					return err
				}
				if err := votesFor(ctx, store, ids, item, i); err != nil {
					return err
				}
				if i == items/2 {
					middle = item.ID
				}
			}
		})
	}
	return middle, group.Wait()
}

// votesFor casts up to three votes for every tenth item.
func votesFor(ctx context.Context, store vote.Store, ids *id.Source, item feedback.Item, i int) error {
	if i%10 != 0 {
		return nil
	}
	for range 1 + i/10%3 {
		given := vote.Vote{Kind: vote.OnFeedback, Subject: item.ID, Person: ids.New(), Value: 1, At: item.CreatedAt}
		if _, err := store.CastVote(ctx, item.Org, given); err != nil {
			return err
		}
	}
	return nil
}
