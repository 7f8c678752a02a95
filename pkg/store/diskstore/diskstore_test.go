package diskstore_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/diskstore"
	"github.com/heard-dev/heard/pkg/store/storetest"
)

func TestFiles(t *testing.T) {
	storetest.Blobs(t, func(t *testing.T) attachment.Blobs { return start(t, t.TempDir(), time.Now).store })
}

func TestALinkIsGoodForItsTimeAndNotLonger(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	h := start(t, t.TempDir(), func() time.Time { return now })
	early, late := newKey(), newKey()
	toEarly, toLate := h.signPut(t, early), h.signPut(t, late)
	now = now.Add(attachment.UploadTTL - time.Nanosecond)
	h.answers(t, h.put(t, toEarly, "intime"), http.StatusOK, "")
	now = now.Add(time.Nanosecond)
	h.answers(t, h.put(t, toLate, "belate"), http.StatusForbidden, "expired_signature")
	h.absent(t, late)
}

func TestOneOfManyUploadsToALinkWins(t *testing.T) {
	h := start(t, t.TempDir(), time.Now)
	key := newKey()
	link := h.signPut(t, key)
	const racers = 16
	statuses := make([]int, racers)
	var racing sync.WaitGroup
	for i := range racers {
		racing.Go(func() { statuses[i] = h.put(t, link, strings.Repeat(string(rune('a'+i)), 6)).status })
	}
	racing.Wait()
	winner := ""
	for i, status := range statuses {
		switch {
		case status == http.StatusOK && winner == "":
			winner = strings.Repeat(string(rune('a'+i)), 6)
		case status != http.StatusConflict:
			t.Errorf("racer %d was answered %d", i, status)
		}
	}
	h.answers(t, h.put(t, link, "second"), http.StatusConflict, "conflict")
	if got := h.get(t, key); got != winner {
		t.Errorf("the file holds %q, the winner sent %q", got, winner)
	}
	h.nothingIncoming(t)
}

func TestAnUploadThatBreaksOffLeavesNothing(t *testing.T) {
	h := start(t, t.TempDir(), time.Now)
	key := newKey()
	link := h.signPut(t, key)
	client, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	target := strings.TrimPrefix(link, h.url)
	head := "Host: x\r\nContent-Type: image/png\r\nContent-Length: 6\r\n\r\n"
	if _, err := fmt.Fprintf(client, "PUT %s HTTP/1.1\r\n%shal", target, head); err != nil {
		t.Fatal(err)
	}
	if err := client.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(client), nil)
	if err != nil {
		t.Fatal(err)
	}
	h.answers(t, readReply(t, response), http.StatusBadRequest, "invalid_body")
	h.absent(t, key)
	h.nothingIncoming(t)
	h.answers(t, h.put(t, link, "entire"), http.StatusOK, "")
}

