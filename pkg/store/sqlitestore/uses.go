package sqlitestore

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	touchUse = `INSERT INTO last_use (org, credential, at) VALUES (?, ?, ?)
		ON CONFLICT (org, credential) DO UPDATE SET at = excluded.at WHERE at < excluded.at`
	selectUse = `SELECT at FROM last_use WHERE org = ? AND credential = ?`
)

// TouchUses implements usage.Store.
func (s *Store) TouchUses(ctx context.Context, uses []usage.Use) error {
	return writeEach(ctx, s, uses, func(conn *sqlite.Conn, use usage.Use) error {
		_, err := execute(conn, touchUse, func(p *params) { p.id(use.Org).id(use.Credential).time(use.At) })
		return err
	})
}

// LastUses implements usage.Store.
func (s *Store) LastUses(ctx context.Context, org id.ID, credentials []id.ID) (map[id.ID]time.Time, error) {
	last := make(map[id.ID]time.Time, len(credentials))
	err := s.read(ctx, func(conn *sqlite.Conn) error {
		for _, credential := range credentials {
			bind := func(p *params) { p.id(org).id(credential) }
			if err := each(conn, selectUse, bind, func(r *row) { last[credential] = r.time() }); err != nil {
				return err
			}
		}
		return nil
	})
	return last, err
}
