package backup_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/services/heard/internal/backup"
	"github.com/heard-dev/heard/services/heard/internal/demo"
)

// What is erased once the database is being copied is in the copy still, and so must its files be.
func TestFilesThatAreErasedMeanwhileAreInTheBackup(t *testing.T) {
	from := serve(t, t.TempDir())
	d, err := demo.Ensure(t.Context(), from.Platform, from.Dir, from.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for n := range 20 {
		content := fmt.Sprint("number ", n)
		item, err := from.submit(d.Apps[0], content)
		if err != nil {
			t.Fatal(err)
		}
		said[item] = content
	}
	org, err := from.Store.OrgBySlug(t.Context(), d.Org.Slug)
	if err != nil {
		t.Fatal(err)
	}
	items, err := from.Store.FeedbackOf(t.Context(), org.ID, erasure.Subject{}, len(said))
	if err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	file := filepath.Join(dir, "heard.tar")
	written := make(chan error, 1)
	go func() { written <- backup.Write(t.Context(), from.Stores, file) }()
	await(t, func() bool {
		copies, _ := filepath.Glob(filepath.Join(dir, ".heard-backup-*", "heard.db"))
		done, _ := filepath.Glob(file)
		return len(copies)+len(done) > 0
	})
	for _, item := range items {
		for _, attached := range item.Attachments {
			if err := from.Files.Delete(context.Background(), attached.Key); err != nil {
				t.Error(err)
			}
		}
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	from.stop()

	elsewhere := t.TempDir()
	if err := backup.Restore(t.Context(), file, elsewhere, silent); err != nil {
		t.Fatal(err)
	}
	to := serve(t, elsewhere)
	for item, content := range said {
		if got, err := to.content(item, d.Keys["userz"]); err != nil || got != content {
			t.Errorf("%s holds %q, not %q: %v", item, got, content, err)
		}
	}
}
