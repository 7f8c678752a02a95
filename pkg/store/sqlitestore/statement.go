package sqlitestore

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/apierr"
)

// each hands every row of a statement to scan.
func each(conn *sqlite.Conn, query string, bind func(p *params), scan func(r *row)) error {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return err
	}
	bind(&params{stmt: stmt})
	r := row{stmt: stmt}
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		r.at = 0
		if scan(&r); r.err != nil {
			return errors.Join(r.err, stmt.Reset())
		}
	}
}

// one hands the only row of a query to scan; apierr.Missing(what) when there is none.
func one(conn *sqlite.Conn, query, what string, bind func(p *params), scan func(r *row)) error {
	found := false
	err := each(conn, query, bind, func(r *row) {
		found = true
		scan(r)
	})
	if err == nil && !found {
		return apierr.Missing(what)
	}
	return err
}

// execute runs a statement that gives no rows, and tells how many rows it changed.
func execute(conn *sqlite.Conn, query string, bind func(p *params)) (changed int, err error) {
	if err := each(conn, query, bind, func(*row) {}); err != nil {
		return 0, err
	}
	return conn.Changes(), nil
}

// insert is execute for a row whose names may be taken.
func insert(conn *sqlite.Conn, query, what string, bind func(p *params)) error {
	_, err := execute(conn, query, bind)
	return unique(what, err)
}

// compareAndSet runs an update that finds its row only as it is expected to be. When it finds none, exists tells whether
// that is because there is no such row or because the row is different.
func compareAndSet(conn *sqlite.Conn, update, exists, what string, bind, key func(p *params)) error {
	changed, err := execute(conn, update, bind)
	if err != nil || changed > 0 {
		return unique(what, err)
	}
	if err := one(conn, exists, what, key, func(*row) {}); err != nil {
		return err
	}
	return changedMeanwhile(what)
}

func changedMeanwhile(what string) error {
	return apierr.New(apierr.Conflict, apierr.CodeChanged, "The "+what+" was changed meanwhile.")
}

func alreadyExists(what string) error {
	return apierr.New(apierr.Conflict, apierr.CodeAlreadyExists, "This "+what+" exists already, or a name of it is taken.")
}

func unique(what string, err error) error {
	switch sqlite.ErrCode(err) {
	case sqlite.ResultConstraintUnique, sqlite.ResultConstraintPrimaryKey:
		return alreadyExists(what)
	default:
		return err
	}
}

// refusal says what went wrong in SQLite in the words of the core's interfaces. What is left unclassified is a mistake in
// this package, and so Internal.
func refusal(ctx context.Context, err error) error {
	if _, told := errors.AsType[*apierr.Error](err); err == nil || told {
		return err
	}
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultInterrupt:
		return apierr.Away(errors.Join(ctx.Err(), err))
	case sqlite.ResultBusy, sqlite.ResultLocked, sqlite.ResultProtocol, sqlite.ResultNoMem, sqlite.ResultReadOnly, sqlite.ResultFull,
		sqlite.ResultIOErr, sqlite.ResultCantOpen, sqlite.ResultPerm, sqlite.ResultAuth, sqlite.ResultCorrupt, sqlite.ResultNotADB:
		return apierr.Away(err)
	default:
		return fmt.Errorf("sqlitestore: %w", err)
	}
}
