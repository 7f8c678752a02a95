package sqlitestore

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	erasureFields = `kind, app, person, external_id, email, requested_by, requested_at, due_at, lease_until, done_at, feedback, attachments,
		events, votes, comments, records, version`
	insertErasure = `INSERT INTO erasure (` + erasureFields + `, org, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateErasure = `UPDATE erasure SET (` + erasureFields + `) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		WHERE org = ? AND id = ? AND version = ?`
	selectErasures = `SELECT ` + erasureFields + `, org, id FROM erasure WHERE org = ?`
	selectErasure  = selectErasures + ` AND id = ?`
	newestErasures = selectErasures + ` ORDER BY id DESC LIMIT 100`
	existsErasure  = `SELECT 1 FROM erasure WHERE org = ? AND id = ?`
	dropErasure    = `DELETE FROM erasure WHERE org = ? AND id = ? AND done_at IS NULL`

	// The next version is for whoever claims it: with the former one nobody stores anything any more.
	claimErasure = `UPDATE erasure SET lease_until = ?2, version = version + 1 WHERE (org, id) = (SELECT org, id FROM erasure
		WHERE done_at IS NULL AND due_at <= ?1 AND (lease_until IS NULL OR lease_until <= ?1) ORDER BY due_at LIMIT 1)
		RETURNING ` + erasureFields + `, org, id`
)

// CreateErasure implements erasure.Store.
func (s *Store) CreateErasure(ctx context.Context, org id.ID, given erasure.Erasure) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return insert(conn, insertErasure, "erasure", func(p *params) { p.erasure(org, given) })
	})
}

// Erasure implements erasure.Store.
func (s *Store) Erasure(ctx context.Context, org, wanted id.ID) (found erasure.Erasure, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return one(conn, selectErasure, "erasure", func(p *params) { p.id(org).id(wanted) }, func(r *row) { found = r.erasure() })
	})
	return found, err
}

// Erasures implements erasure.Store.
func (s *Store) Erasures(ctx context.Context, org id.ID) (newest []erasure.Erasure, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, newestErasures, func(p *params) { p.id(org) }, func(r *row) { newest = append(newest, r.erasure()) })
	})
	return newest, err
}

// ClaimErasure implements erasure.Store.
func (s *Store) ClaimErasure(ctx context.Context, now, lease time.Time) (claimed erasure.Erasure, err error) {
	err = s.write(ctx, func(conn *sqlite.Conn) error {
		return one(conn, claimErasure, "erasure", func(p *params) { p.time(now).time(lease) },
			func(r *row) { claimed = r.erasure() })
	})
	return claimed, err
}

// ReplaceErasure implements erasure.Store.
func (s *Store) ReplaceErasure(ctx context.Context, org id.ID, given erasure.Erasure) error {
	next := given
	next.Version++
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return compareAndSet(conn, updateErasure, existsErasure, "erasure",
			func(p *params) { p.erasure(org, next).int(given.Version) },
			func(p *params) { p.id(org).id(given.ID) })
	})
}

// DropErasure implements erasure.Store.
func (s *Store) DropErasure(ctx context.Context, org, dropped id.ID) error {
	key := func(p *params) { p.id(org).id(dropped) }
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return compareAndSet(conn, dropErasure, existsErasure, "erasure", key, key)
	})
}

func (p *params) erasure(org id.ID, given erasure.Erasure) *params {
	p.text(string(given.Kind)).id(given.Subject.App).id(given.Subject.Person).text(given.Subject.ExternalUserID).text(given.Subject.Email)
	p.text(given.RequestedBy).time(given.RequestedAt).time(given.DueAt).time(given.LeaseUntil).time(given.DoneAt)
	p.int(int64(given.Receipt.Feedback)).int(int64(given.Receipt.Attachments)).int(int64(given.Receipt.Events))
	p.int(int64(given.Receipt.Votes)).int(int64(given.Receipt.Comments)).int(int64(given.Receipt.Records))
	return p.int(given.Version).id(org).id(given.ID)
}

func (r *row) erasure() erasure.Erasure {
	return erasure.Erasure{
		Kind:        erasure.Kind(r.text()),
		Subject:     erasure.Subject{App: r.id(), Person: r.id(), ExternalUserID: r.text(), Email: r.text()},
		RequestedBy: r.text(), RequestedAt: r.time(), DueAt: r.time(), LeaseUntil: r.time(), DoneAt: r.time(),
		Receipt: erasure.Receipt{
			Feedback: int(r.int()), Attachments: int(r.int()), Events: int(r.int()), Votes: int(r.int()), Comments: int(r.int()),
			Records: int(r.int()),
		},
		Version: r.int(), Org: r.id(), ID: r.id(),
	}
}
