package sqlitestore

import (
	"context"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/apierr"
)

// reader is a connection that can be interrupted. Closing interrupt ends what it runs; the next call needs a new one. It
// outlives the call because arming a connection takes a goroutine, which would be half the cost of a small read.
type reader struct {
	conn      *sqlite.Conn
	interrupt chan struct{}
}

func newReader(conn *sqlite.Conn) *reader {
	r := &reader{conn: conn}
	r.arm()
	return r
}

func (r *reader) arm() {
	r.interrupt = make(chan struct{})
	r.conn.SetInterrupt(r.interrupt)
}

// read runs do on a connection of its own, and interrupts it when ctx is done. No reader waits for the writer: each sees
// the database as it was when its statement began.
func (s *Store) read(ctx context.Context, do func(conn *sqlite.Conn) error) error {
	if err := ctx.Err(); err != nil {
		return apierr.Away(err)
	}
	select {
	case r := <-s.readers:
		defer func() { s.readers <- r }()
		return refusal(ctx, r.run(ctx, do))
	case <-ctx.Done():
		return apierr.Away(ctx.Err())
	case <-s.closing:
		return apierr.Away(errClosed)
	}
}

func (r *reader) run(ctx context.Context, do func(conn *sqlite.Conn) error) error {
	interrupt := r.interrupt
	stop := context.AfterFunc(ctx, func() { close(interrupt) })
	defer func() {
		if !stop() {
			<-interrupt
			r.arm()
		}
	}()
	return do(r.conn)
}
