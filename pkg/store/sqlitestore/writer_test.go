package sqlitestore

import (
	"context"
	"crypto/rand"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// hold keeps the writer in the middle of a transaction until release is called.
func hold(t *testing.T, s *Store) (release func()) {
	t.Helper()
	held, let, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- s.write(context.Background(), func(*sqlite.Conn) error {
			close(held)
			<-let
			return nil
		})
	}()
	<-held
	return func() {
		close(let)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// queued starts every call and waits until all of them stand in the queue of a writer that is held.
func queued(s *Store, calls ...func() error) (answers chan error) {
	answers = make(chan error, len(calls))
	before := len(s.queue)
	for n, call := range calls {
		go func() { answers <- call() }()
		for len(s.queue) <= before+n {
			runtime.Gosched()
		}
	}
	return answers
}

func TestWritesThatMeetShareOneCommit(t *testing.T) {
	s, ids := open(t), id.NewSource(time.Now, rand.Reader)
	org, twice := ids.New(), ids.New()
	calls := make([]func() error, 64)
	for n := range calls {
		item := sample(ids, org, org)
		if n >= 62 {
			item.ID = twice
		}
		calls[n] = func() error { return s.InsertFeedback(t.Context(), org, item) }
	}
	release := hold(t, s)
	before := s.commits.Load()
	answers := queued(s, calls...)
	release()
	refused := 0
	for range calls {
		if err := <-answers; apierr.KindOf(err) == apierr.Conflict {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	if refused != 1 {
		t.Errorf("%d refused, want the one whose id was taken within the group", refused)
	}
	if commits := s.commits.Load() - before; commits != 2 { // the one that was held, and the group's
		t.Errorf("%d commits for 64 writes that waited together", commits)
	}
	if page, err := s.ListFeedback(t.Context(), org, feedback.Query{Limit: 100}); err != nil || len(page.Items) != 63 {
		t.Errorf("%d stored, %v", len(page.Items), err)
	}
}

// What waits behind many rows waits for some of them only, and whoever brought the first of them does not wait for all.
func TestWritesOfManyRowsAreSharedOutOverCommits(t *testing.T) {
	s, ids := open(t), id.NewSource(time.Now, rand.Reader)
	org := ids.New()
	calls := make([]func() error, 5)
	for n := range calls {
		events := make([]event.Event, rowLimit/2)
		for i := range events {
			events[i] = happened(ids, i)
		}
		calls[n] = func() error { _, err := s.InsertEvents(t.Context(), org, events); return err }
	}
	release := hold(t, s)
	before := s.commits.Load()
	answers := queued(s, calls...)
	release()
	for range calls {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if commits := s.commits.Load() - before; commits != 4 { // the one that was held, and two at a time
		t.Errorf("%d commits", commits)
	}
}

func TestAGroupFailsAsOne(t *testing.T) {
	s, ids := open(t), id.NewSource(time.Now, rand.Reader)
	org := ids.New()
	insert := func() error { return s.InsertFeedback(t.Context(), org, sample(ids, org, org)) }
	release := hold(t, s)
	answers := queued(s, insert, func() error {
		return s.write(t.Context(), func(conn *sqlite.Conn) error {
			_, err := execute(conn, "ROLLBACK", noParams) // as SQLite does itself when the disk is full
			return errors.Join(err, errors.New("disk full"))
		})
	}, insert)
	release()
	for range 3 {
		if err := <-answers; apierr.KindOf(err) != apierr.Unavailable {
			t.Errorf("answered %v for a transaction that was rolled back", err)
		}
	}
	if page, err := s.ListFeedback(t.Context(), org, feedback.Query{Limit: 10}); err != nil || len(page.Items) != 0 {
		t.Errorf("%d stored by it, %v", len(page.Items), err)
	}
	if err := insert(); err != nil {
		t.Errorf("the next write: %v", err)
	}
}

func TestACallerMayGiveUpInTheQueue(t *testing.T) {
	s, ids := open(t), id.NewSource(time.Now, rand.Reader)
	org := ids.New()
	item := sample(ids, org, org)
	release := hold(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	answers := queued(s, func() error { return s.InsertFeedback(ctx, org, item) })
	cancel()
	if err := <-answers; !errors.Is(err, context.Canceled) {
		t.Errorf("answered %v", err)
	}
	release()
	if _, err := s.Feedback(t.Context(), org, item.ID); apierr.KindOf(err) != apierr.NotFound {
		t.Errorf("what was taken back: %v", err)
	}
}

func TestReadersDoNotWaitForTheWriter(t *testing.T) {
	s, ids := open(t), id.NewSource(time.Now, rand.Reader)
	org := ids.New()
	item := sample(ids, org, org)
	if err := s.InsertFeedback(t.Context(), org, item); err != nil {
		t.Fatal(err)
	}
	release := hold(t, s)
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := s.Feedback(ctx, org, item.ID); err != nil {
		t.Error(err)
	}
	if _, err := s.ListFeedback(ctx, org, feedback.Query{Limit: 10}); err != nil {
		t.Error(err)
	}
}

func TestCloseAnswersWhatIsQueued(t *testing.T) {
	s, ids := open(t), id.NewSource(time.Now, rand.Reader)
	org := ids.New()
	release := hold(t, s)
	calls := slices.Repeat([]func() error{func() error { return s.InsertFeedback(t.Context(), org, sample(ids, org, org)) }}, 8)
	answers := queued(s, calls...)
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	<-s.closing
	release()
	for range calls {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := s.Ping(t.Context()); apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("ping after close: %v", err)
	}
}

// Without boundLog the log would grow for as long as there is never a moment without a reader.
func TestOverlappingReadersDoNotLetTheLogGrow(t *testing.T) {
	s, ids := open(t), id.NewSource(time.Now, rand.Reader)
	const limit, written = 1 << 20, 12 << 20
	s.logLimit, s.boundAt = limit, limit
	org := ids.New()
	if err := s.InsertFeedback(t.Context(), org, sample(ids, org, org)); err != nil {
		t.Fatal(err)
	}

	stop, stopped := make(chan struct{}), make(chan struct{})
	reader := func() (end chan struct{}) {
		began, end := make(chan struct{}), make(chan struct{})
		go s.read(context.Background(), func(conn *sqlite.Conn) error {
			stmt := conn.Prep("SELECT 1 FROM feedback")
			_, err := stmt.Step() // from here on it reads this snapshot
			close(began)
			<-end
			return errors.Join(err, stmt.Reset())
		})
		<-began
		return end
	}
	go func() {
		defer close(stopped)
		end := reader()
		for {
			next := reader()
			close(end)
			if end = next; stopping(stop, time.Millisecond) {
				close(end)
				return
			}
		}
	}()

	item := sample(ids, org, org)
	item.Metadata = make([]byte, 64<<10)
	for range written / len(item.Metadata) {
		item.ID = ids.New()
		if err := s.InsertFeedback(t.Context(), org, item); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	<-stopped
	if size := s.logSize(); size > written/2 {
		t.Errorf("a log of %d bytes after writing %d", size, written)
	}
}

func stopping(stop chan struct{}, wait time.Duration) bool {
	select {
	case <-stop:
		return true
	case <-time.After(wait):
		return false
	}
}

func TestAFullDiskIsAwayUntilThereIsRoom(t *testing.T) {
	s, ids := open(t), id.NewSource(time.Now, rand.Reader)
	pragma := func(text string) {
		t.Helper()
		if err := s.write(t.Context(), func(conn *sqlite.Conn) error { return each(conn, text, noParams, func(*row) {}) }); err != nil {
			t.Fatal(err)
		}
	}
	small, large := sample(ids, id.ID{1}, id.ID{2}), sample(ids, id.ID{1}, id.ID{2})
	large.Metadata = make([]byte, 1<<20)
	if err := s.InsertFeedback(t.Context(), small.Org, small); err != nil {
		t.Fatal(err)
	}
	pragma("PRAGMA max_page_count = 1") // SQLite makes that the present size
	if err := s.InsertFeedback(t.Context(), large.Org, large); apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("on a full disk: %v", err)
	}
	if _, err := s.Feedback(t.Context(), small.Org, small.ID); err != nil {
		t.Errorf("what was there before: %v", err)
	}
	pragma("PRAGMA max_page_count = 1000000")
	if err := s.InsertFeedback(t.Context(), large.Org, large); err != nil {
		t.Errorf("once there is room: %v", err)
	}
}
