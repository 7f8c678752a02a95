package sqlitestore

import (
	"context"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

const (
	overrideColumns = `name, org, policy, "limit", burst, created_by, created_at`
	putOverride     = `INSERT OR REPLACE INTO limit_override (` + overrideColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?)`
	selectOverrides = `SELECT ` + overrideColumns + ` FROM limit_override ORDER BY name`
	deleteOverride  = `DELETE FROM limit_override WHERE name = ?`
)

// Overrides implements limit.Store.
func (s *Store) Overrides(ctx context.Context) (all []limit.Override, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, selectOverrides, noParams, func(r *row) {
			all = append(all, limit.Override{
				Name: r.text(), Org: r.text(), Policy: r.text(), Rate: tenant.Rate{Limit: r.int(), Burst: r.int()},
				CreatedBy: r.text(), CreatedAt: r.time(),
			})
		})
	})
	return all, err
}

// PutOverride implements limit.Store.
func (s *Store) PutOverride(ctx context.Context, o limit.Override) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		_, err := execute(conn, putOverride, func(p *params) {
			p.text(o.Name).text(o.Org).text(o.Policy).int(o.Rate.Limit).int(o.Rate.Burst).text(o.CreatedBy).time(o.CreatedAt)
		})
		return err
	})
}

// DeleteOverride implements limit.Store.
func (s *Store) DeleteOverride(ctx context.Context, name string) error {
	return s.delete(ctx, deleteOverride, "override", func(p *params) { p.text(name) })
}
