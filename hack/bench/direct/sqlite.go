package direct

import (
	"context"
	"errors"
	"sync"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

// lite is one connection that its callers take turns at: SQLite writes one transaction after the other anyway.
type lite struct {
	mu     sync.Mutex
	conn   *sqlite.Conn
	insert *sqlite.Stmt
	ids    *id.Source
	sample event.Event
}

const insert = `INSERT INTO event (org, id, kind, name, user_id, email, at, received_at, test, address, user_agent, properties)
	VALUES (?, ?, ?, ?, ?, '', ?, ?, 0, ?, ?, ?)`

// SQLite opens a file of its own.
func SQLite(ctx context.Context, path string) (Driver, error) {
	store, err := sqlitestore.Open(ctx, sqlitestore.Options{Path: path}) // for its schema
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	l := &lite{conn: conn, ids: newIDs()}
	l.sample = sample(l.ids)
	for _, pragma := range []string{"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"} {
		err = errors.Join(err, sqlitex.ExecuteTransient(conn, pragma, nil))
	}
	if err == nil {
		l.insert, err = conn.Prepare(insert)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return l, nil
}

func (l *lite) InsertOne(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.one()
}

func (l *lite) InsertMany(_ context.Context, n int) (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	end, err := sqlitex.ImmediateTransaction(l.conn)
	if err != nil {
		return err
	}
	defer end(&err)
	for range n {
		if err := l.one(); err != nil {
			return err
		}
	}
	return nil
}

func (l *lite) one() error {
	fresh, e, s := l.ids.New(), &l.sample, l.insert
	s.BindBytes(1, e.Org[:])
	s.BindBytes(2, fresh[:])
	s.BindText(3, string(e.Kind))
	s.BindText(4, e.Name)
	s.BindText(5, e.User.ID)
	s.BindInt64(6, e.At.UnixMilli())
	s.BindInt64(7, e.ReceivedAt.UnixMilli())
	s.BindText(8, e.Address)
	s.BindText(9, e.UserAgent)
	s.BindBytes(10, e.Properties)
	_, err := s.Step()
	return errors.Join(err, s.Reset())
}

func (l *lite) Close(context.Context) error { return l.conn.Close() }
