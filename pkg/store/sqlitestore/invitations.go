package sqlitestore

import (
	"context"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	invitationColumns = `org, id, email, role, hash, invited_by, created_at, expires_at`
	insertInvitation  = `INSERT INTO invitation (` + invitationColumns + `, email_folded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (org, email_folded) DO UPDATE SET (` + invitationColumns + `) = (excluded.org, excluded.id, excluded.email,
		excluded.role, excluded.hash, excluded.invited_by, excluded.created_at, excluded.expires_at)
		WHERE expires_at < excluded.created_at`
	selectInvitation       = `SELECT ` + invitationColumns + ` FROM invitation`
	selectInvitationByID   = selectInvitation + ` WHERE org = ? AND id = ?`
	selectInvitationByHash = selectInvitation + ` WHERE hash = ?`
	selectInvitations      = selectInvitation + ` WHERE org = ? ORDER BY id`
	deleteInvitation       = `DELETE FROM invitation WHERE org = ? AND id = ?`
)

// CreateInvitation implements tenant.Store.
func (s *Store) CreateInvitation(ctx context.Context, org id.ID, given tenant.Invitation) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		stored, err := execute(conn, insertInvitation, func(p *params) {
			p.id(org).id(given.ID).text(given.Email).text(string(given.Role)).blob(given.Hash[:]).text(given.InvitedBy)
			p.time(given.CreatedAt).time(given.ExpiresAt).text(fold(given.Email))
		})
		if err == nil && stored == 0 {
			return alreadyExists("invitation")
		}
		return unique("invitation", err)
	})
}

// Invitation implements tenant.Store.
func (s *Store) Invitation(ctx context.Context, org, invitation id.ID) (tenant.Invitation, error) {
	return s.invitation(ctx, selectInvitationByID, func(p *params) { p.id(org).id(invitation) })
}

// InvitationByHash implements tenant.Store.
func (s *Store) InvitationByHash(ctx context.Context, hash [32]byte) (tenant.Invitation, error) {
	return s.invitation(ctx, selectInvitationByHash, func(p *params) { p.blob(hash[:]) })
}

func (s *Store) invitation(ctx context.Context, query string, bind func(p *params)) (found tenant.Invitation, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return one(conn, query, "invitation", bind, func(r *row) { found = r.invitation() })
	})
	return found, err
}

// Invitations implements tenant.Store.
func (s *Store) Invitations(ctx context.Context, org id.ID) (all []tenant.Invitation, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, selectInvitations, func(p *params) { p.id(org) }, func(r *row) { all = append(all, r.invitation()) })
	})
	return all, err
}

// DeleteInvitation implements tenant.Store.
func (s *Store) DeleteInvitation(ctx context.Context, org, invitation id.ID) error {
	return s.delete(ctx, deleteInvitation, "invitation", func(p *params) { p.id(org).id(invitation) })
}

func (r *row) invitation() tenant.Invitation {
	invitation := tenant.Invitation{Org: r.id(), ID: r.id(), Email: r.text(), Role: access.Role(r.text())}
	copy(invitation.Hash[:], r.blob())
	invitation.InvitedBy, invitation.CreatedAt, invitation.ExpiresAt = r.text(), r.time(), r.time()
	return invitation
}
