package sqlitestore

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// crashPath names, in the environment of a copy of this test, the database that it writes to until it is killed.
const crashPath = "HEARD_SQLITE_CRASH_PATH"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashPath); path != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeUntilKilled prints the id of each item after its insert was acknowledged.
func writeUntilKilled(path string) error {
	const callers = 16
	ctx, ids := context.Background(), id.NewSource(time.Now, rand.Reader)
	s, err := Open(ctx, Options{Path: path})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for range callers {
		go func() {
			for {
				item := sample(ids, id.ID{1}, id.ID{2})
				if err := s.InsertFeedback(ctx, item.Org, item); err != nil {
					failed <- err
				}
				if _, err := fmt.Println(item.ID); err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

func TestWhatIsAcknowledgedOutlivesTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heard.db")
	acknowledged := map[id.ID]bool{}
	for range 3 {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), crashPath+"="+path)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines, read := bufio.NewScanner(out), 0
		for lines.Scan() {
			if item, err := id.Parse(lines.Text()); err == nil { // the last line may be cut off
				acknowledged[item] = true
			}
			if read++; read == 200 {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := child.Wait(); err == nil || read < 200 {
			t.Fatalf("the writer ended by itself after %d inserts: %v", read, err)
		}
	}

	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for item := range acknowledged {
		if _, err := s.Feedback(t.Context(), id.ID{1}, item); err != nil {
			t.Errorf("%s was acknowledged: %v", item, err)
		}
	}
	seen := map[id.ID]bool{}
	query := feedback.Query{Limit: 100}
	for {
		page, err := s.ListFeedback(t.Context(), id.ID{1}, query)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			if seen[item.ID] {
				t.Errorf("%s is there twice", item.ID)
			}
			seen[item.ID] = true
		}
		if query.Before = page.Next; page.Next.IsZero() {
			break
		}
	}
	if len(seen) < len(acknowledged) {
		t.Errorf("%d listed of %d acknowledged", len(seen), len(acknowledged))
	}
}
