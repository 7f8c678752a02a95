package sqlitestore

import (
	"context"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	profileFields = `email, email_folded, created_at, updated_at, version, traits`
	insertProfile = `INSERT INTO profile (` + profileFields + `, org, user_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (org, user_id) DO NOTHING`
	updateProfile = `UPDATE profile SET (` + profileFields + `) = (?, ?, ?, ?, ?, ?) WHERE org = ? AND user_id = ? AND version = ?`
	selectProfile = `SELECT org, user_id, email, traits, created_at, updated_at, version FROM profile WHERE org = ? AND user_id = ?`
)

// Profile implements event.Profiles.
func (s *Store) Profile(ctx context.Context, org id.ID, userID string) (found event.Profile, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return one(conn, selectProfile, "profile", func(p *params) { p.id(org).text(userID) }, func(r *row) { found = r.profile() })
	})
	return found, err
}

// PutProfile implements event.Profiles.
func (s *Store) PutProfile(ctx context.Context, org id.ID, given event.Profile) error {
	query, bind := insertProfile, func(p *params) { p.profile(org, given) }
	if given.Version != 0 {
		query, bind = updateProfile, func(p *params) { p.profile(org, given).int(given.Version) }
	}
	return s.write(ctx, func(conn *sqlite.Conn) error {
		stored, err := execute(conn, query, bind)
		if err == nil && stored == 0 {
			return changedMeanwhile("profile")
		}
		return err
	})
}

// profile binds the profile at its next version.
func (p *params) profile(org id.ID, given event.Profile) *params {
	p.text(given.Email).folded(given.Email).time(given.CreatedAt).time(given.UpdatedAt).int(given.Version + 1).blob(given.Traits)
	return p.id(org).text(given.UserID)
}

func (r *row) profile() event.Profile {
	return event.Profile{
		Org: r.id(), UserID: r.text(), Email: r.text(), Traits: r.blob(), CreatedAt: r.time(), UpdatedAt: r.time(), Version: r.int(),
	}
}
