package heard_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// file is an upload and how it may be cited.
type file struct {
	Key         string          `json:"key"`
	Kind        attachment.Kind `json:"kind"`
	ContentType string          `json:"contentType"`
	ByteSize    int             `json:"byteSize"`
}

// reserve gets a place for a file, and where to put it.
func (i *installation) reserve(app tenant.App, content string) (f file, url string) {
	i.t.Helper()
	f = file{Kind: attachment.Screenshot, ContentType: "image/png", ByteSize: len(content)}
	request, err := json.Marshal(map[string]any{"contentType": f.ContentType, "byteSize": f.ByteSize, "kind": f.Kind})
	must(i.t, err)
	var ticket struct {
		Key              string
		UploadURL        string
		ExpiresInSeconds int
	}
	i.answer(i.call(http.MethodPost, "/v1/feedback/upload-url", app.PublicKey, string(request)), http.StatusOK, &ticket)
	if ticket.ExpiresInSeconds != 300 {
		i.t.Errorf("expires in %d s", ticket.ExpiresInSeconds)
	}
	f.Key = ticket.Key
	return f, ticket.UploadURL
}

func (i *installation) put(url, contentType, content string) int {
	i.t.Helper()
	r := httptest.NewRequest(http.MethodPut, url, strings.NewReader(content))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	i.handler.ServeHTTP(w, r)
	return w.Code
}

// upload reserves a place and fills it.
func (i *installation) upload(app tenant.App, content string) file {
	i.t.Helper()
	f, url := i.reserve(app, content)
	if code := i.put(url, f.ContentType, content); code != http.StatusOK {
		i.t.Fatalf("the upload was answered %d", code)
	}
	return f
}

// cite submits feedback with files, under an Idempotency-Key unless that is empty.
func (i *installation) cite(app tenant.App, key string, files ...file) *httptest.ResponseRecorder {
	i.t.Helper()
	body, err := json.Marshal(map[string]any{"text": "see there", "attachments": files})
	must(i.t, err)
	header := []string{"Idempotency-Key", key}
	if key == "" {
		header = nil
	}
	return i.call(http.MethodPost, "/v1/feedback", app.PublicKey, string(body), header...)
}

// citeTarget submits feedback on a component with a screenshot.
func (i *installation) citeTarget(app tenant.App, screenshot string, files ...file) *httptest.ResponseRecorder {
	i.t.Helper()
	body, err := json.Marshal(map[string]any{
		"text": "see there", "attachments": append([]file{}, files...), "componentTarget": map[string]any{"name": "Button", "screenshotKey": screenshot},
	})
	must(i.t, err)
	return i.call(http.MethodPost, "/v1/feedback", app.PublicKey, string(body))
}

// slot is how the store has the place of a file.
func (i *installation) slot(org id.ID, key string) attachment.Slot {
	i.t.Helper()
	slots, err := i.Store.Slots(context.Background(), org, []string{key})
	must(i.t, err)
	if len(slots) != 1 {
		i.t.Fatalf("%d slots", len(slots))
	}
	return slots[0]
}

func TestOnlyTheAppsOwnUploadsAreCitedAsTheyAre(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h, theirs := i.found("acme"), i.found("other")
		sister, _, err := i.manager.CreateApp(t.Context(), byTest(), h.org.ID, manage.AppDraft{Slug: "sister", Name: "Sister", PublicSubmission: true})
		must(t, err)
		honest := i.upload(h.app, "content")
		empty, _ := i.reserve(h.app, "content")
		used := i.upload(h.app, "content")
		i.stored(i.cite(h.app, "", used))
		as := func(change func(*file)) file {
			f := honest
			change(&f)
			return f
		}
		for name, row := range map[string]struct {
			cited file
			want  string
		}{
			"never reserved":   {as(func(f *file) { f.Key = strings.Replace(f.Key, ".png", "0.png", 1) }), "key] invalid_value"},
			"not uploaded":     {empty, "key] invalid_value"},
			"another App's":    {i.upload(sister, "content"), "key] invalid_value"},
			"another Org's":    {i.upload(theirs.app, "content"), "key] invalid_value"},
			"cited before":     {used, "key] not_allowed"},
			"of another size":  {as(func(f *file) { f.ByteSize++ }), "byteSize] invalid_value"},
			"of another type":  {as(func(f *file) { f.ContentType = "image/gif" }), "contentType] invalid_value"},
			"of another kind":  {as(func(f *file) { f.Kind = attachment.Annotated }), "kind] invalid_value"},
			"beyond the store": {as(func(f *file) { f.Key = "../../etc/passwd" }), "key] invalid_value"},
		} {
			issues := i.refused(i.cite(h.app, "", honest, row.cited), http.StatusBadRequest, apierr.CodeInvalidBody)
			if row.cited.Key == honest.Key {
				// Cited twice is a fault of its own, so cite it alone.
				issues = i.refused(i.cite(h.app, "", row.cited), http.StatusBadRequest, apierr.CodeInvalidBody)
				row.want = "[attachments 0 " + row.want
			} else {
				row.want = "[attachments 1 " + row.want
			}
			if !slices.Equal(issues, []string{row.want}) {
				t.Errorf("%s: %v", name, issues)
			}
			// The honest one beside it was let go.
			if slot := i.slot(h.org.ID, honest.Key); !slot.Item.IsZero() {
				t.Fatalf("%s: the file beside it is bound to %s", name, slot.Item)
			}
		}
		both := []file{empty, used}
		if issues := i.refused(i.cite(h.app, "", both...), http.StatusBadRequest, apierr.CodeInvalidBody); len(issues) != 2 {
			t.Errorf("not all faults are named: %v", issues)
		}
		i.holds(h.org.ID, 1)
		item, _ := i.stored(i.cite(h.app, "", honest))
		if slot := i.slot(h.org.ID, honest.Key); slot.Item.String() != item || slot.Kept {
			t.Errorf("bound as %+v", slot)
		}
	})
}

