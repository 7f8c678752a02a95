// Package profile remembers where the command line is logged in, in a file that is its owner's alone.
package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/services/heard/internal/embedded"
)

// Profile is one log-in.
type Profile struct {
	URL, Org, Email string
	Access, Refresh secret.String
}

// Store is the file. Several processes may use it at once.
type Store struct{ path string }

// At names the file; it need not exist.
func At(path string) Store { return Store{path} }

// Path is where it lies.
func (s Store) Path() string { return s.path }

// ErrNone says that there is no such profile.
var ErrNone = errors.New("there is no such profile")

// Get gives a profile, or ErrNone.
func (s Store) Get(name string) (Profile, error) {
	all, err := s.load()
	if err != nil {
		return Profile{}, err
	}
	stored, ok := all.Profiles[name]
	if !ok {
		return Profile{}, ErrNone
	}
	return stored.reveal(), nil
}

// Change stores what edit makes of a profile, the zero one where there is none; the zero one is forgotten. Nobody else
// changes any in the meantime, so that what edit reads is what it replaces.
func (s Store) Change(ctx context.Context, name string, edit func(Profile) (Profile, error)) error {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return fmt.Errorf("profiles: %w", err)
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return fmt.Errorf("profiles: %w", err)
	}
	return errors.Join(s.change(name, edit), unlock())
}

func (s Store) change(name string, edit func(Profile) (Profile, error)) error {
	all, err := s.load()
	if err != nil {
		return err
	}
	former := all.Profiles[name].reveal()
	changed, err := edit(former)
	if err != nil || changed == former {
		return err
	}
	if changed == (Profile{}) {
		delete(all.Profiles, name)
	} else {
		all.Profiles[name] = conceal(changed)
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return embedded.WriteFile(s.path, append(text, '\n'))
}

// look is how often a lock that another process has is tried again.
const look = 10 * time.Millisecond

// lock waits until no other process changes the file. The kernel ends the lock of a process that ends.
func (s Store) lock(ctx context.Context) (unlock func() error, err error) {
	file, err := os.OpenFile(s.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return file.Close, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(err, file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), file.Close())
		case <-tick.C:
		}
	}
}

// stored is the file's text, in which secrets are plain.
type stored struct {
	Profiles map[string]storedProfile `json:"profiles"`
}

type storedProfile struct {
	URL     string `json:"url"`
	Org     string `json:"org"`
	Email   string `json:"email"`
	Access  string `json:"accessToken"`
	Refresh string `json:"refreshToken"`
}

func conceal(p Profile) storedProfile {
	return storedProfile{URL: p.URL, Org: p.Org, Email: p.Email, Access: p.Access.Reveal(), Refresh: p.Refresh.Reveal()}
}

func (p storedProfile) reveal() Profile {
	return Profile{URL: p.URL, Org: p.Org, Email: p.Email, Access: secret.String(p.Access), Refresh: secret.String(p.Refresh)}
}

func (s Store) load() (all stored, err error) {
	text, err := os.ReadFile(s.path)
	switch {
	case err == nil:
		err = json.Unmarshal(text, &all)
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("profiles: %s: %w", s.path, err)
	}
	if all.Profiles == nil {
		all.Profiles = map[string]storedProfile{}
	}
	return all, err
}
