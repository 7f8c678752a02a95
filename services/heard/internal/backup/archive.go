package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
)

// A backup is a tar. Its last file says how many came before and what they add up to: what was cut short or changed on its
// way is no backup.

// format is the version of what is written here.
const format = "heard-backup 1"

const sealName = "seal.json"

type seal struct {
	Format string `json:"format"`
	Files  int    `json:"files"`
	SHA256 string `json:"sha256"`
}

// sum adds up names and contents.
type sum struct {
	files int
	hash  hash.Hash
}

func newSum() *sum { return &sum{hash: sha256.New()} }

func (s *sum) begin(name string, size int64) {
	s.files++
	fmt.Fprintf(s.hash, "%d %d %s\n", len(name), size, name) //nolint:errcheck // a hash takes everything
}

func (s *sum) seal() seal {
	return seal{Format: format, Files: s.files, SHA256: hex.EncodeToString(s.hash.Sum(nil))}
}

// writer writes a backup.
type writer struct {
	tar *tar.Writer
	sum *sum
}

// newWriter makes a writer that fails once ctx is done.
func newWriter(ctx context.Context, to io.Writer) *writer {
	return &writer{tar: tar.NewWriter(interruptible{ctx, to}), sum: newSum()}
}

type interruptible struct {
	ctx context.Context
	to  io.Writer
}

func (i interruptible) Write(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.to.Write(p)
}

// add writes one file. A file that is not as long as it says is an error.
func (w *writer) add(name string, file fs.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()}
	if err := w.tar.WriteHeader(header); err != nil {
		return err
	}
	w.sum.begin(name, header.Size)
	_, err = io.CopyN(io.MultiWriter(w.tar, w.sum.hash), file, header.Size)
	return err
}

// end seals the backup.
func (w *writer) end() error {
	text, err := json.Marshal(w.sum.seal())
	if err != nil {
		return err
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Name: sealName, Mode: 0o600, Size: int64(len(text))}
	if err := w.tar.WriteHeader(header); err != nil {
		return err
	}
	if _, err := w.tar.Write(text); err != nil {
		return err
	}
	return w.tar.Close()
}

var (
	errForeign = errors.New("this is no backup of Heard")
	errDamaged = errors.New("this backup is damaged: it was cut short, or is not as it was written")
)

// read gives every file of a backup to keep, and is nil only when all of them were there, as they were written.
func read(from io.Reader, keep func(name string, content io.Reader) error) error {
	files, total := tar.NewReader(from), newSum()
	for {
		header, err := files.Next()
		if err != nil && total.files == 0 {
			return errForeign
		}
		if err != nil { // io.EOF too: the seal comes before the end
			return errDamaged
		}
		if header.Name == sealName {
			return check(files, total.seal())
		}
		if header.Typeflag != tar.TypeReg {
			return errForeign
		}
		total.begin(header.Name, header.Size)
		content := &reader{from: files}
		if err := keep(header.Name, io.TeeReader(content, total.hash)); err != nil {
			return errors.Join(content.failed, err)
		}
	}
}

// reader tells what is wrong with a backup from what is wrong with the disk that it is read to.
type reader struct {
	from   io.Reader
	failed error
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && err != io.EOF {
		r.failed = errDamaged
	}
	return n, err
}

// maxSeal is longer than any seal, in bytes.
const maxSeal = 4 << 10

func check(from io.Reader, want seal) error {
	var got seal
	if err := json.NewDecoder(io.LimitReader(from, maxSeal)).Decode(&got); err != nil {
		return errDamaged
	}
	if got.Format != want.Format {
		return fmt.Errorf("this backup is of another version of Heard: %q, not %q", got.Format, want.Format)
	}
	if got != want {
		return errDamaged
	}
	return nil
}
