package sqlitestore

import (
	"context"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	memberFields = `email, name, role, status, email_verified, password_hash, two_factor, created_at, updated_at, version`
	insertMember = `INSERT INTO member (` + memberFields + `, email_folded, org, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateMember = `UPDATE member SET (` + memberFields + `, email_folded) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		WHERE org = ? AND id = ? AND version = ?`
	selectMembers       = `SELECT ` + memberFields + `, org, id FROM member WHERE org = ?`
	selectMember        = selectMembers + ` AND id = ?`
	selectMemberByEmail = selectMembers + ` AND email_folded = ?`
	pageOfMembers       = selectMembers + ` ORDER BY id LIMIT ? + 0 OFFSET ? + 0`
	// The index is named because SQLite takes any walk of an Org's rows by its primary key for a short one. The role is
	// access.Owner's text, because a parameter would not show that the index holds it.
	selectOwners = `SELECT ` + memberFields + `, org, id FROM member INDEXED BY member_owner WHERE org = ? AND role = 'owner' ORDER BY id`

	existsMember = `SELECT 1 FROM member WHERE org = ? AND id = ?`
	deleteMember = `DELETE FROM member WHERE org = ? AND id = ?`
)

type twoFactorRow struct {
	Sealed    []byte   `json:"sealed,omitzero"`
	EnabledAt *int64   `json:"enabledAt,omitzero"`
	LastStep  int64    `json:"lastStep"`
	Recovery  [][]byte `json:"recovery,omitzero"`
}

// CreateMember implements tenant.Store.
func (s *Store) CreateMember(ctx context.Context, org id.ID, member tenant.Member) error {
	bind, err := memberParams(org, member)
	if err != nil {
		return refusal(ctx, err)
	}
	return s.write(ctx, func(conn *sqlite.Conn) error { return insert(conn, insertMember, "member", bind) })
}

// Member implements tenant.Store.
func (s *Store) Member(ctx context.Context, org, member id.ID) (tenant.Member, error) {
	return s.member(ctx, selectMember, func(p *params) { p.id(org).id(member) })
}

// MemberByEmail implements tenant.Store.
func (s *Store) MemberByEmail(ctx context.Context, org id.ID, email string) (tenant.Member, error) {
	return s.member(ctx, selectMemberByEmail, func(p *params) { p.id(org).text(fold(email)) })
}

func (s *Store) member(ctx context.Context, query string, bind func(p *params)) (found tenant.Member, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return one(conn, query, "member", bind, func(r *row) { found = r.member() })
	})
	return found, err
}

// Members implements tenant.Store.
func (s *Store) Members(ctx context.Context, org id.ID, offset, limit int) ([]tenant.Member, error) {
	if limit == 0 {
		limit = -1 // all
	}
	return s.members(ctx, pageOfMembers, func(p *params) { p.id(org).int(int64(limit)).int(int64(offset)) })
}

// Owners implements tenant.Store.
func (s *Store) Owners(ctx context.Context, org id.ID) ([]tenant.Member, error) {
	return s.members(ctx, selectOwners, func(p *params) { p.id(org) })
}

func (s *Store) members(ctx context.Context, query string, bind func(p *params)) (all []tenant.Member, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, query, bind, func(r *row) { all = append(all, r.member()) })
	})
	return all, err
}

// ReplaceMember implements tenant.Store.
func (s *Store) ReplaceMember(ctx context.Context, org id.ID, member tenant.Member) error {
	next := member
	next.Version++
	bind, err := memberParams(org, next)
	if err != nil {
		return refusal(ctx, err)
	}
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return compareAndSet(conn, updateMember, existsMember, "member",
			func(p *params) { bind(p); p.int(member.Version) },
			func(p *params) { p.id(org).id(member.ID) })
	})
}

// DeleteMember implements tenant.Store.
func (s *Store) DeleteMember(ctx context.Context, org, member id.ID) error {
	return s.delete(ctx, deleteMember, "member", func(p *params) { p.id(org).id(member) })
}

// delete removes one row; apierr.Missing(what) when there is none.
func (s *Store) delete(ctx context.Context, query, what string, bind func(p *params)) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		deleted, err := execute(conn, query, bind)
		if err == nil && deleted == 0 {
			return apierr.Missing(what)
		}
		return err
	})
}

// memberParams binds a member for insertMember, and for updateMember up to the version that it must have.
func memberParams(org id.ID, member tenant.Member) (func(p *params), error) {
	var factor twoFactorRow
	if f := member.TwoFactor; f != nil {
		factor = twoFactorRow{Sealed: f.Sealed, EnabledAt: millis(f.EnabledAt), LastStep: f.LastStep, Recovery: f.Recovery}
	}
	encoded, err := encode(member.TwoFactor != nil, factor)
	return func(p *params) {
		p.text(member.Email).text(member.Name).text(string(member.Role)).text(string(member.Status)).bool(member.EmailVerified)
		p.text(member.PasswordHash).json(encoded).time(member.CreatedAt).time(member.UpdatedAt).int(member.Version)
		p.text(fold(member.Email)).id(org).id(member.ID)
	}, err
}

func (r *row) member() tenant.Member {
	member := tenant.Member{
		Email: r.text(), Name: r.text(), Role: access.Role(r.text()), Status: tenant.Status(r.text()), EmailVerified: r.bool(),
		PasswordHash: r.text(),
	}
	var factor *twoFactorRow
	if r.json(&factor); factor != nil {
		member.TwoFactor = &tenant.TwoFactor{
			Sealed: factor.Sealed, EnabledAt: moment(factor.EnabledAt), LastStep: factor.LastStep, Recovery: factor.Recovery,
		}
	}
	member.CreatedAt, member.UpdatedAt, member.Version, member.Org, member.ID = r.time(), r.time(), r.int(), r.id(), r.id()
	return member
}
