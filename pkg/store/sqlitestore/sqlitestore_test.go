package sqlitestore

import (
	"crypto/rand"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/storetest"
)

func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "heard.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return open(t) })
}

func TestStoreThatGoesAway(t *testing.T) {
	storetest.GoesAway(t, func(t *testing.T) (storetest.Store, func()) {
		s := open(t)
		return s, func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestOpenAgainFindsWhatWasThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "heard.db")
	org := tenant.Org{ID: id.ID{1}, Slug: "acme"}
	for n := range 3 {
		s, err := Open(t.Context(), Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			if err := s.CreateOrg(t.Context(), org); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.OrgBySlug(t.Context(), "acme"); err != nil || got.ID != org.ID {
			t.Errorf("got %+v, %v", got, err)
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		for name, want := range map[string]fs.FileMode{
			filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600,
		} {
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: %v, %v", filepath.Base(name), info.Mode(), err)
			}
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestAForeignDatabaseIsRefused(t *testing.T) {
	for name, change := range map[string]string{
		"of a newer version":   "PRAGMA user_version = 1000",
		"of another program":   "PRAGMA application_id = 1",
		"of no application id": "PRAGMA application_id = 0",
	} {
		path := filepath.Join(t.TempDir(), "heard.db")
		s, err := Open(t.Context(), Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.write(t.Context(), func(conn *sqlite.Conn) error { return each(conn, change, noParams, func(*row) {}) }); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err := Open(t.Context(), Options{Path: path}); err == nil {
			t.Errorf("a database %s was opened: %v", name, s.Close())
		}
	}
	garbage := filepath.Join(t.TempDir(), "heard.db")
	if err := os.WriteFile(garbage, []byte("this is not a database, but it is long enough to be looked at\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(t.Context(), Options{Path: garbage}); err == nil {
		t.Errorf("garbage was opened: %v", s.Close())
	}
}

func TestEveryCommitIsSynced(t *testing.T) {
	s := open(t)
	for pragma, want := range map[string]string{"PRAGMA synchronous": "2", "PRAGMA journal_mode": "wal"} { // 2 is FULL
		if err := each(s.writer, pragma, noParams, func(r *row) {
			if got := r.text(); got != want {
				t.Errorf("%s is %s, want %s", pragma, got, want)
			}
		}); err != nil {
			t.Error(err)
		}
	}
}

func TestTwoProcessesMayShareTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heard.db")
	var stores [2]*Store
	for n := range stores {
		s, err := Open(t.Context(), Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		stores[n] = s
	}
	ids, org := id.NewSource(time.Now, rand.Reader), id.ID{1}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			mine, other := stores[n%2], stores[(n+1)%2]
			for range 20 {
				item := sample(ids, org, org)
				if err := mine.InsertFeedback(t.Context(), org, item); err != nil {
					t.Error(err)
				} else if _, err := other.Feedback(t.Context(), org, item.ID); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
