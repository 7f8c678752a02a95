package sqlitestore

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/apierr"
)

func TestAReadEndsWithItsCaller(t *testing.T) {
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "heard.db"), Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		err := s.read(ctx, func(conn *sqlite.Conn) error { return each(conn, endless, noParams, func(*row) {}) })
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || apierr.KindOf(err) != apierr.Unavailable {
			t.Errorf("answered %v", err)
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Errorf("the same connection afterwards: %v", err)
		}
	}

	let, held := make(chan struct{}), make(chan struct{})
	go s.read(t.Context(), func(*sqlite.Conn) error {
		close(held)
		<-let
		return nil
	})
	<-held
	defer close(let)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for a connection: %v", err)
	}
}
