package sqlitestore

import (
	"context"

	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	deleteEvents      = `DELETE FROM event WHERE rowid IN (SELECT rowid FROM event WHERE org = ? LIMIT ? + 0)`
	deleteEventsOfApp = `DELETE FROM event WHERE rowid IN (
		SELECT rowid FROM event WHERE org = ? AND app = ? AND app IS NOT NULL LIMIT ? + 0)`
	// Each walk is of one index; UNION drops what stands in both.
	deleteEventsOfPerson = `DELETE FROM event WHERE rowid IN (
		SELECT * FROM (SELECT rowid FROM event INDEXED BY event_user
			WHERE org = ?1 AND user_id = ?2 AND ?2 <> '' AND (?4 IS NULL OR app = ?4) LIMIT ?5 + 0)
		UNION SELECT * FROM (SELECT rowid FROM event INDEXED BY event_email
			WHERE org = ?1 AND email_folded = ?3 AND (?4 IS NULL OR app = ?4) LIMIT ?5 + 0)
		LIMIT ?5 + 0)`

	deleteProfiles  = `DELETE FROM profile WHERE rowid IN (SELECT rowid FROM profile WHERE org = ? LIMIT ? + 0)`
	deleteProfileOf = `DELETE FROM profile WHERE rowid IN (
		SELECT rowid FROM profile WHERE org = ?1 AND user_id = ?2 AND ?2 <> ''
		UNION SELECT * FROM (SELECT rowid FROM profile WHERE org = ?1 AND email_folded = ?3 LIMIT ?4 + 0)
		LIMIT ?4 + 0)`
)

// DeleteEventsOf implements erasure.Store.
func (s *Store) DeleteEventsOf(ctx context.Context, org id.ID, subject erasure.Subject, limit int) (int, error) {
	query, bind := deleteEvents, func(p *params) { p.id(org) }
	switch {
	case names(subject):
		query, bind = deleteEventsOfPerson, func(p *params) {
			p.id(org).text(subject.ExternalUserID).folded(subject.Email).id(subject.App)
		}
	case !subject.App.IsZero():
		query, bind = deleteEventsOfApp, func(p *params) { p.id(org).id(subject.App) }
	}
	return s.removeSome(ctx, query, limit, bind)
}

// DeleteProfilesOf implements erasure.Store.
func (s *Store) DeleteProfilesOf(ctx context.Context, org id.ID, subject erasure.Subject, limit int) (int, error) {
	switch {
	case names(subject):
		return s.removeSome(ctx, deleteProfileOf, limit, func(p *params) {
			p.id(org).text(subject.ExternalUserID).folded(subject.Email)
		})
	case !subject.App.IsZero():
		return 0, nil // no profile is an App's
	default:
		return s.removeSome(ctx, deleteProfiles, limit, func(p *params) { p.id(org) })
	}
}

// names tells whether the subject is a person. One that is a record alone has neither events nor a profile.
func names(subject erasure.Subject) bool {
	return subject.ExternalUserID != "" || subject.Email != "" || !subject.Person.IsZero()
}

// removeSome repeats a removal, whose last parameter is how many rows it may remove, until that is limit or nothing is left.
func (s *Store) removeSome(ctx context.Context, query string, limit int, bind func(p *params)) (removed int, err error) {
	for removed < limit {
		most := min(batch, limit-removed)
		n, err := s.remove(ctx, query, func(p *params) { bind(p); p.int(int64(most)) })
		if removed += n; err != nil || n < most {
			return removed, err
		}
	}
	return removed, nil
}
