// Package sqlitestore keeps the core's records in one SQLite file: what it acknowledged survives SIGKILL and power loss,
// concurrent writes share commits, and readers never wait for the writer.
package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/core/vote"
)

var (
	_ tenant.Store      = (*Store)(nil)
	_ apikey.Store      = (*Store)(nil)
	_ feedback.Store    = (*Store)(nil)
	_ attachment.Slots  = (*Store)(nil)
	_ idempotency.Store = (*Store)(nil)
	_ agentrun.Store    = (*Store)(nil)
	_ incident.Store    = (*Store)(nil)
	_ session.Store     = (*Store)(nil)
	_ audit.Store       = (*Store)(nil)
	_ usage.Store       = (*Store)(nil)
	_ erasure.Store     = (*Store)(nil)
	_ event.Store       = (*Store)(nil)
	_ event.Profiles    = (*Store)(nil)
	_ outcome.Store     = (*Store)(nil)
	_ vote.Store        = (*Store)(nil)
	_ comment.Store     = (*Store)(nil)
	_ enduser.Store     = (*Store)(nil)
	_ resource.Store    = (*Store)(nil)
)

// busyTimeout is how long a lock held by another process, such as the command line's, is waited for.
const busyTimeout = 2 * time.Second

var errClosed = errors.New("sqlitestore: closed")

// Options says where the database lies. Readers is the number of connections that read; 0 means 4.
type Options struct {
	Path    string
	Readers int
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	readers chan *reader
	writer  *sqlite.Conn
	queue   chan *operation
	commits atomic.Int64 // groups written so far

	log      string // the path of the write-ahead log
	logLimit int64  // bytes
	boundAt  int64  // the log's size at which boundLog acts next, in bytes; the writer's own

	closing chan struct{} // closed when Close is called
	stopped chan struct{} // closed when the writer has answered its last caller
	once    sync.Once
}

// Open opens the database at options.Path, making the file (mode 0600), its folder (0700) and its tables as needed. It
// refuses a database that a newer version of Heard wrote, or another program.
func Open(ctx context.Context, options Options) (*Store, error) {
	if err := makeFile(options.Path); err != nil {
		return nil, fmt.Errorf("sqlitestore: %w", err)
	}
	writer, err := connect(options.Path, "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, writer); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlitestore: %s: %w", options.Path, err), writer.Close())
	}
	if options.Readers <= 0 {
		options.Readers = 4
	}
	s := &Store{
		readers: make(chan *reader, options.Readers),
		writer:  writer,
		queue:   make(chan *operation, queueLength),

		log:      options.Path + "-wal",
		logLimit: usualLogLimit,
		boundAt:  usualLogLimit,

		closing: make(chan struct{}),
		stopped: make(chan struct{}),
	}
	for range options.Readers {
		conn, err := connect(options.Path, "PRAGMA query_only = ON")
		if err != nil {
			return nil, errors.Join(err, s.closeConnections(len(s.readers)))
		}
		s.readers <- newReader(conn)
	}
	go s.writeUntilClosed()
	return s, nil
}

// Close waits for what is queued and running, then closes the database. Every later call is answered apierr.Away.
func (s *Store) Close() error {
	var err error
	s.once.Do(func() {
		close(s.closing)
		<-s.stopped
		err = s.closeConnections(cap(s.readers))
	})
	return err
}

// Ping tells whether a read and a write would be answered now.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.write(ctx, func(*sqlite.Conn) error { return nil }); err != nil {
		return err
	}
	return s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, "SELECT 1 FROM org LIMIT 1", noParams, func(*row) {})
	})
}

func (s *Store) closeConnections(readers int) error {
	var errs []error
	for range readers {
		errs = append(errs, (<-s.readers).conn.Close())
	}
	return errors.Join(append(errs, s.writer.Close())...)
}

func makeFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

func connect(path string, pragmas ...string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("sqlitestore: %w", err)
	}
	conn.SetBusyTimeout(busyTimeout)
	for _, pragma := range pragmas {
		if err := sqlitex.ExecuteTransient(conn, pragma, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("sqlitestore: %s: %w", path, err), conn.Close())
		}
	}
	return conn, nil
}