func TestAComponentsScreenshotIsCitedToo(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		shot, empty := i.upload(h.app, "shot"), func() file { f, _ := i.reserve(h.app, "x"); return f }()
		for _, key := range []string{"nothing", empty.Key} {
			issues := i.refused(i.citeTarget(h.app, key, shot), http.StatusBadRequest, apierr.CodeInvalidBody)
			if !slices.Equal(issues, []string{"[componentTarget screenshotKey] invalid_value"}) {
				t.Errorf("%s: %v", key, issues)
			}
		}
		item, _ := i.stored(i.citeTarget(h.app, shot.Key))
		if slot := i.slot(h.org.ID, shot.Key); slot.Item.String() != item {
			t.Errorf("bound as %+v", slot)
		}
		issues := i.refused(i.citeTarget(h.app, shot.Key), http.StatusBadRequest, apierr.CodeInvalidBody)
		if !slices.Equal(issues, []string{"[componentTarget screenshotKey] not_allowed"}) {
			t.Errorf("cited twice: %v", issues)
		}
		issues = i.refused(i.citeTarget(h.app, empty.Key, empty), http.StatusBadRequest, apierr.CodeInvalidBody)
		if !slices.Equal(issues, []string{"[attachments 0 key] invalid_value"}) {
			t.Errorf("one file, named in two places: %v", issues)
		}
		both := i.upload(h.app, "both")
		i.stored(i.citeTarget(h.app, both.Key, both))
	})
}

func TestAFileBelongsToOneItem(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		a, b := i.upload(h.app, "a"), i.upload(h.app, "b")
		var wg sync.WaitGroup
		answers := make([]*httptest.ResponseRecorder, racers)
		for n := range answers {
			files := []file{a, b}
			if n%2 == 0 {
				files = []file{b, a}
			}
			wg.Go(func() { answers[n] = i.cite(h.app, "", files...) })
		}
		wg.Wait()
		winner := ""
		for _, w := range answers {
			if w.Code != http.StatusCreated {
				i.refused(w, http.StatusBadRequest, apierr.CodeInvalidBody)
				continue
			}
			if winner != "" {
				t.Error("two items have the files")
			}
			winner, _ = i.stored(w)
		}
		if winner == "" { // they met halfway and all stood back: nothing is left behind that keeps the next from it
			winner, _ = i.stored(i.cite(h.app, "", a, b))
		}
		i.holds(h.org.ID, 1)
		for _, f := range []file{a, b} {
			if slot := i.slot(h.org.ID, f.Key); slot.Item.String() != winner {
				t.Errorf("%s is bound to %s, not to %s", f.Key, slot.Item, winner)
			}
		}
	})
}

// The files of a submission that died on the way are free for another as soon as it cannot come back, and at once for its
// own repeat.
func TestAnOrphansFilesAreTakenUpAgain(t *testing.T) {
	onEveryStore(t, interpose, func(t *testing.T, i *installation) {
		h := i.found("acme")
		f, own := i.upload(h.app, "content"), i.upload(h.app, "content")
		restore := i.onInsert(func(func() error) error { panic("SIGKILL") })
		i.cite(h.app, "", f)
		restore()
		restore = i.onInsert(func(func() error) error { return apierr.Away(errors.New("away")) })
		i.cite(h.app, "k", own)
		restore()
		orphan := i.slot(h.org.ID, f.Key).Item
		if orphan.IsZero() || i.slot(h.org.ID, own.Key).Item.IsZero() {
			t.Fatal("the files were not bound")
		}
		i.stored(i.cite(h.app, "k", own))

		i.clock.Advance(idempotency.Lease - time.Millisecond)
		i.refused(i.cite(h.app, "", f), http.StatusBadRequest, apierr.CodeInvalidBody)
		i.clock.Advance(time.Millisecond)
		item, _ := i.stored(i.cite(h.app, "", f))
		if holder := i.slot(h.org.ID, f.Key).Item; holder.String() != item {
			t.Errorf("held by %s, not by %s", holder, item)
		}
		// What is stored is no orphan, however old.
		i.clock.Advance(time.Hour)
		i.refused(i.cite(h.app, "", f), http.StatusBadRequest, apierr.CodeInvalidBody)
	})
}