func TestFilesOutliveTheProcessAndHalfUploadsDoNot(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "when missing")
	h := start(t, dir, time.Now)
	key := newKey()
	h.answers(t, h.put(t, h.signPut(t, key), "entire"), http.StatusOK, "")
	if err := os.WriteFile(filepath.Join(dir, "incoming", "7"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}

	h = start(t, dir, time.Now)
	h.nothingIncoming(t)
	if got := h.get(t, key); got != "entire" {
		t.Errorf("after a restart the file holds %q", got)
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %s", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestRefusalsSayWhy(t *testing.T) {
	h := start(t, t.TempDir(), time.Now)
	key := newKey()
	link := h.signPut(t, key)
	forged := func(part, by string) string { return strings.Replace(link, part, by, 1) }
	for name, row := range map[string]struct {
		method, link, contentType, body string
		chunked                         bool
		status                          int
		code                            string
	}{
		"too long":        {http.MethodPut, link, png.ContentType, "seven..", false, http.StatusRequestEntityTooLarge, "payload_too_large"},
		"too short":       {http.MethodPut, link, png.ContentType, "five.", false, http.StatusBadRequest, "invalid_body"},
		"no length":       {http.MethodPut, link, png.ContentType, "six...", true, http.StatusLengthRequired, "length_required"},
		"another type":    {http.MethodPut, link, "image/gif", "six...", false, http.StatusUnsupportedMediaType, "unsupported_media_type"},
		"another size":    {http.MethodPut, forged("size=6", "size=7"), png.ContentType, "seven..", false, 403, "invalid_signature"},
		"a later expiry":  {http.MethodPut, forged("expires=", "expires=9"), png.ContentType, "six...", false, 403, "invalid_signature"},
		"another method":  {http.MethodPost, link, png.ContentType, "six...", false, http.StatusMethodNotAllowed, "method_not_allowed"},
		"a GET":           {http.MethodGet, link, "", "", false, http.StatusForbidden, "invalid_signature"},
		"nothing there":   {http.MethodGet, h.signGet(t, newKey()), "", "", false, http.StatusNotFound, "not_found"},
		"no file's path":  {http.MethodGet, h.url + "/files/", "", "", false, http.StatusNotFound, "not_found"},
		"another's path":  {http.MethodGet, h.url + "/elsewhere/" + key, "", "", false, http.StatusNotFound, "not_found"},
		"an escape":       {http.MethodGet, h.url + "/files/orgs/%2e%2e/%2e%2e/etc/passwd", "", "", false, http.StatusNotFound, "not_found"},
		"the upload area": {http.MethodGet, h.url + "/files/incoming/1", "", "", false, http.StatusNotFound, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			var body io.Reader = strings.NewReader(row.body)
			if row.chunked {
				body = io.MultiReader(body)
			}
			got := h.send(t, row.method, row.link, http.Header{"Content-Type": {row.contentType}}, body)
			h.answers(t, got, row.status, row.code)
			h.absent(t, key)
		})
	}
}

func TestBrowsersOfAnyOriginMayUseALink(t *testing.T) {
	h := start(t, t.TempDir(), time.Now)
	key := newKey()
	link := h.signPut(t, key)
	preflight := h.send(t, http.MethodOptions, link, http.Header{
		"Origin": {"https://shop.example.com"}, "Access-Control-Request-Method": {"PUT"}, "Access-Control-Request-Headers": {"content-type"},
	}, nil)
	h.answers(t, preflight, http.StatusNoContent, "")
	for header, want := range map[string]string{"Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "Content-Type"} {
		if got := preflight.header.Get(header); !strings.Contains(got, want) {
			t.Errorf("%s: %q does not name %s", header, got, want)
		}
	}
	h.answers(t, h.put(t, link, "entire"), http.StatusOK, "")
	got := h.send(t, http.MethodGet, h.signGet(t, key), nil, nil)
	h.answers(t, got, http.StatusOK, "")
	for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"} {
		if got.header.Get(header) != want {
			t.Errorf("%s: %q, want %q", header, got.header.Get(header), want)
		}
	}
}

func TestOurOwnFailuresAreToldWithoutDetails(t *testing.T) {
	dir := t.TempDir()
	h := start(t, dir, time.Now)
	// A file where the Org's folders should be stands for a disk that cannot be written.
	if err := os.WriteFile(filepath.Join(dir, "orgs"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got := h.put(t, h.signPut(t, newKey()), "entire")
	h.answers(t, got, http.StatusInternalServerError, "internal_error")
	if strings.Contains(got.body, dir) || strings.Contains(got.body, "orgs") {
		t.Errorf("the client was told %q", got.body)
	}
	var line struct {
		Request string `json:"request_id"`
	}
	if err := json.Unmarshal(h.logs.Bytes(), &line); err != nil || line.Request != "req-1" {
		t.Errorf("logged %q, %v", h.logs, err)
	}
	if len(h.met) != 1 || h.met[0].RequestID != "req-1" || h.met[0].Method != http.MethodPut || h.met[0].Org != (id.ID{1}) || h.met[0].Cause == "" {
		t.Errorf("recorded %+v", h.met)
	}
	h.nothingIncoming(t)
}

func TestAnotherSigningKeyVoidsLinks(t *testing.T) {
	h, other := start(t, t.TempDir(), time.Now), start(t, t.TempDir(), time.Now)
	link := strings.Replace(h.signPut(t, newKey()), h.url, other.url, 1)
	h.answers(t, other.put(t, link, "entire"), http.StatusForbidden, "invalid_signature")
	if _, err := diskstore.Open(diskstore.Options{Dir: t.TempDir(), SigningKey: []byte("short")}); err == nil {
		t.Error("a short signing key was accepted")
	}
}
