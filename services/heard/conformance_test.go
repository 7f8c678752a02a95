package heard_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/conformance"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
	"github.com/heard-dev/heard/services/heard/internal/cli"
	"github.com/heard-dev/heard/services/heard/internal/demo"
)

// asHeard makes a copy of this test run as the program itself, so that it is tried as a process of its own.
const asHeard = "HEARD_TEST_AS_HEARD=yes"

func TestMain(m *testing.M) {
	if os.Getenv("HEARD_TEST_AS_HEARD") != "" {
		cli.Main()
		return
	}
	os.Exit(m.Run())
}

func TestTheAllInOneSpeaksEverySurface(t *testing.T) {
	dir := t.TempDir()
	serving := command(dir, "serve")
	var said bytes.Buffer
	serving.Stderr = &said
	if err := serving.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := serving.Process.Signal(syscall.SIGTERM)
		if err == nil {
			err = serving.Wait()
		}
		if err != nil {
			t.Errorf("told to stop: %v", err)
		}
		if t.Failed() {
			t.Logf("it said:\n%s", said.Bytes())
		}
	})
	made := awaitDemo(t, dir)
	target := conformance.Target{
		BaseURL: made.BaseURL,
		OrgID:   made.Org.ID,
		Public:  app(made.Apps[0]),
		Private: app(made.Apps[1]),
		Slug:    made.Org.Slug,
		Admin:   conformance.Admin(made.Admin),
		Keys:    made.Keys,
		HashKey: hashKey(t, dir),
		Heard:   func(args ...string) ([]byte, error) { return command(dir, args...).Output() },
		Sanitize: func(t *testing.T, item string) {
			sanitize(t, filepath.Join(dir, "heard.db"), made.Org.ID, item)
		},
		Break:              func(t *testing.T) func() { return occupy(t, filepath.Join(dir, "heard.db-shm")) },
		TrustsForwardedFor: true,
	}
	t.Run("userz", func(t *testing.T) { conformance.Userz(t, target) })
	t.Run("authworx", func(t *testing.T) { conformance.Authworx(t, target) })
	t.Run("users", func(t *testing.T) { conformance.Users(t, target) })
	t.Run("userboost", func(t *testing.T) { conformance.Userboost(t, target) })
	t.Run("userorbit", func(t *testing.T) { conformance.Userorbit(t, target) })
}

func command(dir string, args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = []string{asHeard, "GORACE=atexit_sleep_ms=0", "HEARD_DATA_DIR=" + dir, "HEARD_ADDR=127.0.0.1:0", "HEARD_TRUSTED_PROXIES=127.0.0.1/32"}
	return c
}

// awaitDemo waits until the process has written how to reach it, which it does once it serves.
func awaitDemo(t *testing.T, dir string) (made demo.Demo) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(filepath.Join(dir, demo.File))
		if err == nil {
			err = json.Unmarshal(text, &made)
		}
		if err == nil {
			return made
		}
		if time.Now().After(deadline) {
			t.Fatalf("no demo: %v", err)
		}
	}
}

func app(a demo.App) conformance.App {
	return conformance.App{ID: a.ID, PublicKey: a.PublicKey, SigningSecret: a.SigningSecret}
}

func hashKey(t *testing.T, dir string) string {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(dir, "hash.key"))
	if err != nil {
		t.Fatal(err)
	}
	return string(key)
}

// sanitize does what a worker will, beside the process that serves.
func sanitize(t *testing.T, path, org, item string) {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close() //nolint:errcheck // what it wrote is on disk
	for _, move := range [][2]feedback.Status{{feedback.Received, feedback.Sanitizing}, {feedback.Sanitizing, feedback.Sanitized}} {
		change := feedback.Change{Status: &move[1]}
		if _, err := store.AmendFeedback(t.Context(), parse(t, org), parse(t, item), move[0], change, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

func parse(t *testing.T, text string) id.ID {
	t.Helper()
	parsed, err := id.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// occupy takes the lock that SQLite's one writer needs, byte 120 of the shared-memory file (https://sqlite.org/walformat.html),
// as a backup that hangs would.
func occupy(t *testing.T, path string) (release func()) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Start: 120, Len: 1}
	if err := syscall.FcntlFlock(file.Fd(), syscall.F_SETLKW, &lock); err != nil {
		t.Fatal(fmt.Errorf("lock %s: %w", path, err))
	}
	return func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
}
