package sqlitestore

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/apierr"
)

// backupStep is how many pages are copied between two looks at whether anybody still waits for the copy: 1 MB at SQLite's usual
// page size.
const backupStep = 256

// Backup copies the database into a new file at path (mode 0600) while reads and writes go on. The copy is one moment's,
// after every write that was acknowledged before the call, and is on disk when this returns. It occupies one reader, and the
// write-ahead log grows by what is written meanwhile. A path that exists is fs.ErrExist; a failure leaves no file.
func (s *Store) Backup(ctx context.Context, path string) error {
	return s.read(ctx, func(conn *sqlite.Conn) error {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		err = s.copyTo(ctx, conn, path)
		if err == nil {
			err = errors.Join(file.Sync(), syncFolder(path))
		}
		if err = errors.Join(err, file.Close()); err != nil {
			return errors.Join(err, os.Remove(path))
		}
		return nil
	})
}

// copyTo copies what conn sees now. It is never interrupted but between two steps: an interrupted connection could not end
// its transaction.
func (s *Store) copyTo(ctx context.Context, conn *sqlite.Conn, path string) (err error) {
	into, err := connect(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, into.Close()) }()
	defer conn.SetInterrupt(conn.SetInterrupt(nil))
	if _, err := execute(conn, "BEGIN", noParams); err != nil {
		return err
	}
	defer func() {
		_, end := execute(conn, "ROLLBACK", noParams)
		err = errors.Join(err, end)
	}()
	// A transaction begins to see with its first read. Without it each step would see another moment, and start anew.
	if err := each(conn, "SELECT count(*) FROM sqlite_schema", noParams, func(*row) {}); err != nil {
		return err
	}
	backup, err := sqlite.NewBackup(into, "main", conn, "main")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, backup.Close()) }()
	for {
		more, err := backup.Step(backupStep)
		if err != nil || !more {
			return err
		}
		select {
		case <-ctx.Done():
			return apierr.Away(ctx.Err())
		case <-s.closing:
			return apierr.Away(errClosed)
		default:
		}
	}
}

// syncFolder makes sure that the file's name outlives a power failure as well as its bytes.
func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
