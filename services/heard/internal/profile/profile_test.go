package profile_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/services/heard/internal/profile"
)

func TestChangesThatRaceAreMadeOneAfterAnother(t *testing.T) {
	const racers = 32
	store := profile.At(filepath.Join(t.TempDir(), "new", "config.json"))
	var racing sync.WaitGroup
	for range racers {
		racing.Go(func() {
			err := store.Change(t.Context(), "one", func(p profile.Profile) (profile.Profile, error) {
				n, _ := strconv.Atoi(p.Refresh.Reveal())
				p.Refresh = secret.String(strconv.Itoa(n + 1))
				return p, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	racing.Wait()
	if p, err := store.Get("one"); err != nil || p.Refresh != "32" {
		t.Errorf("%s changes of %d are left, %v", p.Refresh.Reveal(), racers, err)
	}
}

func TestAFailedChangeChangesNothingAndAForgottenProfileIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.json")
	store := profile.At(path)
	kept := profile.Profile{URL: "https://heard.example", Org: "acme", Email: "ada@acme.example", Access: "a", Refresh: "r"}
	keep := func(name string, p profile.Profile, fails error) error {
		return store.Change(t.Context(), name, func(profile.Profile) (profile.Profile, error) { return p, fails })
	}
	if _, err := store.Get("work"); !errors.Is(err, profile.ErrNone) {
		t.Errorf("before any: %v", err)
	}
	if err := errors.Join(keep("work", kept, nil), keep("home", kept, nil), keep("home", profile.Profile{}, nil)); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("failed")
	if err := keep("work", profile.Profile{URL: "x"}, failed); !errors.Is(err, failed) {
		t.Errorf("the failure became %v", err)
	}
	if got, err := store.Get("work"); err != nil || got != kept {
		t.Errorf("kept is %+v, %v", got, err)
	}
	if _, err := store.Get("home"); !errors.Is(err, profile.ErrNone) {
		t.Errorf("after it was forgotten: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
}

func TestWhoeverWaitsForTheFileCanGiveUp(t *testing.T) {
	store := profile.At(filepath.Join(t.TempDir(), "config.json"))
	ctx, cancel := context.WithCancel(t.Context())
	inside, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- store.Change(t.Context(), "one", func(p profile.Profile) (profile.Profile, error) {
			close(inside)
			<-release
			return p, nil
		})
	}()
	<-inside
	cancel()
	never := func(p profile.Profile) (profile.Profile, error) {
		t.Error("two are at it")
		return p, nil
	}
	if err := store.Change(ctx, "one", never); !errors.Is(err, context.Canceled) {
		t.Errorf("it gave up with %v", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
