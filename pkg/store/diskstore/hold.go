package diskstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/heard-dev/heard/pkg/apierr"
)

// Hold keeps every file that is there now, and those that come, until release is called: deletions wait for it. What a
// database cites at a moment within is on disk throughout. One hold at a time; another waits for its turn, or for ctx.
func (s *Store) Hold(ctx context.Context) (release func(), err error) {
	if err := s.turn(ctx); err != nil {
		return nil, err
	}
	return func() { <-s.deleting }, nil
}

// turn waits until nobody deletes or holds.
func (s *Store) turn(ctx context.Context) error {
	select {
	case s.deleting <- struct{}{}:
		return nil
	case <-ctx.Done():
		return apierr.Away(ctx.Err())
	}
}

// Walk visits every file as it lies on disk, by its key. Whoever needs all of them holds them.
func (s *Store) Walk(ctx context.Context, visit func(key string, file fs.File) error) error {
	files := s.root.FS()
	return fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("diskstore: %w", err)
		case ctx.Err() != nil:
			return apierr.Away(ctx.Err())
		case name == incoming:
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		file, err := files.Open(name)
		if err != nil {
			return fmt.Errorf("diskstore: %w", err)
		}
		return errors.Join(visit(name, file), file.Close())
	})
}
