package sqlitestore

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	insertKey = `INSERT INTO api_key (org, id, name, hash, prefix, last4, created_by, created_at, expires_at, revoked_at, limit_limit,
		limit_burst) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectKey = `SELECT org, id, name, hash, prefix, last4, created_by, created_at, expires_at, revoked_at, limit_limit, limit_burst
		FROM api_key`
	selectKeyByID = selectKey + ` WHERE org = ? AND id = ?`
	revokeKey     = `UPDATE api_key SET revoked_at = ? WHERE org = ? AND id = ? AND revoked_at IS NULL`
)

// CreateKey implements apikey.Store.
func (s *Store) CreateKey(ctx context.Context, org id.ID, key apikey.Key) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return insert(conn, insertKey, "key", func(p *params) {
			p.id(org).id(key.ID).text(key.Name).blob(key.Hash[:]).text(key.Prefix).text(key.Last4).text(key.CreatedBy)
			p.time(key.CreatedAt).time(key.ExpiresAt).time(key.RevokedAt)
			if key.Limit == nil {
				p.null().null()
			} else {
				p.int(key.Limit.Limit).int(key.Limit.Burst)
			}
		})
	})
}

// KeyByHash implements apikey.Store.
func (s *Store) KeyByHash(ctx context.Context, hash apikey.Hash) (apikey.Key, error) {
	return s.key(ctx, selectKey+` WHERE hash = ?`, func(p *params) { p.blob(hash[:]) })
}

// Key implements apikey.Store.
func (s *Store) Key(ctx context.Context, org, key id.ID) (apikey.Key, error) {
	return s.key(ctx, selectKeyByID, func(p *params) { p.id(org).id(key) })
}

func (s *Store) key(ctx context.Context, query string, bind func(p *params)) (found apikey.Key, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return one(conn, query, "key", bind, func(r *row) { found = r.key() })
	})
	return found, err
}

// Keys implements apikey.Store.
func (s *Store) Keys(ctx context.Context, org id.ID) (all []apikey.Key, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, selectKey+` WHERE org = ? ORDER BY id`, func(p *params) { p.id(org) },
			func(r *row) { all = append(all, r.key()) })
	})
	return all, err
}

// RevokeKey implements apikey.Store.
func (s *Store) RevokeKey(ctx context.Context, org, key id.ID, at time.Time) (revoked apikey.Key, err error) {
	err = s.write(ctx, func(conn *sqlite.Conn) error {
		if _, err := execute(conn, revokeKey, func(p *params) { p.time(at).id(org).id(key) }); err != nil {
			return err
		}
		return one(conn, selectKeyByID, "key", func(p *params) { p.id(org).id(key) }, func(r *row) { revoked = r.key() })
	})
	return revoked, err
}

func (r *row) key() apikey.Key {
	key := apikey.Key{Org: r.id(), ID: r.id(), Name: r.text()}
	copy(key.Hash[:], r.blob())
	key.Prefix, key.Last4, key.CreatedBy = r.text(), r.text(), r.text()
	key.CreatedAt, key.ExpiresAt, key.RevokedAt = r.time(), r.time(), r.time()
	if !r.null() {
		key.Limit = &tenant.Rate{Limit: r.int(), Burst: r.int()}
	}
	return key
}
