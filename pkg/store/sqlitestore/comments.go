package sqlitestore

import (
	"context"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	commentFields = `item, parent, person, member, author_name, private, source, created_at, updated_at, version, text`
	insertComment = `INSERT INTO comment (` + commentFields + `, org, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateComment = `UPDATE comment SET (` + commentFields + `) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE org = ? AND id = ? AND version = ?`
	selectComment = `SELECT ` + commentFields + `, org, id FROM comment WHERE org = ? AND id = ?`
	existsComment = `SELECT 1 FROM comment WHERE org = ? AND id = ?`
	deleteComment = `DELETE FROM comment WHERE org = ? AND id = ?`
	commentsOn    = `SELECT ` + commentFields + `, org, id FROM comment WHERE org = ? AND item = ? AND id > ? AND private <= ? ORDER BY id LIMIT ? + 0 OFFSET ? + 0`
	commentsBy    = `SELECT ` + commentFields + `, org, id FROM comment WHERE org = ? AND person = ? AND id < ? ORDER BY id DESC LIMIT ? + 0`
	countComments = `SELECT count(*) FROM comment WHERE org = ? AND item = ? AND private <= ?`
)

// InsertComment implements comment.Store.
func (s *Store) InsertComment(ctx context.Context, org id.ID, given comment.Comment) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		if err := one(conn, existsFeedback, "feedback", func(p *params) { p.id(org).id(given.Item) }, func(*row) {}); err != nil {
			return err
		}
		return insert(conn, insertComment, "comment", func(p *params) { p.comment(org, given) })
	})
}

// Comment implements comment.Store.
func (s *Store) Comment(ctx context.Context, org, wanted id.ID) (found comment.Comment, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return one(conn, selectComment, "comment", func(p *params) { p.id(org).id(wanted) }, func(r *row) { found = r.comment() })
	})
	return found, err
}

// Comments implements comment.Store.
func (s *Store) Comments(ctx context.Context, org id.ID, query comment.Query) ([]comment.Comment, error) {
	return s.comments(ctx, commentsOn, func(p *params) {
		p.id(org).id(query.Item).blob(query.After[:]).bool(query.Private).int(int64(max(query.Limit, 1))).int(int64(max(query.Offset, 0)))
	})
}

// CommentsBy implements comment.Store.
func (s *Store) CommentsBy(ctx context.Context, org, person, before id.ID, limit int) ([]comment.Comment, error) {
	return s.comments(ctx, commentsBy, func(p *params) { p.id(org).id(person).before(before).int(int64(limit)) })
}

func (s *Store) comments(ctx context.Context, query string, bind func(p *params)) (comments []comment.Comment, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, query, bind, func(r *row) { comments = append(comments, r.comment()) })
	})
	return comments, err
}

// CountComments implements comment.Store.
func (s *Store) CountComments(ctx context.Context, org, item id.ID, private bool) (count int64, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, countComments, func(p *params) { p.id(org).id(item).bool(private) }, func(r *row) { count = r.int() })
	})
	return count, err
}

// ReplaceComment implements comment.Store.
func (s *Store) ReplaceComment(ctx context.Context, org id.ID, given comment.Comment) error {
	next := given
	next.Version++
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return compareAndSet(conn, updateComment, existsComment, "comment",
			func(p *params) { p.comment(org, next).int(given.Version) },
			func(p *params) { p.id(org).id(given.ID) })
	})
}

// DeleteComment implements comment.Store.
func (s *Store) DeleteComment(ctx context.Context, org, wanted id.ID) error {
	return s.delete(ctx, deleteComment, "comment", func(p *params) { p.id(org).id(wanted) })
}

func (p *params) comment(org id.ID, given comment.Comment) *params {
	p.id(given.Item).id(given.Parent).id(given.Person).id(given.Member).text(given.AuthorName).bool(given.Private).text(given.Source)
	return p.time(given.CreatedAt).time(given.UpdatedAt).int(given.Version).text(given.Text).id(org).id(given.ID)
}

func (r *row) comment() comment.Comment {
	return comment.Comment{
		Item: r.id(), Parent: r.id(), Person: r.id(), Member: r.id(), AuthorName: r.text(), Private: r.bool(), Source: r.text(),
		CreatedAt: r.time(), UpdatedAt: r.time(), Version: r.int(), Text: r.text(), Org: r.id(), ID: r.id(),
	}
}
