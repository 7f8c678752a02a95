package sqlitestore

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	claim = `INSERT INTO claim (org, app, key, body_hash, item, created_at, lease_until) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (org, app, key) DO UPDATE SET body_hash = excluded.body_hash, item = excluded.item,
		created_at = excluded.created_at, lease_until = excluded.lease_until WHERE created_at < ?`
	selectClaim = `SELECT app, key, body_hash, item, created_at, lease_until FROM claim WHERE org = ? AND app = ? AND key = ?`
	takeOver    = `UPDATE claim SET lease_until = ?
		WHERE org = ? AND app = ? AND key = ? AND item = ? AND lease_until = ? AND created_at = ?`
	releaseClaim = `DELETE FROM claim WHERE org = ? AND app = ? AND key = ? AND item = ? AND lease_until = ? AND created_at = ?`
	sweepClaims  = `DELETE FROM claim WHERE (org, app, key) IN (SELECT org, app, key FROM claim WHERE created_at < ? LIMIT ?)`
)

// Claim implements idempotency.Store.
func (s *Store) Claim(
	ctx context.Context, org id.ID, mine idempotency.Claim, expired time.Time,
) (standing idempotency.Claim, err error) {
	err = s.write(ctx, func(conn *sqlite.Conn) error {
		_, err := execute(conn, claim, func(p *params) {
			p.id(org).id(mine.App).text(mine.Key).blob(mine.BodyHash[:]).id(mine.Item).time(mine.CreatedAt).time(mine.LeaseUntil)
			p.time(expired)
		})
		if err != nil {
			return err
		}
		return one(conn, selectClaim, "claim", func(p *params) { p.id(org).id(mine.App).text(mine.Key) },
			func(r *row) { standing = r.claim() })
	})
	return standing, err
}

// TakeOver implements idempotency.Store.
func (s *Store) TakeOver(ctx context.Context, org id.ID, standing idempotency.Claim, leaseUntil time.Time) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		changed, err := execute(conn, takeOver, func(p *params) { p.time(leaseUntil).asGiven(org, standing) })
		if err == nil && changed == 0 {
			return changedMeanwhile("claim")
		}
		return err
	})
}

// ReleaseClaim implements idempotency.Store.
func (s *Store) ReleaseClaim(ctx context.Context, org id.ID, claim idempotency.Claim) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		_, err := execute(conn, releaseClaim, func(p *params) { p.asGiven(org, claim) })
		return err
	})
}

// SweepClaims implements idempotency.Store.
func (s *Store) SweepClaims(ctx context.Context, expired time.Time, limit int) (int, error) {
	return s.sweep(ctx, sweepClaims, expired, limit)
}

func (s *Store) sweep(ctx context.Context, query string, expired time.Time, limit int) (swept int, err error) {
	err = s.write(ctx, func(conn *sqlite.Conn) (err error) {
		swept, err = execute(conn, query, func(p *params) { p.time(expired).int(int64(limit)) })
		return err
	})
	return swept, err
}

func (p *params) asGiven(org id.ID, claim idempotency.Claim) *params {
	return p.id(org).id(claim.App).text(claim.Key).id(claim.Item).time(claim.LeaseUntil).time(claim.CreatedAt)
}

func (r *row) claim() idempotency.Claim {
	claim := idempotency.Claim{App: r.id(), Key: r.text()}
	copy(claim.BodyHash[:], r.blob())
	claim.Item, claim.CreatedAt, claim.LeaseUntil = r.id(), r.time(), r.time()
	return claim
}
