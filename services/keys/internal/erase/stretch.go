package erase

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// said removes what is known of a subject by what came in.
func (j *job) said(ctx context.Context, of erasure.Subject) error {
	if err := j.feedback(ctx, of); err != nil {
		return err
	}
	if err := j.all(ctx, of, j.Store.DeleteEventsOf, &j.Receipt.Events); err != nil {
		return err
	}
	return j.all(ctx, of, j.Store.DeleteProfilesOf, &j.Receipt.Records)
}

// all repeats a removal until nothing is left to it, and counts what it removed.
func (j *job) all(
	ctx context.Context, of erasure.Subject, remove func(context.Context, id.ID, erasure.Subject, int) (int, error), count *int,
) error {
	for {
		removed, err := remove(ctx, j.Org, of, eventsAtOnce)
		*count += removed
		if err != nil || removed == 0 {
			return err
		}
		if err := j.renew(ctx); err != nil {
			return err
		}
	}
}

// feedback removes what the subject said, with its files, until nothing is found any more.
func (j *job) feedback(ctx context.Context, of erasure.Subject) error {
	for {
		items, err := j.Store.FeedbackOf(ctx, j.Org, of, atOnce)
		if err != nil || len(items) == 0 {
			return err
		}
		if err := j.removeItems(ctx, items); err != nil {
			return err
		}
	}
}

func (j *job) removeItems(ctx context.Context, items []feedback.Item) error {
	ctx, cancel := context.WithTimeout(ctx, lease)
	defer cancel()
	files, err := erasure.Remover{Store: j.Store, Blobs: j.Blobs, Now: j.now}.Remove(ctx, j.Org, items...)
	if err != nil {
		return err
	}
	j.Receipt.Feedback += len(items)
	j.Receipt.Attachments += files
	return j.renew(ctx)
}

// slots removes reservations of an App's, or of all when app is zero, with their files. Where files may still come in it
// gives the time to wait for.
func (j *job) slots(ctx context.Context, app id.ID) (wait time.Time, err error) {
	for {
		found, err := j.Store.SlotsOf(ctx, j.Org, app, atOnce)
		if err != nil || len(found) == 0 {
			return wait, err
		}
		for _, slot := range found {
			if closed := slot.CreatedAt.Add(erasure.Uploadable); closed.After(j.now()) && closed.After(wait) {
				wait = closed
			}
		}
		if !wait.IsZero() {
			return wait, nil
		}
		if err := j.removeSlots(ctx, found); err != nil {
			return wait, err
		}
	}
}

func (j *job) removeSlots(ctx context.Context, found []attachment.Slot) error {
	ctx, cancel := context.WithTimeout(ctx, lease)
	defer cancel()
	keys, files := make([]string, len(found)), 0
	for n, slot := range found {
		keys[n] = slot.Key
		switch _, err := j.Blobs.Stat(ctx, slot.Key); {
		case err == nil:
			files++
		case apierr.KindOf(err) != apierr.NotFound: // reserved and never filled, or gone with its item
			return err
		}
		if err := j.Blobs.Delete(ctx, slot.Key); err != nil {
			return err
		}
	}
	if err := j.Store.DeleteSlots(ctx, j.Org, keys); err != nil {
		return err
	}
	j.Receipt.Attachments += files
	return j.renew(ctx)
}
