package sqlitestore

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	sessionFields = `member, rotation, address, user_agent, created_at, refreshed_at, expires_at, ended_at, end_reason`
	insertSession = `INSERT INTO session (` + sessionFields + `, org, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	rotateSession = `UPDATE session SET (` + sessionFields + `) = (?, ?, ?, ?, ?, ?, ?, ?, ?)
		WHERE org = ? AND id = ? AND rotation = ? AND ended_at IS NULL`
	selectSession      = `SELECT ` + sessionFields + `, org, id FROM session WHERE org = ? AND id = ?`
	selectLiveSessions = `SELECT ` + sessionFields + `, org, id FROM session INDEXED BY session_live
		WHERE org = ? AND member = ? AND ended_at IS NULL ORDER BY id`
	existsSession = `SELECT 1 FROM session WHERE org = ? AND id = ?`
	endSession    = `UPDATE session SET ended_at = ?, end_reason = ? WHERE org = ? AND id = ? AND ended_at IS NULL`
	endSessions   = `UPDATE session INDEXED BY session_live SET ended_at = ?, end_reason = ?
		WHERE org = ? AND member = ? AND ended_at IS NULL`
	sweepSessions = `DELETE FROM session WHERE (org, id) IN (SELECT org, id FROM session WHERE expires_at < ? LIMIT ?)`
)

// CreateSession implements session.Store.
func (s *Store) CreateSession(ctx context.Context, org id.ID, given session.Session) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return insert(conn, insertSession, "session", func(p *params) { p.session(org, given) })
	})
}

// Session implements session.Store.
func (s *Store) Session(ctx context.Context, org, wanted id.ID) (found session.Session, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return one(conn, selectSession, "session", func(p *params) { p.id(org).id(wanted) }, func(r *row) { found = r.session() })
	})
	return found, err
}

// Sessions implements session.Store.
func (s *Store) Sessions(ctx context.Context, org, member id.ID) (live []session.Session, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, selectLiveSessions, func(p *params) { p.id(org).id(member) },
			func(r *row) { live = append(live, r.session()) })
	})
	return live, err
}

// RotateSession implements session.Store.
func (s *Store) RotateSession(ctx context.Context, org id.ID, next session.Session, rotation int64) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return compareAndSet(conn, rotateSession, existsSession, "session",
			func(p *params) { p.session(org, next).int(rotation) },
			func(p *params) { p.id(org).id(next.ID) })
	})
}

// EndSession implements session.Store.
func (s *Store) EndSession(ctx context.Context, org, ended id.ID, at time.Time, reason string) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		changed, err := execute(conn, endSession, func(p *params) { p.time(at).text(reason).id(org).id(ended) })
		if err != nil || changed > 0 {
			return err
		}
		return one(conn, existsSession, "session", func(p *params) { p.id(org).id(ended) }, func(*row) {})
	})
}

// EndSessions implements session.Store.
func (s *Store) EndSessions(ctx context.Context, org, member id.ID, at time.Time, reason string) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		_, err := execute(conn, endSessions, func(p *params) { p.time(at).text(reason).id(org).id(member) })
		return err
	})
}

// SweepSessions implements session.Store.
func (s *Store) SweepSessions(ctx context.Context, expired time.Time, limit int) (int, error) {
	return s.sweep(ctx, sweepSessions, expired, limit)
}

func (p *params) session(org id.ID, given session.Session) *params {
	p.id(given.Member).int(given.Rotation).text(given.Address).text(given.UserAgent).time(given.CreatedAt)
	return p.time(given.RefreshedAt).time(given.ExpiresAt).time(given.EndedAt).text(given.EndReason).id(org).id(given.ID)
}

func (r *row) session() session.Session {
	return session.Session{
		Member: r.id(), Rotation: r.int(), Address: r.text(), UserAgent: r.text(), CreatedAt: r.time(), RefreshedAt: r.time(),
		ExpiresAt: r.time(), EndedAt: r.time(), EndReason: r.text(), Org: r.id(), ID: r.id(),
	}
}
