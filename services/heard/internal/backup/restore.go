package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/services/heard/internal/embedded"
)

// Restore fills an empty folder from a backup, all or nothing: until it returns nil no process opens the folder, and when
// it was interrupted it is run again. A folder that holds anything is refused, and so is a backup that is not whole.
func Restore(ctx context.Context, file, dir string, env *run.Env) error {
	from, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer from.Close() //nolint:errcheck // it was only read
	release, err := embedded.Take(dir)
	if err != nil {
		return err
	}
	err = empty(dir)
	if err == nil {
		err = restore(ctx, from, dir, env)
	}
	if err = errors.Join(err, release(ctx)); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

// empty removes what an interrupted restore left, and demands that nothing else is there.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	interrupted := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == embedded.RestoringName })
	for _, entry := range entries {
		switch name := entry.Name(); {
		case name == embedded.LockName, name == embedded.SocketName, name == embedded.RestoringName:
		case !interrupted:
			return fmt.Errorf("%s is not empty: it has %s", dir, name)
		default:
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	return os.RemoveAll(filepath.Join(dir, embedded.RestoringName))
}

// restore unpacks the backup beside its place and, once it is known to be whole and to open, moves it there.
func restore(ctx context.Context, from io.Reader, dir string, env *run.Env) error {
	staged := filepath.Join(dir, embedded.RestoringName)
	if err := os.Mkdir(staged, 0o700); err != nil {
		return err
	}
	err := unpack(ctx, from, staged)
	if err == nil {
		err = opens(ctx, staged, env)
	}
	if err == nil {
		err = syncTree(staged)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(staged))
	}
	return place(staged, dir)
}

func unpack(ctx context.Context, from io.Reader, staged string) error {
	root, err := os.OpenRoot(staged)
	if err != nil {
		return err
	}
	missing := append(embedded.KeyNames(), embedded.DatabaseName)
	err = read(from, func(name string, content io.Reader) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		key, attached := strings.CutPrefix(name, embedded.FilesName+"/")
		at := slices.Index(missing, name)
		switch {
		case at >= 0:
			missing = slices.Delete(missing, at, at+1)
		case !attached || attachment.CheckKey(key) != nil:
			return errForeign
		}
		return unpackFile(root, name, content)
	})
	if err == nil && len(missing) > 0 {
		err = errForeign
	}
	return errors.Join(err, root.Close())
}

func unpackFile(root *os.Root, name string, content io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// opens proves that this version of Heard can read what was unpacked.
func opens(ctx context.Context, staged string, env *run.Env) error {
	stores, err := embedded.Open(ctx, embedded.Config{DataDir: staged}, env)
	if err != nil {
		return err
	}
	return stores.Close(ctx)
}

// place gives everything its name. Until the staging folder is gone, nobody opens what stands beside it.
func place(staged, dir string) error {
	entries, err := os.ReadDir(staged)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == embedded.LockName { // whose own is held
			continue
		}
		if err := os.Rename(filepath.Join(staged, entry.Name()), filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	if err := syncFolder(dir); err != nil {
		return err
	}
	if err := os.RemoveAll(staged); err != nil {
		return err
	}
	return syncFolder(dir)
}

func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return syncFolder(name)
	})
}