// A repeat that takes over and is refused then gives the key back, as any refusal does.
func TestARefusedRepeatMayBeMendedToo(t *testing.T) {
	onEveryStore(t, interpose, func(t *testing.T, i *installation) {
		h := i.found("acme")
		f := i.upload(h.app, "content")
		restore := i.onInsert(func(func() error) error { panic("SIGKILL") })
		i.cite(h.app, "k", f)
		restore()
		i.clock.Advance(idempotency.Lease)
		i.stored(i.cite(h.app, "", f))
		i.refused(i.cite(h.app, "k", f), http.StatusBadRequest, apierr.CodeInvalidBody)
		if _, replayed := i.stored(i.say(h.app, "k", "mended")); replayed {
			t.Error("a replay of a refusal")
		}
	})
}

// altered keeps files that are not what they were when they were uploaded.
type altered struct {
	attachment.Blobs
	object attachment.Object
}

func (a altered) Stat(context.Context, string) (attachment.Object, error) { return a.object, nil }

func TestAFileIsCitedAsItLiesInTheStore(t *testing.T) {
	for want, object := range map[string]attachment.Object{
		"[attachments 0 byteSize] invalid_value":    {Size: 8, ContentType: "image/png"},
		"[attachments 0 contentType] invalid_value": {Size: 7, ContentType: "text/html"},
	} {
		parts := embedded(t, sqlite(t), time.Now)
		files := parts.Blobs
		parts.Blobs = altered{files, object}
		i := serve(t, parts, time.Now)
		h := i.found("acme")
		f, _ := i.reserve(h.app, "content")
		if issues := i.refused(i.cite(h.app, "", f), http.StatusBadRequest, apierr.CodeInvalidBody); !slices.Equal(issues, []string{want}) {
			t.Errorf("%+v: %v", object, issues)
		}
	}
}

func TestAFileIsCitedWithinADay(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		timely, late := i.upload(h.app, "content"), i.upload(h.app, "content")
		i.clock.Advance(attachment.CiteWithin)
		i.stored(i.cite(h.app, "", timely))
		i.clock.Advance(time.Millisecond)
		issues := i.refused(i.cite(h.app, "", late), http.StatusBadRequest, apierr.CodeInvalidBody)
		if !slices.Equal(issues, []string{"[attachments 0 key] invalid_value"}) {
			t.Errorf("%v", issues)
		}
	})
}

func TestAnUploadIsReservedForOneTypeAndSize(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		f, url := i.reserve(h.app, "content")
		if slot := i.slot(h.org.ID, f.Key); slot.Size != 7 || slot.ContentType != "image/png" || slot.App != h.app.ID || !slot.Item.IsZero() {
			t.Errorf("reserved %+v", slot)
		}
		if !strings.HasPrefix(f.Key, "orgs/"+h.org.ID.String()+"/screenshots/") || !strings.HasSuffix(f.Key, ".png") {
			t.Errorf("key %s", f.Key)
		}
		for name, code := range map[string]int{
			"another type": i.put(url, "text/html", "content"),
			"too short":    i.put(url, f.ContentType, "conten"),
			"too long":     i.put(url, f.ContentType, "content!"),
		} {
			if code < 400 || code > 499 {
				t.Errorf("%s: %d", name, code)
			}
		}
		if _, err := i.Blobs.Stat(t.Context(), f.Key); apierr.KindOf(err) != apierr.NotFound {
			t.Errorf("stored: %v", err)
		}
		i.clock.Advance(attachment.UploadTTL + time.Second)
		if code := i.put(url, f.ContentType, "content"); code < 400 || code > 499 {
			t.Errorf("too late: %d", code)
		}

		for body, want := range map[string][]string{
			fmt.Sprintf(`{"contentType":"image/png","byteSize":%d,"kind":"attachment"}`, attachment.MaxSize+1): nil,
			fmt.Sprintf(`{"contentType":"image/png","byteSize":%d,"kind":"film"}`, attachment.MaxSize+1):       {"[kind] invalid_value", "[byteSize] too_big"},
			`{"contentType":"png","byteSize":0,"kind":"attachment"}`:                                           {"[contentType] invalid_format", "[byteSize] too_small"},
		} {
			w := i.call(http.MethodPost, "/v1/feedback/upload-url", h.app.PublicKey, body)
			if want == nil {
				i.refused(w, http.StatusRequestEntityTooLarge, apierr.CodePayloadTooLarge)
				continue
			}
			if issues := i.refused(w, http.StatusBadRequest, apierr.CodeInvalidBody); !slices.Equal(issues, want) {
				t.Errorf("%s: %v", body, issues)
			}
		}
	})
}
