// Package triage is what a team does with feedback by hand.
package triage

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/read/internal/browse"
)

// Store is what is decided about.
type Store interface {
	feedback.Store
	vote.Store
	Member(ctx context.Context, org, member id.ID) (tenant.Member, error)
	DeleteFeedback(ctx context.Context, org id.ID, items []id.ID) error
	DeleteSlots(ctx context.Context, org id.ID, keys []string) error
}

// Desk is where a team decides. Whatever it did is shown as the team sees it.
type Desk struct {
	Store   Store
	Browser *browse.Browser
	Blobs   attachment.Blobs
	Now     func() time.Time
}

// Decided is an item as it became.
type Decided struct {
	browse.Sight
	feedback.Item
}

// Edit changes what the team says about an item. A board, tag or member that is not there is apierr.NotFound, a stage that the
// item cannot be put into apierr.Conflict.
func (d *Desk) Edit(ctx context.Context, org, item id.ID, edit feedback.Edit) (Decided, error) {
	sight, err := d.Browser.Sight(ctx, org, nil)
	if err == nil && edit.Board != nil {
		err = sight.Labels.Demand(*edit.Board, nil)
	}
	if err == nil && edit.Tags != nil {
		err = sight.Labels.Demand(id.Zero, *edit.Tags)
	}
	if err == nil && edit.Assignee != nil && !edit.Assignee.IsZero() {
		_, err = d.Store.Member(ctx, org, *edit.Assignee)
	}
	if err != nil {
		return Decided{}, err
	}
	return d.decide(ctx, sight, item, edit.Of)
}

// Archive takes an item off the boards; one that is archived stays so.
func (d *Desk) Archive(ctx context.Context, org, item id.ID) (Decided, error) {
	return d.move(ctx, org, item, func(i *feedback.Item) feedback.Status { return feedback.Archived })
}

// Restore makes an archived item what it was; one that is not archived stays as it is.
func (d *Desk) Restore(ctx context.Context, org, item id.ID) (Decided, error) {
	return d.move(ctx, org, item, func(i *feedback.Item) feedback.Status {
		if i.Status == feedback.Archived {
			return i.Back()
		}
		return i.Status
	})
}

// Delete removes an item with its files, votes and comments.
func (d *Desk) Delete(ctx context.Context, org, item id.ID) error {
	found, err := d.Store.Feedback(ctx, org, item)
	if err != nil {
		return err
	}
	_, err = erasure.Remover{Store: d.Store, Blobs: d.Blobs, Now: d.Now}.Remove(ctx, org, found)
	return err
}

// move sets a status that needs no more than the item itself.
func (d *Desk) move(ctx context.Context, org, item id.ID, to func(*feedback.Item) feedback.Status) (Decided, error) {
	sight, err := d.Browser.Sight(ctx, org, nil)
	if err != nil {
		return Decided{}, err
	}
	return d.decide(ctx, sight, item, func(i *feedback.Item) (feedback.Change, error) {
		status := to(i)
		if status == i.Status {
			return feedback.Change{}, errAsItIs
		}
		return feedback.Change{Status: &status}, nil
	})
}

// errAsItIs says that there is nothing to decide.
var errAsItIs = apierr.New(apierr.Conflict, apierr.CodeChanged, "It is that already.")

// tries bounds the retries of a decision that meets others about the same item.
const tries = 8

// decide makes the change that how finds, of the item as it is at that moment.
func (d *Desk) decide(ctx context.Context, sight browse.Sight, item id.ID, how func(*feedback.Item) (feedback.Change, error)) (Decided, error) {
	for try := 1; ; try++ {
		found, err := d.Store.Feedback(ctx, sight.Org, item)
		if err != nil {
			return Decided{}, err
		}
		change, err := how(&found)
		if err == errAsItIs { //nolint:errorlint // it is never wrapped
			return Decided{sight, found}, nil
		}
		if err != nil {
			return Decided{}, err
		}
		amended, err := d.Store.AmendFeedback(ctx, sight.Org, item, found.Status, change, d.Now())
		if err == nil {
			return Decided{sight, amended}, nil
		}
		if apierr.KindOf(err) != apierr.Conflict || try == tries {
			return Decided{}, err
		}
	}
}
