package diskstore_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/diskstore"
)

// png is the file of every test here: six bytes.
var png = attachment.Object{Size: 6, ContentType: "image/png"}

func newKey() string {
	return attachment.NewKey(id.ID{1}, attachment.Screenshot, png.ContentType, rand.Reader)
}

// harness is a store with a port of its own.
type harness struct {
	store *diskstore.Store
	dir   string
	url   string
	logs  *bytes.Buffer
	met   []incident.Incident
}

func start(t *testing.T, dir string, now func() time.Time) *harness {
	t.Helper()
	h := &harness{dir: dir, logs: &bytes.Buffer{}}
	store, err := diskstore.Open(diskstore.Options{
		Dir:        dir,
		BaseURL:    func() string { return h.url + "/files" },
		SigningKey: signingKey(t),
		Now:        now,
		Logger:     slog.New(slog.NewJSONHandler(h.logs, nil)),
		Incidents:  func(i incident.Incident) { h.met = append(h.met, i) },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "req-1")
		store.ServeHTTP(w, r)
	}))
	h.store, h.url = store, server.URL
	t.Cleanup(func() {
		server.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func signingKey(t *testing.T) []byte {
	t.Helper()
	key := make([]byte, diskstore.KeySize)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	return key
}

func (h *harness) signPut(t *testing.T, key string) string {
	t.Helper()
	link, err := h.store.SignPut(t.Context(), key, png, attachment.UploadTTL)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func (h *harness) signGet(t *testing.T, key string) string {
	t.Helper()
	link, err := h.store.SignGet(t.Context(), key, attachment.DownloadTTL)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

type reply struct {
	status int
	header http.Header
	body   string
}

func (h *harness) put(t *testing.T, link, content string) reply {
	t.Helper()
	return h.send(t, http.MethodPut, link, http.Header{"Content-Type": {png.ContentType}}, strings.NewReader(content))
}

func (h *harness) get(t *testing.T, key string) string {
	t.Helper()
	got := h.send(t, http.MethodGet, h.signGet(t, key), nil, nil)
	h.answers(t, got, http.StatusOK, "")
	return got.body
}

func (h *harness) send(t *testing.T, method, link string, header http.Header, body io.Reader) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, link, body)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		request.Header = header
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return readReply(t, response)
}

func readReply(t *testing.T, response *http.Response) reply {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{status: response.StatusCode, header: response.Header, body: string(body)}
}

// answers demands a status and, of a refusal, the native envelope with that code. Every answer is open to all origins.
func (h *harness) answers(t *testing.T, got reply, status int, code string) {
	t.Helper()
	if got.status != status {
		t.Fatalf("answered %d, want %d: %s", got.status, status, got.body)
	}
	if origin := got.header.Get("Access-Control-Allow-Origin"); origin != "*" {
		t.Errorf("the answer is for origin %q", origin)
	}
	if code == "" {
		return
	}
	var envelope struct {
		Error struct{ Code, Message, RequestID string }
	}
	if err := json.Unmarshal([]byte(got.body), &envelope); err != nil || envelope.Error.Code != code || envelope.Error.Message == "" {
		t.Errorf("refused with %s, want code %s", got.body, code)
	}
	if named := envelope.Error.RequestID == "req-1"; named != (status >= http.StatusInternalServerError) {
		t.Errorf("the refusal names the request %q", envelope.Error.RequestID)
	}
}

func (h *harness) absent(t *testing.T, key string) {
	t.Helper()
	if _, err := h.store.Stat(t.Context(), key); apierr.KindOf(err) != apierr.NotFound {
		t.Errorf("stat: %v, want NotFound", err)
	}
}

func (h *harness) nothingIncoming(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(filepath.Join(h.dir, "incoming"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
