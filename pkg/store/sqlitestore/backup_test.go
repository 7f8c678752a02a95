package sqlitestore

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// writing keeps callers inserting until stop. The ids are those of the items that were acknowledged so far.
func writing(t *testing.T, s *Store, org id.ID) (acknowledged func() []id.ID, stop func()) {
	t.Helper()
	ids := id.NewSource(time.Now, rand.Reader)
	var mu sync.Mutex
	var all []id.ID
	var stopped atomic.Bool
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for !stopped.Load() {
				item := sample(ids, org, org)
				if err := s.InsertFeedback(t.Context(), org, item); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				all = append(all, item.ID)
				mu.Unlock()
			}
		})
	}
	acknowledged = func() []id.ID {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
	return acknowledged, func() { stopped.Store(true); writers.Wait() }
}

func TestABackupUnderWritesHoldsWhatWasAcknowledgedBefore(t *testing.T) {
	s, org := open(t), id.ID{1}
	acknowledged, stop := writing(t, s, org)
	defer stop()
	for n := range 2 {
		for len(acknowledged()) < 300*(n+1) && !t.Failed() {
			time.Sleep(time.Millisecond)
		}
		folder, before := t.TempDir(), acknowledged()
		path := filepath.Join(folder, "copy.db")
		if err := s.Backup(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		if files, err := os.ReadDir(folder); err != nil || len(files) != 1 {
			t.Errorf("a backup left more than itself: %v, %v", files, err)
		}
		holds(t, path, org, before)
	}
}

// holds demands that the copy at path opens, is whole, and has the items.
func holds(t *testing.T, path string, org id.ID, items []id.ID) {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := each(s.writer, "PRAGMA integrity_check", noParams, func(r *row) {
		if got := r.text(); got != "ok" {
			t.Error(got)
		}
	}); err != nil {
		t.Error(err)
	}
	found, err := s.FeedbackOf(t.Context(), org, erasure.Subject{}, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	there := map[id.ID]bool{}
	for _, item := range found {
		there[item.ID] = true
	}
	for _, item := range items {
		if !there[item] {
			t.Fatalf("%s was acknowledged before the backup; %d of %d are there", item, len(found), len(items))
		}
	}
}

func TestABackupOverwritesNothing(t *testing.T) {
	s, path := open(t), filepath.Join(t.TempDir(), "mine.db")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("answered %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestABackupThatNobodyWaitsForLeavesNothing(t *testing.T) {
	s, org, ids := open(t), id.ID{1}, id.NewSource(time.Now, rand.Reader)
	for range 600 { // more than one step
		item := sample(ids, org, org)
		item.Text += string(make([]byte, 4000))
		if err := s.InsertFeedback(t.Context(), org, item); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	watched := looked{ctx, func() {
		if files, err := os.ReadDir(folder); err != nil || len(files) > 0 {
			cancel()
		}
	}}
	if err := s.Backup(watched, filepath.Join(folder, "copy.db")); !errors.Is(err, context.Canceled) || apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("answered %v", err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 0 {
		t.Errorf("left %v, %v", entries, err)
	}
	for range 2 * cap(s.readers) { // each reader, whoever had it
		item := sample(ids, org, org)
		if err := s.InsertFeedback(t.Context(), org, item); err != nil {
			t.Fatal(err)
		}
		if page, err := s.ListFeedback(t.Context(), org, feedback.Query{Limit: 1}); err != nil || page.Items[0].ID != item.ID {
			t.Errorf("a reader does not see what was written: %v", err)
		}
	}
}

// looked is a context that looks for a reason to end whenever it is looked at.
type looked struct {
	context.Context
	look func()
}

func (c looked) Done() <-chan struct{} {
	c.look()
	return c.Context.Done()
}
