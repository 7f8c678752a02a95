package subject

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// callers is how many fill a store at once, so that they share commits.
const callers = 256

// statuses are those that filled items have, each as many.
var statuses = [...]feedback.Status{feedback.Received, feedback.Sanitized, feedback.AwaitingManual, feedback.Queued, feedback.Archived}

// fill stores so many items, by turns in the Apps and in the statuses, and gives one that is in their middle.
func fill(ctx context.Context, store feedback.Store, ids *id.Source, org id.ID, apps [2]id.ID, items int) (middle id.ID, err error) {
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
				if i == items/2 {
					middle = item.ID
				}
			}
		})
	}
	return middle, group.Wait()
}
