package mongostore

import (
	"context"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/id"
)

// DeleteEventsOf implements erasure.Store.
func (s *Store) DeleteEventsOf(ctx context.Context, org id.ID, subject erasure.Subject, limit int) (int, error) {
	names := namesOf(subject, "user.id", "user.email", "")
	if names == nil && !subject.Person.IsZero() {
		return 0, nil // no event is of a record
	}
	return s.events.sweep(ctx, saidOf(org, subject, names), limit)
}

// DeleteProfilesOf implements erasure.Store.
func (s *Store) DeleteProfilesOf(ctx context.Context, org id.ID, subject erasure.Subject, limit int) (int, error) {
	var names bson.A
	if subject.ExternalUserID != "" {
		names = append(names, owned(org, e("_id", path(org, subject.ExternalUserID))))
	}
	if subject.Email != "" {
		names = append(names, owned(org, e("email", strings.ToLower(subject.Email))))
	}
	switch {
	case names != nil:
		return s.profiles.sweep(ctx, owned(org, e("$or", names)), limit)
	case !subject.App.IsZero(), !subject.Person.IsZero():
		return 0, nil // no profile is an App's, or of a record
	default:
		return s.profiles.sweep(ctx, below(org), limit)
	}
}
