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
	keyColumns = `org, id, format, name, hash, prefix, last4, scopes, app, networks, creator, created_by, created_at, not_before,
		expires_at, revoked_at, replaces, leak_at, leak_source, leak_url, limit_limit, limit_burst`
	insertKey = `INSERT INTO api_key (` + keyColumns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectKey       = `SELECT ` + keyColumns + ` FROM api_key`
	selectKeyByID   = selectKey + ` WHERE org = ? AND id = ?`
	selectKeyByHash = selectKey + ` WHERE hash = ?`
	selectKeys      = selectKey + ` WHERE org = ? ORDER BY id`

	revokeKey = `UPDATE api_key SET revoked_at = ?3 WHERE org = ?1 AND id = ?2 AND revoked_at IS NULL`
	expireKey = `UPDATE api_key SET expires_at = ?3 WHERE org = ?1 AND id = ?2 AND (expires_at IS NULL OR expires_at > ?3)`
	noteLeak  = `UPDATE api_key SET leak_at = ?3, leak_source = ?4, leak_url = ?5 WHERE org = ?1 AND id = ?2 AND leak_source IS NULL`
)

// CreateKey implements apikey.Store.
func (s *Store) CreateKey(ctx context.Context, org id.ID, key apikey.Key) error {
	scopes, err := encode(key.Scopes != nil, key.Scopes)
	if err != nil {
		return refusal(ctx, err)
	}
	networks, err := encode(key.Networks != nil, key.Networks)
	if err != nil {
		return refusal(ctx, err)
	}
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return insert(conn, insertKey, "key", func(p *params) {
			p.id(org).id(key.ID).text(key.Format).text(key.Name).blob(key.Hash[:]).text(key.Prefix).text(key.Last4)
			p.json(scopes).id(key.App).json(networks).id(key.Creator).text(key.CreatedBy)
			p.time(key.CreatedAt).time(key.NotBefore).time(key.ExpiresAt).time(key.RevokedAt).id(key.Replaces)
			if key.Leak == nil {
				p.null().null().null()
			} else {
				p.leak(*key.Leak)
			}
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
	return s.key(ctx, selectKeyByHash, func(p *params) { p.blob(hash[:]) })
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
		return each(conn, selectKeys, func(p *params) { p.id(org) }, func(r *row) { all = append(all, r.key()) })
	})
	return all, err
}

// RevokeKey implements apikey.Store.
func (s *Store) RevokeKey(ctx context.Context, org, key id.ID, at time.Time) (apikey.Key, error) {
	return s.changeKey(ctx, org, key, revokeKey, func(p *params) { p.time(at) })
}

// ExpireKey implements apikey.Store.
func (s *Store) ExpireKey(ctx context.Context, org, key id.ID, at time.Time) (apikey.Key, error) {
	return s.changeKey(ctx, org, key, expireKey, func(p *params) { p.time(at) })
}

// NoteLeak implements apikey.Store.
func (s *Store) NoteLeak(ctx context.Context, org, key id.ID, leak apikey.Leak) (apikey.Key, error) {
	return s.changeKey(ctx, org, key, noteLeak, func(p *params) { p.leak(leak) })
}

// changeKey runs an update that leaves a key alone which needs none, and gives the key as it is then.
func (s *Store) changeKey(
	ctx context.Context, org, key id.ID, update string, bind func(p *params),
) (changed apikey.Key, err error) {
	err = s.write(ctx, func(conn *sqlite.Conn) error {
		if _, err := execute(conn, update, func(p *params) { bind(p.id(org).id(key)) }); err != nil {
			return err
		}
		return one(conn, selectKeyByID, "key", func(p *params) { p.id(org).id(key) }, func(r *row) { changed = r.key() })
	})
	return changed, err
}

func (p *params) leak(leak apikey.Leak) *params {
	return p.time(leak.At).text(leak.Source).text(leak.URL)
}

func (r *row) key() apikey.Key {
	key := apikey.Key{Org: r.id(), ID: r.id(), Format: r.text(), Name: r.text()}
	copy(key.Hash[:], r.blob())
	key.Prefix, key.Last4 = r.text(), r.text()
	r.json(&key.Scopes)
	key.App = r.id()
	r.json(&key.Networks)
	key.Creator, key.CreatedBy, key.CreatedAt, key.NotBefore = r.id(), r.text(), r.time(), r.time()
	key.ExpiresAt, key.RevokedAt, key.Replaces = r.time(), r.time(), r.id()
	leak := apikey.Leak{At: r.time()}
	found := !r.null()
	if leak.Source, leak.URL = r.text(), r.text(); found {
		key.Leak = &leak
	}
	if !r.null() {
		key.Limit = &tenant.Rate{Limit: r.int(), Burst: r.int()}
	}
	return key
}
