package sqlitestore

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	refusalKey     = `org, app, at, request_id, code`
	refusalColumns = refusalKey + `, key, category, route, message, policy, items, issues, sample`
	insertRefusal  = `INSERT INTO refusal (` + refusalColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (` + refusalKey + `) DO NOTHING`
	trimRefusals = `DELETE FROM refusal WHERE (` + refusalKey + `) IN (
		SELECT ` + refusalKey + ` FROM refusal WHERE org = ? AND app = ? ORDER BY at DESC, request_id DESC, code DESC LIMIT ? OFFSET ?)`
	selectRefusals = `SELECT ` + refusalColumns + ` FROM refusal`
	newestRefusals = selectRefusals + ` INDEXED BY refusal_org WHERE org = ?
		ORDER BY at DESC, request_id DESC, code DESC LIMIT ? + 0`
	newestRefusalsOfApp = selectRefusals + ` WHERE org = ? AND app = ? ORDER BY at DESC, request_id DESC, code DESC LIMIT ? + 0`
	sweepRefusals       = `DELETE FROM refusal WHERE (` + refusalKey + `) IN (SELECT ` + refusalKey + ` FROM refusal WHERE at < ? LIMIT ?)`
	deleteRefusalsOf    = `DELETE FROM refusal WHERE (` + refusalKey + `) IN (
		SELECT ` + refusalKey + ` FROM refusal WHERE org = ? AND app = ? LIMIT ?)`
)

// KeepRefusals implements outcome.Store.
func (s *Store) KeepRefusals(ctx context.Context, refusals []outcome.Refusal) error {
	type whose struct{ org, app id.ID }
	known, all := map[whose]bool{}, []whose(nil)
	err := writeEach(ctx, s, refusals, func(conn *sqlite.Conn, given outcome.Refusal) error {
		issues, err := encode(given.Issues != nil, given.Issues)
		if err != nil {
			return err
		}
		_, err = execute(conn, insertRefusal, func(p *params) {
			p.id(given.Org).blob(given.App[:]).time(given.At).text(given.RequestID).text(string(given.Code)).blob(given.Key[:])
			p.text(given.Category).text(given.Route).text(given.Message).text(given.Policy).int(given.Items).json(issues).text(given.Sample)
		})
		return err
	})
	if err != nil {
		return err
	}
	for _, given := range refusals {
		if of := (whose{given.Org, given.App}); !known[of] {
			known[of], all = true, append(all, of)
		}
	}
	return writeEach(ctx, s, all, func(conn *sqlite.Conn, of whose) error {
		for {
			gone, err := execute(conn, trimRefusals, func(p *params) { p.id(of.org).blob(of.app[:]).int(batch).int(outcome.PerApp) })
			if err != nil || gone < batch {
				return err
			}
		}
	})
}

// Refusals implements outcome.Store.
func (s *Store) Refusals(ctx context.Context, org, app id.ID, limit int) (newest []outcome.Refusal, err error) {
	query, bind := newestRefusals, func(p *params) { p.id(org).int(int64(limit)) }
	if !app.IsZero() {
		query, bind = newestRefusalsOfApp, func(p *params) { p.id(org).id(app).int(int64(limit)) }
	}
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, query, bind, func(r *row) {
			found := outcome.Refusal{
				Org: r.id(), App: r.id(), At: r.time(), RequestID: r.text(), Code: apierr.Code(r.text()), Key: r.id(),
				Category: r.text(), Route: r.text(), Message: r.text(), Policy: r.text(), Items: r.int(),
			}
			r.json(&found.Issues)
			found.Sample = r.text()
			newest = append(newest, found)
		})
	})
	return newest, err
}

// SweepRefusals implements outcome.Store.
func (s *Store) SweepRefusals(ctx context.Context, expired time.Time, limit int) (int, error) {
	return s.sweep(ctx, sweepRefusals, expired, limit)
}
