// Package embedded opens the stores that live in one folder: SQLite, files on disk, and a gate in process.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/store/diskstore"
	"github.com/heard-dev/heard/pkg/store/memgate"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

// Config is what the all-in-one is told by its environment. PublicURL is what clients reach it under; without it, the
// address it listens on.
type Config struct {
	run.Config
	DataDir        string         `env:"HEARD_DATA_DIR" envDefault:".heard"`
	PublicURL      string         `env:"HEARD_PUBLIC_URL"`
	TrustedProxies []netip.Prefix `env:"HEARD_TRUSTED_PROXIES"`
	Demo           bool           `env:"HEARD_DEMO" envDefault:"true"`
	Reporters      platform.LeakReporters
	Plans          platform.Plans
}

// What the data folder holds. RestoringName is there while a backup is being restored, and after that was interrupted.
const (
	DatabaseName  = "heard.db"
	FilesName     = "files"
	LockName      = "lock"
	SocketName    = "heard.sock"
	RestoringName = ".restoring"

	keysetName   = "keyset.json"
	hashName     = "hash.key"
	sessionsName = "session.keys"
	filesKeyName = "files.key"
)

// KeyNames are the files of the installation's keys.
func KeyNames() []string { return []string{keysetName, hashName, sessionsName, filesKeyName} }

// FilesMount is the path below which uploads and downloads are served.
const FilesMount = "/files/"

// Stores are the embedded stores, opened. One process at a time has them.
type Stores struct {
	*platform.Platform
	Dir      string
	Database *sqlitestore.Store
	Files    *diskstore.Store
	base     atomic.Pointer[string]
	ready    atomic.Bool
}

var errStarting = errors.New("embedded: still starting")

// ErrInUse says that another process has the folder.
var ErrInUse = errors.New("another process has the data folder open")

// ErrHalfRestored says that the restore of a backup into the folder was interrupted.
var ErrHalfRestored = errors.New("a restore into the data folder was interrupted: run it again, or empty the folder")

// Open opens the folder, making whatever is missing. It returns ErrInUse when another process has it.
func Open(ctx context.Context, cfg Config, env *run.Env) (*Stores, error) {
	unlock, err := Take(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	stores, err := open(ctx, cfg, env, unlock)
	if err != nil {
		return nil, errors.Join(err, unlock(ctx))
	}
	return stores, nil
}

// Take makes the folder where it is missing, and keeps every other process out of it until release is called.
func Take(dir string) (release func(context.Context) error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	return lock(filepath.Join(dir, LockName))
}

func open(ctx context.Context, cfg Config, env *run.Env, unlock func(context.Context) error) (*Stores, error) {
	if _, err := os.Stat(filepath.Join(cfg.DataDir, RestoringName)); err == nil {
		return nil, fmt.Errorf("%s: %w", cfg.DataDir, ErrHalfRestored)
	}
	reporters, err := cfg.Reporters.Open()
	if err != nil {
		return nil, err
	}
	plans, err := cfg.Plans.Open()
	if err != nil {
		return nil, err
	}
	s := &Stores{Dir: cfg.DataDir}
	s.Serves(cfg.PublicURL)
	keys, opened, err := s.openKeysAndDatabase(ctx)
	if err != nil {
		return nil, err
	}
	s.Files, err = diskstore.Open(diskstore.Options{
		Dir: filepath.Join(cfg.DataDir, FilesName), Mount: FilesMount, SigningKey: keys.files, Now: time.Now,
		BaseURL: func() string { return *s.base.Load() + FilesMount[:len(FilesMount)-1] },
		Logger:  env.Telemetry.Logger,
		Incidents: func(i incident.Incident) {
			i.Service = s.Name
			s.Incidents.Record(i)
		},
	})
	if err != nil {
		return nil, errors.Join(err, s.Database.Close())
	}
	s.Platform = platform.New("heard", platform.Parts{
		Store: s.Database, Gate: memgate.New(memgate.Options{Now: time.Now}), Blobs: s.Files, Opened: opened,
		TrustedProxies: cfg.TrustedProxies, Reporters: reporters, Plans: plans,
		Ready: func() error {
			if !s.ready.Load() {
				return errStarting
			}
			return nil
		},
		Closers: []func(context.Context) error{
			unlock,
			func(context.Context) error { return s.Files.Close() },
			func(context.Context) error { return s.Database.Close() },
		},
	})
	return s, nil
}

// openKeysAndDatabase does both at once: in a new folder each waits for the disk again and again.
func (s *Stores) openKeysAndDatabase(ctx context.Context) (keys keys, opened platform.Opened, err error) {
	var errKeys, errDatabase error
	var parts sync.WaitGroup
	parts.Go(func() {
		if keys, errKeys = loadKeys(s.Dir); errKeys == nil {
			opened, errKeys = keys.Open()
		}
	})
	parts.Go(func() {
		s.Database, errDatabase = sqlitestore.Open(ctx, sqlitestore.Options{Path: filepath.Join(s.Dir, DatabaseName)})
	})
	parts.Wait()
	if err = errors.Join(errKeys, errDatabase); err != nil && errDatabase == nil {
		err = errors.Join(err, s.Database.Close())
	}
	return keys, opened, err
}

// Serves tells the stores under which URL clients reach them; links are made from it.
func (s *Stores) Serves(base string) { s.base.Store(&base) }

// Started says that everything a first request may rely on is there.
func (s *Stores) Started() { s.ready.Store(true) }

// lock takes the folder for this process. The kernel gives it back when the process ends, however it does.
func lock(path string) (unlock func(context.Context) error, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		err = errors.Join(fmt.Errorf("%s: %w", filepath.Dir(path), ErrInUse), file.Close())
		return nil, err
	}
	return func(context.Context) error { return file.Close() }, nil
}

// Routes serves the links that the stores sign.
func (s *Stores) Routes(kit *httpkit.Kit) { kit.Mount(FilesMount, s.Files) }

// Loops are none.
func (s *Stores) Loops() []func(context.Context) error { return nil }
