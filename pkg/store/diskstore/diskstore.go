// Package diskstore keeps attached files in a folder and serves them on our own port, by signed links of the kind S3 has.
package diskstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/incident"
)

// KeySize is the length of a signing key, in bytes.
const KeySize = 32

// incoming is where uploads grow. No key leads there: keys begin with orgs/.
const incoming = "incoming"

// Options say where the files lie and where the Store, which is an http.Handler, is mounted. All but Mount are required.
type Options struct {
	Dir        string        // belongs to one process at a time; made if missing, readable by its owner alone
	BaseURL    func() string // what clients reach Mount under, such as http://127.0.0.1:8080/files; asked for every link
	Mount      string        // the path of requests that are the Store's; /files/ when empty
	SigningKey []byte        // KeySize bytes; another key voids the links given out so far
	Now        func() time.Time
	Logger     *slog.Logger // hears of requests that failed through our fault
	// Incidents takes the record of each of those, under the request id that the answer has. It must not block.
	Incidents func(incident.Incident)
}

// Store is an attachment.Blobs and the http.Handler behind its links. It is safe for concurrent use.
type Store struct {
	root    *os.Root
	baseURL func() string
	mount   string
	key     []byte
	now     func() time.Time
	log     *slog.Logger
	failed  func(incident.Incident)

	uploads    atomic.Uint64
	publishing sync.Mutex
	deleting   chan struct{} // one at a time deletes, or holds what is there
}

var _ attachment.Blobs = (*Store)(nil)

// Open takes possession of the folder and removes what interrupted uploads have left.
func Open(o Options) (*Store, error) {
	if len(o.SigningKey) != KeySize {
		return nil, fmt.Errorf("diskstore: the signing key has %d bytes, not %d", len(o.SigningKey), KeySize)
	}
	if o.Mount == "" {
		o.Mount = "/files/"
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("diskstore: %w", err)
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("diskstore: %w", err)
	}
	err = root.RemoveAll(incoming)
	if err == nil {
		err = root.Mkdir(incoming, 0o700)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("diskstore: %w", err), root.Close())
	}
	return &Store{
		root: root, baseURL: o.BaseURL, mount: strings.TrimSuffix(o.Mount, "/") + "/",
		key: o.SigningKey, now: o.Now, log: o.Logger, failed: o.Incidents, deleting: make(chan struct{}, 1),
	}, nil
}

// Close gives the folder up. Requests still running fail.
func (s *Store) Close() error { return s.root.Close() }

// Ping tells whether the folder is there; apierr.Away when it is not.
func (s *Store) Ping(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return apierr.Away(err)
	}
	if _, err := s.root.Stat(incoming); err != nil {
		return apierr.Away(err)
	}
	return nil
}

// Stat describes the file; apierr.NotFound when nothing was uploaded.
func (s *Store) Stat(ctx context.Context, key string) (attachment.Object, error) {
	if err := ready(ctx, key); err != nil {
		return attachment.Object{}, err
	}
	f, err := s.open(key)
	if err != nil {
		return attachment.Object{}, err
	}
	return f.object, f.Close()
}

// Delete removes the file for good; one that is gone already is no error. It waits while files are held.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := ready(ctx, key); err != nil {
		return err
	}
	if err := s.turn(ctx); err != nil {
		return err
	}
	defer func() { <-s.deleting }()
	switch err := s.root.Remove(key); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("diskstore: %w", err)
	}
	return s.sync(path.Dir(key))
}

func ready(ctx context.Context, key string) error {
	if err := attachment.CheckKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return apierr.Away(err)
	}
	return nil
}
