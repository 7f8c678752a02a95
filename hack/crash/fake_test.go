package crash_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/hack/crash"
)

// fake is as much of Heard as the clients ask for, in memory, with defects to choose from. While it is down it carries out
// every other request, and answers none.
type fake struct {
	forgets, garbles, misplaces, forgetsFiles, forgetsKeys, stutters, invents, refuses, keepsWaiting bool

	url  string
	down atomic.Bool
	came atomic.Int64 // requests so far

	mu     sync.Mutex
	served int
	items  []item
	keys   map[string]string // an item's id, by key
	files  map[string]string
	told   fakeEvents
}

type item struct {
	ID          string       `json:"id"`
	Text        string       `json:"text"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	Key         string `json:"key"`
	DownloadURL string `json:"downloadUrl"`
}

func newFake() *fake {
	return &fake{keys: map[string]string{}, files: map[string]string{}, told: fakeEvents{names: map[string]string{}}}
}

// speakers is how many clients have submitted, by texts that were kept as they were.
func (f *fake) speakers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	names := map[string]bool{}
	for _, i := range f.items {
		name, _, _ := strings.Cut(i.Text, " ")
		names[name[:strings.LastIndexByte(name, '-')]] = true
	}
	return len(names)
}

// serve gives the fake as a shape with one target.
func (f *fake) serve(t *testing.T) crash.Shape {
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return crash.Shape{Name: "fake", BaseURL: server.URL, Targets: []crash.Target{{
		Name: "fake", Crash: func(context.Context) error {
			const life, death = 40, 4 // requests, so that a slow machine sees as much happen as a fast one
			f.await(t, life)
			f.down.Store(true)
			f.await(t, death)
			f.down.Store(false)
			return nil
		},
	}}}
}

// await returns when that many more requests have come in.
func (f *fake) await(t *testing.T, requests int64) {
	for enough := f.came.Load() + requests; f.came.Load() < enough && t.Context().Err() == nil; {
		time.Sleep(time.Millisecond)
	}
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.came.Add(1)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.served++
	down := f.down.Load()
	if down && f.served%2 == 0 {
		panic(http.ErrAbortHandler)
	}
	status, answer := f.answer(r, body, w.Header())
	if down || f.down.Load() {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
	if text, plain := answer.(string); plain {
		fmt.Fprint(w, text) //nolint:errcheck // the client tells
		return
	}
	json.NewEncoder(w).Encode(answer) //nolint:errcheck // the client tells
}

func (f *fake) answer(r *http.Request, body []byte, header http.Header) (int, any) {
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, "/v1/event"):
		return f.told.answer(r, body)
	case path == "/v1/tokens/mint":
		return http.StatusOK, map[string]string{"token": "t"}
	case path == "/v1/apps", path == "/v1/users", path == "/v1/feedbacks.list", path == "/api/v1/public/subscriber.identify", path == "/api/v1/public/org", path == "/.well-known/jwks.json":
		return http.StatusOK, nil
	case path == "/v1/feedback/upload-url":
		key := "file" + strconv.Itoa(f.served)
		return http.StatusOK, map[string]string{"key": key, "uploadUrl": f.url + "/" + key}
	case strings.HasPrefix(path, "/file") && r.Method == http.MethodPut:
		f.files[path[1:]] = string(body)
		return http.StatusOK, nil
	case strings.HasPrefix(path, "/file"):
		return http.StatusOK, f.files[path[1:]]
	case r.Method == http.MethodPost:
		return f.take(r.Header.Get("Idempotency-Key"), body, header)
	case path == "/v1/feedback":
		return f.page(r.FormValue("cursor"))
	}
	at := slices.IndexFunc(f.items, func(i item) bool { return strings.HasSuffix(path, "/"+i.ID) })
	if at < 0 || f.misplaces && at%5 == 0 {
		return http.StatusNotFound, nil
	}
	return http.StatusOK, f.items[at]
}

func (f *fake) take(key string, body []byte, header http.Header) (int, any) {
	if f.refuses && f.served%10 == 0 {
		return http.StatusBadRequest, nil
	}
	fresh := item{ID: fmt.Sprintf("%08d", f.served)}
	if err := json.Unmarshal(body, &fresh); err != nil {
		return http.StatusBadRequest, nil
	}
	if before := f.keys[key]; before != "" && !f.forgetsKeys {
		if f.keepsWaiting {
			return http.StatusConflict, nil
		}
		header.Set("Idempotency-Replayed", "true")
		return http.StatusCreated, item{ID: before}
	}
	receipt := item{ID: fresh.ID}
	if key != "" {
		f.keys[key] = fresh.ID
	}
	if f.forgets && f.served%7 == 0 {
		return http.StatusCreated, receipt
	}
	if f.garbles && f.served%7 == 0 {
		fresh.Text = "?"
	}
	for i, file := range fresh.Attachments {
		fresh.Attachments[i].DownloadURL = f.url + "/" + file.Key
		if f.forgetsFiles {
			delete(f.files, file.Key)
		}
	}
	f.items = append(f.items, fresh)
	if f.invents && f.served%7 == 0 {
		f.items = append(f.items, item{ID: fresh.ID + "0", Text: "something else"})
	}
	return http.StatusCreated, receipt
}

// page lists ten items at most.
func (f *fake) page(cursor string) (int, any) {
	first := 0
	if cursor != "" {
		first = 1 + slices.IndexFunc(f.items, func(i item) bool { return i.ID == cursor })
		if f.stutters {
			first--
		}
	}
	rest := f.items[first:]
	page := map[string]any{"data": rest, "nextCursor": nil}
	if len(rest) > 10 {
		page["data"], page["nextCursor"] = rest[:10], rest[9].ID
	}
	return http.StatusOK, page
}
