package heard_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/id"
)

// there tells whether the store has the place of a file, and whether the file lies there.
func (i *installation) there(org id.ID, key string) (slot, object bool) {
	i.t.Helper()
	slots, err := i.Store.Slots(context.Background(), org, []string{key})
	must(i.t, err)
	_, err = i.Blobs.Stat(context.Background(), key)
	if err != nil && apierr.KindOf(err) != apierr.NotFound {
		i.t.Fatal(err)
	}
	return len(slots) == 1, err == nil
}

// reap runs the loops until nothing is stale.
func (i *installation) reap() {
	i.t.Helper()
	stop := i.run()
	defer stop()
	now := i.clock.Now()
	await(i.t, func() bool {
		stale, err := i.Store.StaleSlots(context.Background(), now.Add(-attachment.CiteWithin), now.Add(-time.Hour), 1)
		must(i.t, err)
		return len(stale) == 0
	})
}

func await(t testing.TB, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

func TestWhatNothingCitesIsRemovedAndNothingElse(t *testing.T) {
	onEveryStore(t, interpose, func(t *testing.T, i *installation) {
		h := i.found("acme")
		cited, uncited := i.upload(h.app, "cited"), i.upload(h.app, "uncited")
		empty, _ := i.reserve(h.app, "empty")
		orphaned := i.upload(h.app, "orphaned")
		i.stored(i.cite(h.app, "", cited))
		restore := i.onInsert(func(func() error) error { panic("SIGKILL") })
		i.cite(h.app, "", orphaned)
		restore()

		i.clock.Advance(time.Hour)
		i.reap()
		for _, f := range []file{cited, uncited, orphaned} {
			if slot, object := i.there(h.org.ID, f.Key); !slot || !object {
				t.Fatalf("%s was removed within its time", f.Key)
			}
		}
		i.clock.Advance(time.Millisecond)
		i.reap()
		if slot, object := i.there(h.org.ID, orphaned.Key); slot || object {
			t.Errorf("an orphan's file: slot %t, object %t", slot, object)
		}
		if slot := i.slot(h.org.ID, cited.Key); !slot.Kept {
			t.Errorf("a stored item's file is not kept for good: %+v", slot)
		}

		i.clock.Advance(attachment.CiteWithin - time.Hour - time.Millisecond)
		i.reap()
		if slot, object := i.there(h.org.ID, uncited.Key); !slot || !object {
			t.Fatal("an upload was removed within its day")
		}
		late := i.upload(h.app, "late")
		i.clock.Advance(time.Millisecond)
		i.reap()
		for name, f := range map[string]file{"uncited": uncited, "never uploaded": empty} {
			if slot, object := i.there(h.org.ID, f.Key); slot || object {
				t.Errorf("%s: slot %t, object %t", name, slot, object)
			}
		}
		i.clock.Advance(365 * 24 * time.Hour)
		i.reap()
		if slot, object := i.there(h.org.ID, cited.Key); !slot || !object {
			t.Errorf("a stored item's file: slot %t, object %t", slot, object)
		}
		if slot, object := i.there(h.org.ID, late.Key); slot || object {
			t.Errorf("an old upload: slot %t, object %t", slot, object)
		}
		if files := i.refused(i.cite(h.app, "", late), 400, apierr.CodeInvalidBody); len(files) != 1 {
			t.Errorf("citing what was removed: %v", files)
		}
	})
}

// stubborn keeps files from being deleted, and tells whether that was tried.
type stubborn struct {
	attachment.Blobs
	mu    sync.Mutex
	away  bool
	tried []string
}

func (s *stubborn) Delete(ctx context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried = append(s.tried, key)
	if s.away {
		return apierr.Away(errors.New("away"))
	}
	return s.Blobs.Delete(ctx, key)
}

// A file that cannot be deleted now is out of use already, keeps no other from being removed, and goes the next time.
func TestAFileThatCannotBeDeletedIsTriedAgain(t *testing.T) {
	clock := newClock()
	parts := embedded(t, sqlite(t), clock.Now)
	files := &stubborn{Blobs: parts.Blobs, away: true}
	parts.Blobs = files
	i := serve(t, parts, clock.Now)
	i.clock = clock
	h := i.found("acme")
	first, _ := i.reserve(h.app, "a")
	second, _ := i.reserve(h.app, "b")
	clock.Advance(attachment.CiteWithin + time.Millisecond)
	stop := i.run()
	await(t, func() bool {
		files.mu.Lock()
		defer files.mu.Unlock()
		return slices.Contains(files.tried, first.Key) && slices.Contains(files.tried, second.Key)
	})
	stop()
	if i.logged.Load() == 0 {
		t.Error("nobody was told")
	}
	for _, f := range []file{first, second} {
		slot := i.slot(h.org.ID, f.Key)
		if err := i.Store.CiteSlot(t.Context(), h.org.ID, f.Key, id.Zero, id.ID{1}, clock.Now()); apierr.KindOf(err) != apierr.Conflict {
			t.Errorf("%+v was cited: %v", slot, err)
		}
	}
	files.mu.Lock()
	files.away = false
	files.mu.Unlock()
	i.reap()
	for _, f := range []file{first, second} {
		if slot, _ := i.there(h.org.ID, f.Key); slot {
			t.Errorf("%s is there still", f.Key)
		}
	}
}

// Reapers of several processes work on the same slots, while late submissions cite some: each file is removed once it
// cannot be cited, or kept for the item that has it.
func TestReapersAndSubmissionsRaceForFiles(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		files := make([]file, 12)
		for n := range files {
			files[n] = i.upload(h.app, "content")
		}
		i.clock.Advance(attachment.CiteWithin) // the last moment
		i.loops = slices.Concat(i.loops, i.loops, i.loops)
		cited := make(map[string]string)
		var mu sync.Mutex
		var submitting sync.WaitGroup
		for _, f := range files {
			submitting.Go(func() {
				w := i.cite(h.app, "", f)
				if w.Code != 201 {
					i.refused(w, 400, apierr.CodeInvalidBody)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				cited[f.Key], _ = i.stored(w)
			})
		}
		i.clock.Advance(time.Millisecond)
		i.reap()
		submitting.Wait()
		i.reap()
		for _, f := range files {
			slot, object := i.there(h.org.ID, f.Key)
			if item, ok := cited[f.Key]; ok != slot || ok != object || ok && i.slot(h.org.ID, f.Key).Item.String() != item {
				t.Errorf("cited %t, slot %t, object %t", ok, slot, object)
			}
		}
		if n := i.logged.Load(); n > 0 {
			t.Errorf("%d failures in a race that is none", n)
		}
	})
}
