// Package reap removes uploads that nothing cites, with their files.
package reap

import (
	"context"
	"errors"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
)

const (
	// every is how often the reaper looks.
	every = 5 * time.Minute
	// unkeptAfter is how long a cited file is left alone before its item is looked for: far above a request's deadline.
	unkeptAfter = time.Hour
	// atOnce bounds one look.
	atOnce = 200
)

// Reaper removes what nothing cites. Any number of them may run at once.
type Reaper struct {
	Slots attachment.Slots
	Items feedback.Store
	Blobs attachment.Blobs
	Now   func() time.Time
	// Failed hears of a slot that could not be removed; the reaper goes on and tries again.
	Failed func(error)
}

// Run reaps until ctx is done.
func (r *Reaper) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := r.Once(ctx); err != nil && ctx.Err() == nil {
			r.Failed(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Once removes everything that is stale now, or says what kept it from that.
func (r *Reaper) Once(ctx context.Context) error {
	now := r.Now()
	for {
		stale, err := r.Slots.StaleSlots(ctx, now.Add(-attachment.CiteWithin), now.Add(-unkeptAfter), atOnce)
		if err != nil {
			return err
		}
		settled, failed := 0, error(nil)
		for _, slot := range stale {
			switch err := r.settle(ctx, slot); {
			case err == nil:
				settled++
			case !changed(err):
				failed = errors.Join(failed, err)
			}
		}
		if failed != nil || settled == 0 || len(stale) < atOnce {
			return failed
		}
	}
}

// changed tells whether a slot was not as it was met: a submission or another reaper came first. If it is stale still, it
// is met again.
func changed(err error) bool {
	kind := apierr.KindOf(err)
	return kind == apierr.Conflict || kind == apierr.NotFound
}

// settle keeps the file of an item that exists, and removes any other.
func (r *Reaper) settle(ctx context.Context, slot attachment.Slot) error {
	if !slot.Item.IsZero() {
		_, err := r.Items.Feedback(ctx, slot.Org, slot.Item)
		if err == nil {
			return r.Slots.KeepSlot(ctx, slot.Org, slot.Key, slot.Item)
		}
		if apierr.KindOf(err) != apierr.NotFound {
			return err
		}
	}
	if err := r.Slots.CondemnSlot(ctx, slot.Org, slot); err != nil {
		return err
	}
	if err := r.Blobs.Delete(ctx, slot.Key); err != nil {
		return err
	}
	return r.Slots.RemoveSlot(ctx, slot.Org, slot.Key)
}
