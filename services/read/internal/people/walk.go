package people

import (
	"context"
	"slices"

	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/read/internal/review"
)

// walk goes along one index: it gives up to limit entries that follow a place.
type walk func(ctx context.Context, after Place, limit int) ([]Entry, error)

// walks are those that find everything of these kinds. A person's feedback is found under all their names at once, events
// under each external id, votes and comments under each record.
func (r *Reader) walks(org id.ID, whole enduser.Whole, kinds []Kind) (walks []walk) {
	has := func(kind Kind) bool { return slices.Contains(kinds, kind) }
	if has(OfFeedback) {
		walks = append(walks, r.feedback(org, whole))
	}
	if has(OfEvent) {
		for _, name := range whole.ExternalIDs() {
			walks = append(walks, r.events(org, name))
		}
	}
	for _, record := range whole.IDs() {
		if has(OfVote) {
			walks = append(walks, r.votes(org, record))
		}
		if has(OfComment) {
			walks = append(walks, r.comments(org, record))
		}
	}
	return walks
}

func (r *Reader) feedback(org id.ID, whole enduser.Whole) walk {
	by := feedback.By{Persons: whole.IDs(), ExternalIDs: whole.ExternalIDs()}
	return func(ctx context.Context, after Place, limit int) ([]Entry, error) {
		found, err := r.Store.FeedbackBy(ctx, org, by, after.id(OfFeedback), limit)
		entries := make([]Entry, len(found))
		for n, item := range found {
			entries[n] = Entry{Place: Place{Milli: item.ID.UnixMilli(), Kind: OfFeedback, ID: item.ID}, Feedback: &review.Item{Item: item}}
		}
		return entries, err
	}
}

func (r *Reader) events(org id.ID, externalID string) walk {
	return func(ctx context.Context, after Place, limit int) ([]Entry, error) {
		found, err := r.Store.Events(ctx, org, event.Query{UserID: externalID, Before: after.event(), Limit: limit})
		entries := make([]Entry, len(found))
		for n, e := range found {
			entries[n] = Entry{Place: Place{Milli: e.ReceivedAt.UnixMilli(), Kind: OfEvent, ID: e.ID}, Event: &e}
		}
		return entries, err
	}
}

func (r *Reader) votes(org, record id.ID) walk {
	return func(ctx context.Context, after Place, limit int) ([]Entry, error) {
		found, err := r.Store.VotesBy(ctx, org, record, after.vote(record), limit)
		entries := make([]Entry, len(found))
		for n, v := range found {
			entries[n] = Entry{Place: Place{Milli: v.At.UnixMilli(), Kind: OfVote, ID: v.Subject, Record: record}, Vote: &v}
		}
		return entries, err
	}
}

func (r *Reader) comments(org, record id.ID) walk {
	return func(ctx context.Context, after Place, limit int) ([]Entry, error) {
		found, err := r.Store.CommentsBy(ctx, org, record, after.id(OfComment), limit)
		entries := make([]Entry, len(found))
		for n, c := range found {
			entries[n] = Entry{Place: Place{Milli: c.ID.UnixMilli(), Kind: OfComment, ID: c.ID}, Comment: &c}
		}
		return entries, err
	}
}
