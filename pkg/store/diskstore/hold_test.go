package diskstore_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
)

func TestWhatIsHeldIsDeletedLater(t *testing.T) {
	h := start(t, t.TempDir(), time.Now)
	first, second := newKey(), newKey()
	h.answers(t, h.put(t, h.signPut(t, first), "123456"), http.StatusOK, "")
	release, err := h.store.Hold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan error, 1)
	go func() { gone <- h.store.Delete(t.Context(), first) }()
	h.answers(t, h.put(t, h.signPut(t, second), "abcdef"), http.StatusOK, "") // uploads go on

	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.store.Delete(impatient, second); apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("a deletion that nobody waits for: %v", err)
	}
	if _, err := h.store.Hold(impatient); apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("a second hold that nobody waits for: %v", err)
	}
	found := map[string]string{}
	err = h.store.Walk(t.Context(), func(key string, file fs.File) error {
		text, err := io.ReadAll(file)
		found[key] = string(text)
		return err
	})
	if err != nil || len(found) != 2 || !strings.HasSuffix(found[first], "\n123456") || !strings.HasSuffix(found[second], "\nabcdef") {
		t.Errorf("held are %q, %v", found, err)
	}
	for key := range found {
		if attachment.CheckKey(key) != nil {
			t.Errorf("%q is the key of no file", key)
		}
	}
	select {
	case err := <-gone:
		t.Fatalf("a file that is held was deleted: %v", err)
	default:
	}
	release()
	if err := <-gone; err != nil {
		t.Error(err)
	}
	h.absent(t, first)
	h.get(t, second)
}

func TestAWalkEndsWithTheFirstFailureAndWithItsContext(t *testing.T) {
	h := start(t, t.TempDir(), time.Now)
	h.answers(t, h.put(t, h.signPut(t, newKey()), "123456"), http.StatusOK, "")
	failed := errors.New("no more")
	if err := h.store.Walk(t.Context(), func(string, fs.File) error { return failed }); !errors.Is(err, failed) {
		t.Errorf("the failure became %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := h.store.Walk(ctx, func(string, fs.File) error { return nil })
	if apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("nobody waits for it: %v", err)
	}
}
