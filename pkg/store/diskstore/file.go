package diskstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
)

// A file on disk is a line with its content type and then its bytes: one file, so that one rename publishes both.
const preamble = "heard-file 1 "

// maxType is the longest content type, in bytes.
const maxType = 255

// file is one that was opened to be read.
type file struct {
	*os.File
	object   attachment.Object
	start    int64
	modified time.Time
}

// content is what was uploaded.
func (f file) content() io.ReadSeeker { return io.NewSectionReader(f.File, f.start, f.object.Size) }

func (s *Store) open(key string) (file, error) {
	opened, err := s.root.Open(key)
	if errors.Is(err, fs.ErrNotExist) {
		return file{}, apierr.Missing("attachment")
	}
	if err != nil {
		return file{}, fmt.Errorf("diskstore: %w", err)
	}
	f, err := readPreamble(opened)
	if err != nil {
		return file{}, errors.Join(fmt.Errorf("diskstore: %w", err), opened.Close())
	}
	return f, nil
}

func readPreamble(opened *os.File) (file, error) {
	info, err := opened.Stat()
	if err != nil {
		return file{}, err
	}
	head := make([]byte, len(preamble)+maxType+1)
	n, err := opened.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return file{}, err
	}
	line, _, whole := bytes.Cut(head[:n], []byte("\n"))
	contentType, ours := bytes.CutPrefix(line, []byte(preamble))
	if !whole || !ours {
		return file{}, fmt.Errorf("%s is not a file that was uploaded", info.Name())
	}
	start := int64(len(line) + 1)
	return file{
		File: opened, start: start, modified: info.ModTime(),
		object: attachment.Object{Size: info.Size() - start, ContentType: string(contentType)},
	}, nil
}

// store makes body the key's file, whole and durable, or leaves nothing.
func (s *Store) store(key string, object attachment.Object, body io.Reader) error {
	temporary := path.Join(incoming, strconv.FormatUint(s.uploads.Add(1), 10))
	err := s.fill(temporary, object, body)
	if err == nil {
		err = s.publish(temporary, key)
	}
	if err != nil {
		if removed := s.root.Remove(temporary); removed != nil && !errors.Is(removed, fs.ErrNotExist) {
			return errors.Join(err, removed)
		}
	}
	return err
}

func (s *Store) fill(temporary string, object attachment.Object, body io.Reader) error {
	f, err := s.root.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(preamble + object.ContentType + "\n")
	if err == nil {
		_, err = io.CopyN(f, body, object.Size)
		if _, ours := errors.AsType[*fs.PathError](err); err != nil && !ours {
			err = errCutShort
		}
	}
	if err == nil {
		err = f.Sync()
	}
	return keep(err, f.Close())
}

// publish gives an upload its place unless it is taken. Once it returns nil, the file outlives a loss of power.
func (s *Store) publish(temporary, key string) error {
	folder := path.Dir(key)
	if err := s.root.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := s.renameOnce(temporary, key); err != nil {
		return err
	}
	// Every folder above may be new, or made by an upload that has not synced it yet.
	for ; ; folder = path.Dir(folder) {
		if err := s.sync(folder); err != nil {
			return errors.Join(err, s.root.Remove(key))
		}
		if folder == "." {
			return nil
		}
	}
}

func (s *Store) renameOnce(temporary, key string) error {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	if taken, err := s.has(key); err != nil || taken {
		return keep(err, errTaken)
	}
	return s.root.Rename(temporary, key)
}

func (s *Store) has(key string) (bool, error) {
	_, err := s.root.Lstat(key)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (s *Store) sync(folder string) error {
	d, err := s.root.Open(folder)
	if err != nil {
		return fmt.Errorf("diskstore: %w", err)
	}
	if err := keep(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("diskstore: %w", err)
	}
	return nil
}

// keep is the first of two errors: what follows a failure is of no interest.
func keep(first, second error) error {
	if first != nil {
		return first
	}
	return second
}
