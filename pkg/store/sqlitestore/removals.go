package sqlitestore

import (
	"context"
	"slices"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// batch is how many rows one operation removes or notes at most, so that no other write waits long for it.
const batch = 250

const (
	selectItems   = `SELECT org, ` + summaryColumns + `, ` + detailColumns + ` FROM feedback`
	feedbackOf    = selectItems + ` WHERE org = ? LIMIT ? + 0`
	feedbackOfApp = selectItems + ` WHERE org = ? AND app = ? LIMIT ? + 0`
	// Each walk is of one partial index; UNION drops what stands in several.
	feedbackOfPerson = selectItems + ` WHERE rowid IN (
		SELECT * FROM (SELECT rowid FROM feedback
			WHERE org = ?1 AND external_id = ?2 AND external_id <> '' AND (?4 IS NULL OR app = ?4) LIMIT ?5)
		UNION SELECT * FROM (SELECT rowid FROM feedback WHERE org = ?1 AND email_folded = ?3 AND (?4 IS NULL OR app = ?4) LIMIT ?5)
		UNION SELECT * FROM (SELECT rowid FROM feedback WHERE org = ?1 AND person = ?6 AND (?4 IS NULL OR app = ?4) LIMIT ?5)
		) LIMIT ?5`
	// Of items whose ids are given as JSON.
	deleteVotesOn = `DELETE FROM vote WHERE (` + voteKey + `) IN (SELECT ` + voteKey + ` FROM vote
		WHERE org = ? AND subject IN (SELECT unhex(value) FROM json_each(?)) LIMIT ?)`
	deleteCommentsOn = `DELETE FROM comment WHERE rowid IN (SELECT rowid FROM comment INDEXED BY comment_item
		WHERE org = ? AND item IN (SELECT unhex(value) FROM json_each(?)) LIMIT ? + 0)`
	deleteRunsOf   = `DELETE FROM run INDEXED BY run_feedback WHERE org = ? AND feedback = ?`
	deleteFeedback = `DELETE FROM feedback WHERE org = ? AND id = ?`

	slotsOf    = `SELECT ` + slotColumns + ` FROM slot WHERE org = ? LIMIT ? + 0`
	slotsOfApp = `SELECT ` + slotColumns + ` FROM slot INDEXED BY slot_app WHERE org = ? AND app = ? LIMIT ? + 0`
	deleteSlot = `DELETE FROM slot WHERE org = ? AND key = ?`

	deleteClaimsOf = `DELETE FROM claim WHERE (org, app, key) IN (SELECT org, app, key FROM claim WHERE org = ? AND app = ? LIMIT ?)`
	deleteApp      = `DELETE FROM app WHERE org = ? AND id = ?`
	deleteOrg      = `DELETE FROM org WHERE id = ?`
)

// deletesOf are what removes a batch of an Org's rows, in their order: the audit log last, for as long as anything is there.
func deletesOf() []string {
	of := func(table, key string) string {
		return `DELETE FROM ` + table + ` WHERE (` + key + `) IN (SELECT ` + key + ` FROM ` + table + ` WHERE org = ? LIMIT ?)`
	}
	return []string{
		of("api_key", "org, id"), of("session", "org, id"), of("invitation", "org, id"), of("member", "org, id"),
		of("last_use", "org, credential"), of("claim", "org, app, key"), of("app", "org, id"), of("run", "org, id"),
		of("vote", voteKey), of("comment", "rowid"), of("feedback", "rowid"), of("person", "rowid"), of("resource", "rowid"), of("event", "rowid"), of("profile", "rowid"), of("slot", "org, key"), of("incident", "rowid"),
		of("outcome", outcomeKey), of("refusal", refusalKey), of("audit", "org, seq"),
	}
}

// FeedbackOf implements erasure.Store.
func (s *Store) FeedbackOf(
	ctx context.Context, org id.ID, subject erasure.Subject, limit int,
) (items []feedback.Item, err error) {
	query, bind := feedbackOf, func(p *params) { p.id(org).int(int64(limit)) }
	switch {
	case names(subject):
		query, bind = feedbackOfPerson, func(p *params) {
			p.id(org).text(subject.ExternalUserID).folded(subject.Email).id(subject.App).int(int64(limit)).id(subject.Person)
		}
	case !subject.App.IsZero():
		query, bind = feedbackOfApp, func(p *params) { p.id(org).id(subject.App).int(int64(limit)) }
	}
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, query, bind, func(r *row) {
			item := r.summary(r.id())
			r.detail(&item)
			items = append(items, item)
		})
	})
	return items, err
}

