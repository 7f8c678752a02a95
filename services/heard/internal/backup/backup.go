// Package backup copies an installation on embedded stores into one file while it serves, and back into an empty folder.
package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/heard-dev/heard/services/heard/internal/embedded"
)

// Write makes the file, mode 0600, whole or not at all; one of that name is replaced. It holds the installation's keys, the
// database as it is at one moment after the call began, and every file that the database cites then, but for those of what
// is just being erased, which goes on being erased wherever it is restored. Requests go on; files to be deleted wait.
func Write(ctx context.Context, stores *embedded.Stores, file string) error {
	work, err := os.MkdirTemp(filepath.Dir(file), ".heard-backup-*")
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	fresh := filepath.Join(work, "backup.tar")
	err = write(ctx, stores, work, fresh)
	if err == nil {
		err = os.Rename(fresh, file)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(file))
	}
	if err = errors.Join(err, os.RemoveAll(work)); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

func write(ctx context.Context, stores *embedded.Stores, work, fresh string) error {
	out, err := os.OpenFile(fresh, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w := newWriter(ctx, out)
	err = fill(ctx, w, stores, filepath.Join(work, embedded.DatabaseName))
	if err == nil {
		err = w.end()
	}
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// fill copies the database between holding the files and copying them, so that none is missing that it cites.
func fill(ctx context.Context, w *writer, stores *embedded.Stores, database string) error {
	for _, name := range embedded.KeyNames() {
		if err := addFile(w, name, filepath.Join(stores.Dir, name)); err != nil {
			return err
		}
	}
	release, err := stores.Files.Hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := stores.Database.Backup(ctx, database); err != nil {
		return err
	}
	if err := addFile(w, embedded.DatabaseName, database); err != nil {
		return err
	}
	return stores.Files.Walk(ctx, func(key string, file fs.File) error {
		return w.add(path.Join(embedded.FilesName, key), file)
	})
}

func addFile(w *writer, name, from string) error {
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	return errors.Join(w.add(name, file), file.Close())
}

func syncFolder(name string) error {
	folder, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
