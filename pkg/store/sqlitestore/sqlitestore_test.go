package sqlitestore

import (
	"path/filepath"
	"testing"

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
