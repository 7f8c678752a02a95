package sqlitestore

import (
	"bytes"
	"context"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	summaryColumns = `id, app, status, duplicate_of, votes, board, assignee, person, member, archived_at, archived_from,
		mode, external_id, email, name, severity, created_at, updated_at, width, height, pixel_ratio, url, user_agent, claims,
		tags, title, text`
	detailColumns  = `metadata, target, target_meta, attachments, console`
	derivedColumns = `duplicate, stage, heat, email_folded`

	insertFeedback = `INSERT INTO feedback (org, ` + summaryColumns + `, ` + detailColumns + `, ` + derivedColumns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectFeedback = `SELECT ` + summaryColumns + `, ` + detailColumns + ` FROM feedback WHERE org = ? AND id = ?`
	existsFeedback = `SELECT 1 FROM feedback WHERE org = ? AND id = ?`
	amendFeedback  = `UPDATE feedback SET status = ?, archived_at = ?, archived_from = ?, duplicate = ?, stage = ?, duplicate_of = ?,
		severity = ?, title = ?, text = ?, board = ?, tags = ?, assignee = ?, metadata = ?, updated_at = ? WHERE org = ? AND id = ?`
	countFeedback = `SELECT status, count(*) FROM feedback INDEXED BY feedback_status WHERE org = ? GROUP BY status`

	feedbackByPerson     = `SELECT id FROM feedback WHERE org = ? AND person = ? AND id < ? ORDER BY id DESC LIMIT ? + 0`
	feedbackByExternalID = `SELECT id FROM feedback WHERE org = ? AND external_id = ? AND external_id <> '' AND mode = 'private' AND id < ?
		ORDER BY id DESC LIMIT ? + 0`
)

// InsertFeedback implements feedback.Store.
func (s *Store) InsertFeedback(ctx context.Context, org id.ID, item feedback.Item) error {
	item.Votes = 0
	encoded, err := encodeItem(item)
	if err != nil {
		return refusal(ctx, err)
	}
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return insert(conn, insertFeedback, "feedback", func(p *params) {
			p.id(org).summary(item, encoded).detail(item, encoded).stands(item)
			p.int(feedback.Heat(item.Votes, item.CreatedAt)).folded(item.Submitter.Email)
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

// AmendFeedback implements feedback.Store.
func (s *Store) AmendFeedback(
	ctx context.Context, org, item id.ID, from feedback.Status, change feedback.Change, at time.Time,
) (amended feedback.Item, err error) {
	err = s.write(ctx, func(conn *sqlite.Conn) error {
		var found feedback.Item
		if err := wholeItem(conn, org, item, &found); err != nil {
			return err
		}
		if found.Status != from {
			return changedMeanwhile("feedback")
		}
		found = found.Amended(change, at)
		tags, err := encode(found.Tags != nil, found.Tags)
		if err != nil {
			return err
		}
		amended = found
		_, err = execute(conn, amendFeedback, func(p *params) { p.amended(found, tags).id(org).id(item) })
		return err
	})
	if err != nil {
		return feedback.Item{}, err
	}
	return amended, nil
}

// CountFeedback implements feedback.Store.
func (s *Store) CountFeedback(ctx context.Context, org id.ID) (map[feedback.Status]int64, error) {
	counts := map[feedback.Status]int64{}
	err := s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, countFeedback, func(p *params) { p.id(org) }, func(r *row) { counts[feedback.Status(r.text())] = r.int() })
	})
	return counts, err
}

// FeedbackBy implements feedback.Store. It walks what each record and each external id said, as far as all of them together
// may fill.
func (s *Store) FeedbackBy(
	ctx context.Context, org id.ID, by feedback.By, before id.ID, limit int,
) (items []feedback.Item, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		newest, err := idsBy(conn, org, by, before, limit)
		if err != nil {
			return err
		}
		for _, item := range newest {
			var found feedback.Item
			switch err := wholeItem(conn, org, item, &found); {
			case err == nil:
				items = append(items, found)
			case apierr.KindOf(err) != apierr.NotFound: // it was removed since
				return err
			}
		}
		return nil
	})
	return items, err
}

func idsBy(conn *sqlite.Conn, org id.ID, by feedback.By, before id.ID, limit int) (newest []id.ID, err error) {
	note := func(r *row) { newest = append(newest, r.id()) }
	for _, person := range by.Persons {
		bind := func(p *params) { p.id(org).id(person).before(before).int(int64(limit)) }
		if err := each(conn, feedbackByPerson, bind, note); err != nil {
			return nil, err
		}
	}
	for _, externalID := range by.ExternalIDs {
		bind := func(p *params) { p.id(org).text(externalID).before(before).int(int64(limit)) }
		if err := each(conn, feedbackByExternalID, bind, note); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(newest, func(a, b id.ID) int { return bytes.Compare(b[:], a[:]) })
	newest = slices.Compact(newest)
	return newest[:min(limit, len(newest))], nil
}

func wholeItem(conn *sqlite.Conn, org, item id.ID, found *feedback.Item) error {
	return one(conn, selectFeedback, "feedback", func(p *params) { p.id(org).id(item) }, func(r *row) {
		*found = r.summary(org)
		r.detail(found)
	})
}
