package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/apierr"
)

const (
	// queueLength is how many writes may wait before a caller waits to be queued.
	queueLength = 1024
	// groupLimit is how many writes share a commit at most, which bounds how long the first one waits.
	groupLimit = 256
	// walLimit is the size, in bytes, at which the log is emptied even if that means waiting for running readers: under
	// readers that overlap forever SQLite's own checkpoints, every 4 MB, never get to the end of it.
	walLimit = 64 << 20
)

// write is one caller's operation. It writes with one statement at most: SQLite undoes a statement that fails, and so the
// others in the group are not touched by it.
type write struct {
	ctx    context.Context
	do     func(conn *sqlite.Conn) error
	begun  atomic.Bool // set by whoever settles it first: the writer, or the caller that gives up
	result error
	done   chan struct{}
}

// write has the writer run do, and returns once what it wrote is on disk. A ctx that is done before do has begun takes it
// back; after that the outcome is waited for, so that no caller is told less than what happened.
func (s *Store) write(ctx context.Context, do func(conn *sqlite.Conn) error) error {
	if err := ctx.Err(); err != nil {
		return apierr.Away(err)
	}
	w := &write{ctx: ctx, do: do, done: make(chan struct{})}
	select {
	case s.queue <- w:
	case <-ctx.Done():
		return apierr.Away(ctx.Err())
	case <-s.closing:
		return apierr.Away(errClosed)
	}
	select {
	case <-w.done:
		return w.result
	case <-ctx.Done():
		if w.begun.CompareAndSwap(false, true) {
			return apierr.Away(ctx.Err())
		}
	case <-s.stopped:
		if w.begun.CompareAndSwap(false, true) {
			return apierr.Away(errClosed)
		}
	}
	<-w.done
	return w.result
}

func (s *Store) writeUntilClosed() {
	defer close(s.stopped)
	group := make([]*write, 0, groupLimit)
	for {
		select {
		case w := <-s.queue:
			group = s.waiting(append(group, w))
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
func (s *Store) waiting(group []*write) []*write {
	for len(group) < groupLimit {
		select {
		case w := <-s.queue:
			group = append(group, w)
		default:
			return group
		}
	}
	return group
}

// commit runs the group in one transaction and only then answers its callers, each its own result; when the transaction
// fails, it fails for all of them.
func (s *Store) commit(group []*write) {
	begun := group[:0]
	for _, w := range group {
		if w.ctx.Err() == nil && w.begun.CompareAndSwap(false, true) {
			begun = append(begun, w)
		}
	}
	if len(begun) == 0 {
		return
	}
	err := s.transact(begun)
	for _, w := range begun {
		if err != nil {
			w.result = apierr.Away(err)
		}
		close(w.done)
	}
	if err == nil {
		s.commits.Add(1)
		s.boundLog()
	}
}

func (s *Store) transact(group []*write) error {
	if _, err := exec(s.writer, "BEGIN IMMEDIATE", noParams); err != nil {
		return err
	}
	for _, w := range group {
		w.result = refusal(w.ctx, w.do(s.writer))
		if s.writer.AutocommitEnabled() {
			return fmt.Errorf("sqlitestore: the transaction was rolled back: %w", w.result)
		}
	}
	_, err := exec(s.writer, "COMMIT", noParams)
	if err == nil || s.writer.AutocommitEnabled() {
		return err
	}
	_, undo := exec(s.writer, "ROLLBACK", noParams)
	return errors.Join(err, undo)
}

// boundLog empties the write-ahead log when it has outgrown walLimit. A failure leaves the log as it is, for the next time.
func (s *Store) boundLog() {
	if info, err := os.Stat(s.wal); err == nil && info.Size() > walLimit {
		_ = each(s.writer, "PRAGMA wal_checkpoint(TRUNCATE)", noParams, func(*row) {})
	}
}