// DeleteFeedback implements erasure.Store. An item goes after all that is about it: until then, it is found again.
func (s *Store) DeleteFeedback(ctx context.Context, org id.ID, items []id.ID) error {
	named := make([]string, len(items))
	for n, item := range items {
		named[n] = item.String()
	}
	of, err := encode(true, named)
	if err != nil {
		return refusal(ctx, err)
	}
	for _, query := range []string{deleteVotesOn, deleteCommentsOn} {
		if _, err := s.removeAll(ctx, query, func(p *params) { p.id(org).json(of) }); err != nil {
			return err
		}
	}
	return writeEach(ctx, s, items, func(conn *sqlite.Conn, item id.ID) error {
		if _, err := execute(conn, deleteRunsOf, func(p *params) { p.id(org).id(item) }); err != nil {
			return err
		}
		_, err := execute(conn, deleteFeedback, func(p *params) { p.id(org).id(item) })
		return err
	})
}

// SlotsOf implements erasure.Store.
func (s *Store) SlotsOf(ctx context.Context, org, app id.ID, limit int) (found []attachment.Slot, err error) {
	query, bind := slotsOf, func(p *params) { p.id(org).int(int64(limit)) }
	if !app.IsZero() {
		query, bind = slotsOfApp, func(p *params) { p.id(org).id(app).int(int64(limit)) }
	}
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, query, bind, func(r *row) { found = append(found, r.slot()) })
	})
	return found, err
}

// DeleteSlots implements erasure.Store.
func (s *Store) DeleteSlots(ctx context.Context, org id.ID, keys []string) error {
	return writeEach(ctx, s, keys, func(conn *sqlite.Conn, key string) error {
		_, err := execute(conn, deleteSlot, func(p *params) { p.id(org).text(key) })
		return err
	})
}

// DeleteApp implements erasure.Store. The App goes last: until then, whoever repeats this knows what to remove.
func (s *Store) DeleteApp(ctx context.Context, org, app id.ID) (removed int, err error) {
	for _, query := range []string{deleteClaimsOf, deleteOutcomesOf, deleteRefusalsOf} {
		n, err := s.removeAll(ctx, query, func(p *params) { p.id(org).id(app) })
		if removed += n; err != nil {
			return removed, err
		}
	}
	last, err := s.remove(ctx, deleteApp, func(p *params) { p.id(org).id(app) })
	return removed + last, err
}

// DeleteOrg implements erasure.Store.
func (s *Store) DeleteOrg(ctx context.Context, org id.ID) (removed int, err error) {
	for _, query := range deletesOf() {
		n, err := s.removeAll(ctx, query, func(p *params) { p.id(org) })
		if removed += n; err != nil {
			return removed, err
		}
	}
	last, err := s.remove(ctx, deleteOrg, func(p *params) { p.id(org) })
	return removed + last, err
}

// removeAll repeats a removal, whose last parameter is how many rows it may remove, until nothing is left.
func (s *Store) removeAll(ctx context.Context, query string, bind func(p *params)) (removed int, err error) {
	for {
		n, err := s.remove(ctx, query, func(p *params) { bind(p); p.int(batch) })
		if removed += n; err != nil || n < batch {
			return removed, err
		}
	}
}

func (s *Store) remove(ctx context.Context, query string, bind func(p *params)) (removed int, err error) {
	err = s.write(ctx, func(conn *sqlite.Conn) (err error) {
		removed, err = execute(conn, query, bind)
		return err
	})
	return removed, err
}

// writeEach has do write every row, a batch in each operation. What do writes of one row stands for itself and may be
// repeated: one that fails leaves those before it.
func writeEach[T any](ctx context.Context, s *Store, rows []T, do func(conn *sqlite.Conn, row T) error) error {
	for some := range slices.Chunk(rows, batch) {
		err := s.write(ctx, func(conn *sqlite.Conn) error {
			for _, row := range some {
				if err := do(conn, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
