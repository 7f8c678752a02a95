package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/apierr"
)

const (
	// queueLength is how many writes may wait before a caller waits to be queued.
	queueLength = 1024
	// groupLimit is how many writes share a commit at most, which bounds how long the first one waits.
	groupLimit = 256
	// rowLimit ends a group sooner, of writes that have many rows.
	rowLimit = 2000
	// usualLogLimit is the size, in bytes, at which the write-ahead log is emptied even if that means waiting for running
	// readers: under readers that overlap forever SQLite's own checkpoints, every 4 MB, never get to the end of it.
	usualLogLimit = 64 << 20
	// readerPatience is how long that waits: long for a page, short for a writer that others wait for.
	readerPatience = 100 * time.Millisecond
)

// operation is one caller's write. It writes with one statement, or with several that each may be done without the others:
// SQLite undoes a statement that fails, and so the others in the group are not touched by it.
type operation struct {
	ctx    context.Context
	rows   int // about how many it writes
	do     func(conn *sqlite.Conn) error
	begun  atomic.Bool // set by whoever settles it first: the writer, or the caller that gives up
	result error
	done   chan struct{}
}

// write is writeRows of a few rows.
func (s *Store) write(ctx context.Context, do func(conn *sqlite.Conn) error) error {
	return s.writeRows(ctx, 1, do)
}

// writeRows has the writer run do, and returns once what it wrote is on disk. A ctx that is done before do has begun takes it
// back; after that the outcome is waited for, so that no caller is told less than what happened.
func (s *Store) writeRows(ctx context.Context, rows int, do func(conn *sqlite.Conn) error) error {
	if err := ctx.Err(); err != nil {
		return apierr.Away(err)
	}
	op := &operation{ctx: ctx, rows: rows, do: do, done: make(chan struct{})}
	select {
	case s.queue <- op:
	case <-ctx.Done():
		return apierr.Away(ctx.Err())
	case <-s.closing:
		return apierr.Away(errClosed)
	}
	select {
	case <-op.done:
		return op.result
	case <-ctx.Done():
		if op.begun.CompareAndSwap(false, true) {
			return apierr.Away(ctx.Err())
		}
	case <-s.stopped:
		if op.begun.CompareAndSwap(false, true) {
			return apierr.Away(errClosed)
		}
	}
	<-op.done
	return op.result
}

func (s *Store) writeUntilClosed() {
	defer close(s.stopped)
	group := make([]*operation, 0, groupLimit)
	for {
		select {
		case op := <-s.queue:
			group = s.waiting(append(group, op))
		case <-s.closing:
			if group = s.waiting(group); len(group) == 0 {
				return
			}
		}
		s.commit(group)
		clear(group)
		group = group[:0]
	}
}

// waiting adds to the group what is queued already. It never waits: whoever comes during a commit is in the next.
func (s *Store) waiting(group []*operation) []*operation {
	rows := 0
	for _, op := range group {
		rows += op.rows
	}
	for len(group) < groupLimit && rows < rowLimit {
		select {
		case op := <-s.queue:
			group, rows = append(group, op), rows+op.rows
		default:
			return group
		}
	}
	return group
}

// commit runs the group in one transaction and only then answers its callers, each its own result; when the transaction
// fails, it fails for all of them.
func (s *Store) commit(group []*operation) {
	begun := group[:0]
	for _, op := range group {
		if op.ctx.Err() == nil && op.begun.CompareAndSwap(false, true) {
			begun = append(begun, op)
		}
	}
	if len(begun) == 0 {
		return
	}
	err := s.transact(begun)
	if err == nil {
		s.commits.Add(1) // before anybody is answered, who may count them
	}
	for _, op := range begun {
		if err != nil {
			op.result = apierr.Away(err)
		}
		close(op.done)
	}
	if err == nil {
		s.boundLog()
	}
}

func (s *Store) transact(group []*operation) error {
	if _, err := execute(s.writer, "BEGIN IMMEDIATE", noParams); err != nil {
		return err
	}
	for _, op := range group {
		op.result = refusal(op.ctx, op.do(s.writer))
		if s.writer.AutocommitEnabled() {
			return fmt.Errorf("sqlitestore: the transaction was rolled back: %w", op.result)
		}
	}
	_, err := execute(s.writer, "COMMIT", noParams)
	if err == nil || s.writer.AutocommitEnabled() {
		return err
	}
	_, undo := execute(s.writer, "ROLLBACK", noParams)
	return errors.Join(err, undo)
}

// boundLog empties the write-ahead log when it has grown to s.boundAt. Readers that stay too long leave it as it is until it
// has grown by as much again.
func (s *Store) boundLog() {
	if s.logSize() < s.boundAt {
		return
	}
	s.writer.SetBusyTimeout(readerPatience)
	_ = each(s.writer, "PRAGMA wal_checkpoint(TRUNCATE)", noParams, func(*row) {}) // what matters is the size it leaves
	s.writer.SetBusyTimeout(busyTimeout)
	s.boundAt = s.logSize() + s.logLimit
}

func (s *Store) logSize() int64 {
	info, err := os.Stat(s.log)
	if err != nil {
		return 0
	}
	return info.Size()
}
