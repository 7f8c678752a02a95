package sqlitestore

import (
	"context"
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

const selectSummary = `SELECT ` + summaryColumns + ` FROM feedback WHERE org = ? AND id = ?`

// BoardFeedback implements feedback.Store. Its walk is of an index alone unless the query chooses from it; only what is shown
// is read in full.
func (s *Store) BoardFeedback(ctx context.Context, org id.ID, query feedback.BoardQuery) (page feedback.BoardPage, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		walk := walkBoard
		if query.Picks() {
			walk = pickFromBoard
		}
		shown, total, err := walk(conn, org, query)
		if err != nil {
			return err
		}
		page.Items, page.Total = make([]feedback.Item, 0, len(shown)), total
		for _, item := range shown { // but what was removed since
			err := each(conn, selectSummary, func(p *params) { p.id(org).id(item) }, func(r *row) { page.Items = append(page.Items, r.summary(org)) })
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return feedback.BoardPage{}, err
	}
	return page, nil
}

func walkBoard(conn *sqlite.Conn, org id.ID, query feedback.BoardQuery) (shown []id.ID, total int64, err error) {
	first, most := query.Stretch()
	err = each(conn, boardWalk(query, ""), func(p *params) { p.board(org, query, most, first) }, func(r *row) { shown = append(shown, r.id()) })
	for _, stage := range query.Walks() {
		if err != nil {
			break
		}
		err = each(conn, boardCount(query), func(p *params) {
			p.id(org).id(query.Board).int(feedback.Window - total).text(string(stage))
		}, func(r *row) { total += r.int() })
	}
	return shown, total, err
}

func pickFromBoard(conn *sqlite.Conn, org id.ID, query feedback.BoardQuery) (shown []id.ID, total int64, err error) {
	columns := `, assignee, created_at`
	if query.For != nil {
		columns += `, app, board, person`
	}
	if query.Search != "" {
		columns += `, title, text`
	}
	first, most := query.Stretch()
	err = each(conn, boardWalk(query, columns), func(p *params) { p.board(org, query, feedback.Window, 0) }, func(r *row) {
		item := feedback.Item{ID: r.id(), Assignee: r.id(), CreatedAt: r.time()}
		if query.For != nil {
			item.App, item.Board, item.Submitter.Person = r.id(), r.id(), r.id()
		}
		if query.Search != "" {
			item.Title, item.Text = r.text(), r.text()
		}
		if !query.Selects(item) {
			return
		}
		if total++; total > int64(first) && len(shown) < most {
			shown = append(shown, item.ID)
		}
	})
	return shown, total, err
}

// boardWalk is the statement for a query: a walk of the one index that is in its order. Where there are several stages it is a
// walk for each, merged as they go, so that nothing is sorted.
func boardWalk(query feedback.BoardQuery, columns string) string {
	index, where, weight := boardPath(query)
	order := `id DESC`
	if weight != "" {
		columns, order = columns+`, `+weight, weight+` DESC, `+order
	}
	walks := make([]string, len(query.Walks()))
	for n := range walks {
		walks[n] = fmt.Sprintf(`SELECT id%s FROM feedback INDEXED BY %s WHERE %s AND stage = ?%d`, columns, index, where, n+5)
	}
	return strings.Join(walks, ` UNION ALL `) + ` ORDER BY ` + order + ` LIMIT ?3 + 0 OFFSET ?4 + 0`
}

func boardCount(query feedback.BoardQuery) string {
	query.Sort = feedback.Newest
	index, where, _ := boardPath(query)
	return `SELECT count(*) FROM (SELECT 1 FROM feedback INDEXED BY ` + index + ` WHERE ` + where + ` AND stage = ?4 LIMIT ?3 + 0)`
}

// boardPath is the index of a query, what it selects there besides a stage, and what it is ordered by before id.
func boardPath(query feedback.BoardQuery) (index, where, weight string) {
	index, where = `feedback_stage`, `org = ?1`
	if !query.Board.IsZero() {
		index, where = `feedback_board`, where+` AND board = ?2`
	}
	switch query.Sort {
	case feedback.Top:
		return index + `_votes`, where, `votes`
	case feedback.Trending:
		return index + `_heat`, where, `heat`
	default:
		return index, where, ``
	}
}

// board binds the query of boardWalk.
func (p *params) board(org id.ID, query feedback.BoardQuery, limit, offset int) {
	p.id(org).id(query.Board).int(int64(limit)).int(int64(offset))
	for _, stage := range query.Walks() {
		p.text(string(stage))
	}
}
