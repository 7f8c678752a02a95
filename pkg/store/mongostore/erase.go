package mongostore

import (
	"context"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// FeedbackOf implements erasure.Store.
func (s *Store) FeedbackOf(ctx context.Context, org id.ID, subject erasure.Subject, limit int) ([]feedback.Item, error) {
	said := saidOf(org, subject, namesOf(subject, "submittedBy.externalUserId", "submittedBy.email", "submittedBy.personId"))
	return cores(find[itemDoc](ctx, s.feedback, said, options.Find().SetLimit(int64(limit))))
}

// namesOf are the names that a subject gives, by the fields that they stand in.
func namesOf(subject erasure.Subject, userID, email, person string) (names []bson.E) {
	if subject.ExternalUserID != "" {
		names = append(names, e(userID, subject.ExternalUserID))
	}
	if subject.Email != "" {
		names = append(names, e(email, strings.ToLower(subject.Email)))
	}
	if person != "" && !subject.Person.IsZero() {
		names = append(names, e(person, bson.ObjectID(subject.Person)))
	}
	return names
}

// saidOf selects what a subject said: in the App if it names one, whoever has any of the names.
func saidOf(org id.ID, subject erasure.Subject, names []bson.E) bson.D {
	filter := owned(org)
	if !subject.App.IsZero() {
		filter = append(filter, e("appId", bson.ObjectID(subject.App)))
	}
	if len(names) > 0 {
		// With the Org, each is a walk along an index of its own.
		filter = append(filter, e("$or", each(names, func(name bson.E) bson.D { return owned(org, name) })))
	}
	return filter
}

// DeleteFeedback implements erasure.Store. What is about an item goes first: while it is there, it is found again. What came to
// it meanwhile goes afterwards, and nothing comes to an item that is gone.
func (s *Store) DeleteFeedback(ctx context.Context, org id.ID, items []id.ID) error {
	if len(items) == 0 {
		return nil
	}
	named := bson.D{e("$in", each(items, objectID))}
	votes := removal{s.votes, owned(org, e("subjectId", named))}
	comments := removal{s.comments, owned(org, e("itemId", named))}
	_, err := removeEach(ctx,
		removal{s.runs, owned(org, e("feedbackId", named))},
		votes, comments, removal{s.feedback, owned(org, e("_id", named))}, votes, comments,
	)
	return err
}

// SlotsOf implements erasure.Store.
func (s *Store) SlotsOf(ctx context.Context, org, app id.ID, limit int) ([]attachment.Slot, error) {
	filter := owned(org)
	if !app.IsZero() {
		filter = append(filter, e("appId", bson.ObjectID(app)))
	}
	return cores(find[slotDoc](ctx, s.slots, filter, options.Find().SetLimit(int64(limit))))
}

// DeleteSlots implements erasure.Store.
func (s *Store) DeleteSlots(ctx context.Context, org id.ID, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	_, err := s.slots.removeAll(ctx, owned(org, e("_id", bson.D{e("$in", keys)})))
	return err
}

// DeleteApp implements erasure.Store.
func (s *Store) DeleteApp(ctx context.Context, org, app id.ID) (int, error) {
	return removeEach(ctx,
		removal{s.claims, below(org, app.String())},
		removal{s.outcomes, owned(org, e("appId", bson.ObjectID(app)))},
		removal{s.refusals, below(org, app.String())},
		removal{s.apps, owned(org, e("_id", bson.ObjectID(app)))},
	)
}

// DeleteOrg implements erasure.Store. A name is a part of its person's record.
func (s *Store) DeleteOrg(ctx context.Context, org id.ID) (int, error) {
	if _, err := s.names.removeAll(ctx, below(org)); err != nil {
		return 0, err
	}
	return removeEach(ctx,
		removal{s.keys, owned(org)},
		removal{s.sessions, owned(org)},
		removal{s.invitations, owned(org)},
		removal{s.members, owned(org)},
		removal{s.uses, below(org)},
		removal{s.claims, below(org)},
		removal{s.apps, owned(org)},
		removal{s.runs, owned(org)},
		removal{s.votes, below(org)},
		removal{s.comments, owned(org)},
		removal{s.feedback, owned(org)},
		removal{s.people, owned(org)},
		removal{s.resources, owned(org)},
		removal{s.events, below(org)},
		removal{s.profiles, below(org)},
		removal{s.slots, owned(org)},
		removal{s.incidents, owned(org)},
		removal{s.outcomes, below(org)},
		removal{s.refusals, below(org)},
		removal{s.audit, below(org)},
		removal{s.orgs, bson.D{e("_id", bson.ObjectID(org))}},
	)
}

type removal struct {
	from collection
	what bson.D
}

// removeEach removes all that the removals select, one after the other, and tells how many documents that were.
func removeEach(ctx context.Context, removals ...removal) (removed int, err error) {
	for _, r := range removals {
		n, err := r.from.removeAll(ctx, r.what)
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}
