package sqlitestore

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	summaryColumns = `id, app, status, duplicate_of, mode, external_id, email, name, severity, created_at, updated_at,
		width, height, pixel_ratio, url, user_agent, claims, text`
	detailColumns = `metadata, target, target_meta, attachments, console`

	insertFeedback = `INSERT INTO feedback (org, ` + summaryColumns + `, ` + detailColumns + `, duplicate, email_folded)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectFeedback = `SELECT ` + summaryColumns + `, ` + detailColumns + ` FROM feedback WHERE org = ? AND id = ?`
	existsFeedback = `SELECT 1 FROM feedback WHERE org = ? AND id = ?`
	moveFeedback   = `UPDATE feedback SET status = ?, updated_at = ? WHERE org = ? AND id = ? AND status = ?`
)

// InsertFeedback implements feedback.Store.
func (s *Store) InsertFeedback(ctx context.Context, org id.ID, item feedback.Item) error {
	detail, err := encodeDetail(item)
	if err != nil {
		return refusal(ctx, err)
	}
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return insert(conn, insertFeedback, "feedback", func(p *params) {
			p.id(org).summary(item).detail(item, detail).bool(!item.DuplicateOf.IsZero()).folded(item.Submitter.Email)
		})
	})
}

// Feedback implements feedback.Store.
func (s *Store) Feedback(ctx context.Context, org, item id.ID) (found feedback.Item, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error { return wholeItem(conn, org, item, &found) })
	return found, err
}

// ListFeedback implements feedback.Store.
func (s *Store) ListFeedback(ctx context.Context, org id.ID, query feedback.Query) (page feedback.Page, err error) {
	limit := max(query.Limit, 1)
	items := make([]feedback.Item, 0, min(limit, 100)+1)
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, pageQuery(query), func(p *params) { bindPage(p, org, query, int64(limit)+1) },
			func(r *row) { items = append(items, r.summary(org)) })
	})
	if err != nil {
		return feedback.Page{}, err
	}
	if len(items) > limit {
		items = items[:limit]
		page.Next = items[limit-1].ID
	}
	page.Items = items
	return page, nil
}

// MoveFeedback implements feedback.Store.
func (s *Store) MoveFeedback(
	ctx context.Context, org, item id.ID, from, to feedback.Status, at time.Time,
) (moved feedback.Item, err error) {
	err = s.write(ctx, func(conn *sqlite.Conn) error {
		err := compareAndSet(conn, moveFeedback, existsFeedback, "feedback",
			func(p *params) { p.text(string(to)).time(at).id(org).id(item).text(string(from)) },
			func(p *params) { p.id(org).id(item) })
		if err != nil {
			return err
		}
		return wholeItem(conn, org, item, &moved)
	})
	return moved, err
}

func wholeItem(conn *sqlite.Conn, org, item id.ID, found *feedback.Item) error {
	return one(conn, selectFeedback, "feedback", func(p *params) { p.id(org).id(item) }, func(r *row) {
		*found = r.summary(org)
		r.detail(found)
	})
}
