package sqlitestore

import (
	"context"
	"math"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	voteKey     = `org, subject, person`
	voteColumns = `subject, person, kind, value, at`
	putVote     = `INSERT INTO vote (org, ` + voteColumns + `) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (` + voteKey + `) DO UPDATE SET (kind, value, at) = (excluded.kind, excluded.value, excluded.at)`
	deleteVote = `DELETE FROM vote WHERE org = ? AND subject = ? AND person = ? AND kind = ?`
	selectVote = `SELECT ` + voteColumns + ` FROM vote WHERE org = ? AND subject = ? AND person = ?`
	votesBy    = `SELECT ` + voteColumns + ` FROM vote INDEXED BY vote_person WHERE org = ? AND person = ? AND (at, subject) < (?, ?)
		ORDER BY at DESC, subject DESC LIMIT ? + 0`
	votesOn    = `SELECT ` + voteColumns + ` FROM vote WHERE org = ? AND subject = ? AND person > ? ORDER BY person LIMIT ? + 0`
	countVotes = `SELECT count(*) FILTER (WHERE value > 0), count(*) FILTER (WHERE value < 0) FROM vote WHERE org = ? AND subject = ?`

	selectWeight = `SELECT votes, created_at FROM feedback WHERE org = ? AND id = ?`
	updateWeight = `UPDATE feedback SET votes = ?, heat = ? WHERE org = ? AND id = ?`
)

// CastVote implements vote.Store.
func (s *Store) CastVote(ctx context.Context, org id.ID, given vote.Vote) (changed bool, err error) {
	err = s.write(ctx, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Save(conn)(&err)
		former := 0
		bind := func(p *params) { p.id(org).id(given.Subject).id(given.Person) }
		if err := each(conn, selectVote, bind, func(r *row) { former = r.vote().Value }); err != nil {
			return err
		}
		if changed = former != given.Value; !changed {
			return nil
		}
		if given.Kind == vote.OnFeedback {
			if err := addVotes(conn, org, given.Subject, 1); err != nil {
				return err
			}
		}
		_, err = execute(conn, putVote, func(p *params) {
			bind(p)
			p.text(string(given.Kind)).int(int64(given.Value)).int(given.At.UnixMilli())
		})
		return err
	})
	return changed && err == nil, err
}

// WithdrawVote implements vote.Store.
func (s *Store) WithdrawVote(ctx context.Context, org id.ID, kind vote.Kind, subject, person id.ID) (changed bool, err error) {
	err = s.write(ctx, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Save(conn)(&err)
		removed, err := execute(conn, deleteVote, func(p *params) { p.id(org).id(subject).id(person).text(string(kind)) })
		if err != nil {
			return err
		}
		if changed = removed > 0; changed && kind == vote.OnFeedback {
			return addVotes(conn, org, subject, -1)
		}
		return nil
	})
	return changed && err == nil, err
}

// addVotes adds to an item's votes, and puts it where it then stands on its boards.
func addVotes(conn *sqlite.Conn, org, item id.ID, votes int64) error {
	var created time.Time
	err := one(conn, selectWeight, "feedback", func(p *params) { p.id(org).id(item) }, func(r *row) {
		votes += r.int()
		created = r.time()
	})
	if err != nil {
		return err
	}
	_, err = execute(conn, updateWeight, func(p *params) { p.int(votes).int(feedback.Heat(votes, created)).id(org).id(item) })
	return err
}

// VotesOf implements vote.Store.
func (s *Store) VotesOf(ctx context.Context, org, person id.ID, subjects []id.ID) (votes []vote.Vote, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		for _, subject := range subjects {
			bind := func(p *params) { p.id(org).id(subject).id(person) }
			if err := each(conn, selectVote, bind, func(r *row) { votes = append(votes, r.vote()) }); err != nil {
				return err
			}
		}
		return nil
	})
	return votes, err
}

// VotesBy implements vote.Store.
func (s *Store) VotesBy(ctx context.Context, org, person id.ID, before vote.Place, limit int) ([]vote.Vote, error) {
	at := int64(math.MaxInt64)
	if !before.At.IsZero() {
		at = before.At.UnixMilli()
	}
	return s.votes(ctx, votesBy, func(p *params) { p.id(org).id(person).int(at).blob(before.Subject[:]).int(int64(limit)) })
}

// VotesOn implements vote.Store.
func (s *Store) VotesOn(ctx context.Context, org, subject, after id.ID, limit int) ([]vote.Vote, error) {
	return s.votes(ctx, votesOn, func(p *params) { p.id(org).id(subject).blob(after[:]).int(int64(limit)) })
}

func (s *Store) votes(ctx context.Context, query string, bind func(p *params)) (votes []vote.Vote, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, query, bind, func(r *row) { votes = append(votes, r.vote()) })
	})
	return votes, err
}

// CountVotes implements vote.Store.
func (s *Store) CountVotes(ctx context.Context, org, subject id.ID) (tally vote.Tally, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, countVotes, func(p *params) { p.id(org).id(subject) },
			func(r *row) { tally = vote.Tally{For: r.int(), Against: r.int()} })
	})
	return tally, err
}

// SettleVotes implements vote.Store. A vote and its count are one write here, so there is nothing to settle.
func (s *Store) SettleVotes(ctx context.Context, _ time.Time, _ int) (int, error) {
	return 0, s.read(ctx, func(*sqlite.Conn) error { return nil })
}

func (r *row) vote() vote.Vote {
	return vote.Vote{Subject: r.id(), Person: r.id(), Kind: vote.Kind(r.text()), Value: int(r.int()), At: r.time()}
}
