package backup_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heard-dev/heard/services/heard/internal/backup"
	"github.com/heard-dev/heard/services/heard/internal/embedded"
)

// small is the backup of an installation without tenants.
func small(t *testing.T) []byte {
	t.Helper()
	stores, err := embedded.Open(t.Context(), embedded.Config{DataDir: t.TempDir()}, silent)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "heard.tar")
	if err := errors.Join(backup.Write(t.Context(), stores, file), stores.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func restore(t *testing.T, text []byte, dir string) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "heard.tar")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return backup.Restore(t.Context(), file, dir, silent)
}

// rewritten is a backup with its files changed: edit gives the name and content of each anew, or no name to leave it out.
func rewritten(t *testing.T, text []byte, edit func(name string, content []byte) (string, []byte)) []byte {
	t.Helper()
	var out bytes.Buffer
	from, to := tar.NewReader(bytes.NewReader(text)), tar.NewWriter(&out)
	for {
		header, err := from.Next()
		if err == io.EOF {
			break
		}
		content, errRead := io.ReadAll(from)
		if err := errors.Join(err, errRead); err != nil {
			t.Fatal(err)
		}
		name, content := edit(header.Name, content)
		if name == "" {
			continue
		}
		header.Name, header.Size = name, int64(len(content))
		if err := to.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWhatIsNoWholeBackupIsRefusedAndLeavesNothing(t *testing.T) {
	whole := small(t)
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	without := func(left string) []byte {
		return rewritten(t, whole, func(name string, content []byte) (string, []byte) {
			if name == left {
				name = ""
			}
			return name, content
		})
	}
	for name, row := range map[string]struct {
		text []byte
		says string
	}{
		"nothing":             {nil, "no backup"},
		"another file":        {[]byte(strings.Repeat("not a tar", 1000)), "no backup"},
		"cut in half":         {whole[:len(whole)/2], "damaged"},
		"cut before its seal": {without("seal.json"), "damaged"},
		"one bit off":         {flipped, "damaged"},
		"without a file":      {without("hash.key"), "damaged"},
		"of another format": {rewritten(t, whole, func(name string, content []byte) (string, []byte) {
			return name, bytes.Replace(content, []byte("heard-backup 1"), []byte("heard-backup 2"), 1)
		}), "another version"},
		"that leads elsewhere": {rewritten(t, whole, func(name string, content []byte) (string, []byte) {
			return strings.Replace(name, "hash.key", "../hash.key", 1), content
		}), "no backup"},
		"that names no file of ours": {rewritten(t, whole, func(name string, content []byte) (string, []byte) {
			return strings.Replace(name, "hash.key", "files/x", 1), content
		}), "no backup"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if err := restore(t, row.text, dir); err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%v, and not %q", err, row.says)
			}
			left, err := os.ReadDir(dir)
			if err != nil || len(left) != 1 || left[0].Name() != embedded.LockName {
				t.Errorf("it left %v, %v", left, err)
			}
			if err := restore(t, whole, dir); err != nil {
				t.Errorf("the whole one is refused after it: %v", err)
			}
		})
	}
}

func TestAFolderWithAnythingInItIsNotRestoredInto(t *testing.T) {
	whole, dir := small(t), t.TempDir()
	if err := restore(t, whole, dir); err != nil {
		t.Fatal(err)
	}
	before := read(t, dir)
	if err := restore(t, whole, dir); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("restored twice: %v", err)
	}
	if after := read(t, dir); after != before {
		t.Error("what was there became another")
	}
	stores, err := embedded.Open(t.Context(), embedded.Config{DataDir: dir}, silent)
	if err != nil {
		t.Fatal(err)
	}
	if err := restore(t, whole, dir); !errors.Is(err, embedded.ErrInUse) {
		t.Errorf("restored while it was served: %v", err)
	}
	if err := stores.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func read(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, embedded.DatabaseName))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A restore that was killed leaves a folder that is not opened, whatever is in it already, and that is restored into again.
func TestAnInterruptedRestoreIsNotOpenedAndDoneAgain(t *testing.T) {
	whole, dir := small(t), t.TempDir()
	for name, text := range map[string]string{"hash.key": "of another", embedded.DatabaseName: "", filepath.Join(embedded.RestoringName, "x"): ""} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := embedded.Open(t.Context(), embedded.Config{DataDir: dir}, silent); !errors.Is(err, embedded.ErrHalfRestored) {
		t.Fatalf("it was opened: %v", err)
	}
	if err := restore(t, whole, dir); err != nil {
		t.Fatal(err)
	}
	stores, err := embedded.Open(t.Context(), embedded.Config{DataDir: dir}, silent)
	if err != nil {
		t.Fatal(err)
	}
	if err := stores.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestABackupThatFailsLeavesTheFormerOne(t *testing.T) {
	stores, err := embedded.Open(t.Context(), embedded.Config{DataDir: t.TempDir()}, silent)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "heard.tar")
	if err := os.WriteFile(file, []byte("the former one"), 0o600); err != nil {
		t.Fatal(err)
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	if err := backup.Write(interrupted, stores, file); err == nil {
		t.Error("it was not interrupted")
	}
	release, err := stores.Files.Hold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release() // a hold that ended with the backup would keep this one waiting
	if text, err := os.ReadFile(file); err != nil || string(text) != "the former one" {
		t.Errorf("the former one became %q, %v", text, err)
	}
	if err := backup.Write(t.Context(), stores, file); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) == "the former one" {
		t.Errorf("it was not replaced: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("beside it lie %v, %v", left, err)
	}
	if err := stores.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
