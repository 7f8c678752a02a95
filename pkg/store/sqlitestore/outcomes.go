package sqlitestore

import (
	"context"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	outcomeKey = `org, hour, app, key, category, reason`
	addOutcome = `INSERT INTO outcome (` + outcomeKey + `, requests, items) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (` + outcomeKey + `) DO UPDATE SET requests = requests + excluded.requests, items = items + excluded.items`
	sumOutcomes = `SELECT org, iif(?6 = 0, NULL, hour - hour % ?6) AS began, app, key, category, reason, sum(requests), sum(items) FROM outcome
		WHERE org = ?1 AND hour >= ?2 AND hour < ?3 AND (?4 IS NULL OR app = ?4) AND (?5 = '' OR category = ?5)
		GROUP BY began, app, key, category, reason ORDER BY began DESC, app, key, category, reason LIMIT ?7 + 0`
	sweepOutcomes    = `DELETE FROM outcome WHERE (` + outcomeKey + `) IN (SELECT ` + outcomeKey + ` FROM outcome WHERE hour < ? LIMIT ?)`
	deleteOutcomesOf = `DELETE FROM outcome WHERE (` + outcomeKey + `) IN (
		SELECT ` + outcomeKey + ` FROM outcome INDEXED BY outcome_app WHERE org = ? AND app = ? LIMIT ?)`
)

// AddOutcomes implements outcome.Store. What is on disk is always known, so it adds just what it tells.
func (s *Store) AddOutcomes(ctx context.Context, outcomes []outcome.Outcome) (added int, err error) {
	for some := range slices.Chunk(outcomes, batch) {
		n, failed := 0, error(nil)
		err := s.writeRows(ctx, len(some), func(conn *sqlite.Conn) error {
			for n = 0; n < len(some); n++ {
				if _, failed = execute(conn, addOutcome, func(p *params) { p.outcome(some[n]) }); failed != nil {
					break
				}
			}
			return nil // what was added before it stays
		})
		if err != nil {
			return added, err
		}
		if added += n; failed != nil {
			return added, refusal(ctx, failed)
		}
	}
	return added, nil
}

func (p *params) outcome(o outcome.Outcome) {
	p.id(o.Org).time(o.Hour).blob(o.App[:]).blob(o.Key[:]).text(o.Category).text(string(o.Reason)).int(o.Requests).int(o.Items)
}

// Outcomes implements outcome.Store.
func (s *Store) Outcomes(ctx context.Context, org id.ID, query outcome.Query) (sums []outcome.Outcome, err error) {
	step := map[outcome.Span]time.Duration{outcome.ByHour: time.Hour, outcome.ByDay: 24 * time.Hour}[query.By]
	from, to := query.Hours()
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, sumOutcomes, func(p *params) {
			p.id(org).int(from.UnixMilli()).int(to.UnixMilli()).id(query.App).text(query.Category)
			p.int(step.Milliseconds()).int(int64(query.Limit))
		}, func(r *row) {
			sums = append(sums, outcome.Outcome{
				Org: r.id(), Hour: r.time(), App: r.id(), Key: r.id(), Category: r.text(), Reason: apierr.Code(r.text()),
				Requests: r.int(), Items: r.int(),
			})
		})
	})
	return sums, err
}

// SweepOutcomes implements outcome.Store.
func (s *Store) SweepOutcomes(ctx context.Context, expired time.Time, limit int) (int, error) {
	return s.sweep(ctx, sweepOutcomes, expired, limit)
}
