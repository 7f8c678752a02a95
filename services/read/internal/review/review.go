// Package review is how an Org's backend reads what was said, and nudges it along its life.
package review

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// Store is what is read from.
type Store interface {
	feedback.Store
	agentrun.Store
}

// Reviewer reads and nudges feedback.
type Reviewer struct {
	Store Store
	Blobs attachment.Blobs
	Now   func() time.Time
}

// Item is one whole item, with a URL for each of its files.
type Item struct {
	feedback.Item
	Downloads map[string]string // by attachment key
}

// List gives a page, newest first.
func (r *Reviewer) List(ctx context.Context, org id.ID, query feedback.Query) (feedback.Page, error) {
	return r.Store.ListFeedback(ctx, org, query)
}

// Get gives one whole item; its download URLs work for attachment.DownloadTTL. For who is bound to one App, only that
// one's items exist.
func (r *Reviewer) Get(ctx context.Context, org, only, item id.ID) (Item, error) {
	stored, err := r.find(ctx, org, only, item)
	if err != nil {
		return Item{}, err
	}
	return r.WithDownloads(ctx, stored)
}

// nudgeTries bounds the retries of a nudge that meets other moves of the same item.
const nudgeTries = 16

// Nudge moves an item to a status that a caller may set (D6). Racing nudges are settled by compare-and-set: whoever comes
// second is judged by what the first has left.
func (r *Reviewer) Nudge(ctx context.Context, org, only, item id.ID, to feedback.Status) (Item, error) {
	for try := 1; ; try++ {
		stored, err := r.find(ctx, org, only, item)
		if err != nil {
			return Item{}, err
		}
		if err := feedback.Transition(stored.Status, to); err != nil {
			return Item{}, err
		}
		moved, err := r.Store.AmendFeedback(ctx, org, item, stored.Status, feedback.Change{Status: &to}, r.Now())
		if err == nil {
			return r.WithDownloads(ctx, moved)
		}
		if apierr.KindOf(err) != apierr.Conflict || try == nudgeTries {
			return Item{}, err
		}
	}
}

// Run gives one agent run.
func (r *Reviewer) Run(ctx context.Context, org, only, run id.ID) (agentrun.Run, error) {
	stored, err := r.Store.Run(ctx, org, run)
	if err == nil && !only.IsZero() && stored.App != only {
		err = apierr.Missing("agent run")
	}
	return stored, err
}

func (r *Reviewer) find(ctx context.Context, org, only, item id.ID) (feedback.Item, error) {
	stored, err := r.Store.Feedback(ctx, org, item)
	if err == nil && !only.IsZero() && stored.App != only {
		err = apierr.Missing("feedback")
	}
	return stored, err
}

// WithDownloads gives an item with a URL for each of its files.
func (r *Reviewer) WithDownloads(ctx context.Context, stored feedback.Item) (Item, error) {
	item := Item{Item: stored, Downloads: map[string]string{}}
	for _, key := range keys(stored) {
		url, err := r.Blobs.SignGet(ctx, key, attachment.DownloadTTL)
		if err != nil {
			return Item{}, err
		}
		item.Downloads[key] = url
	}
	return item, nil
}

func keys(item feedback.Item) []string {
	var keys []string
	for _, a := range item.Attachments {
		keys = append(keys, a.Key)
	}
	if item.Target != nil && item.Target.ScreenshotKey != "" {
		keys = append(keys, item.Target.ScreenshotKey)
	}
	return keys
}
