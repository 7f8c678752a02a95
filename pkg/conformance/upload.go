package conformance

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// ticket is a reserved upload, and the citation of the file it takes.
type ticket struct {
	url  string
	cite map[string]any
}

// reserve gets a place for a file, and holds the answer to its promise.
func (s *suite) reserve(t *testing.T, who as, kind, folder, contentType, extension string, size int) ticket {
	t.Helper()
	got := s.ask(t, who, "POST", "/v1/feedback/upload-url", map[string]any{"contentType": contentType, "byteSize": size, "kind": kind}).
		is(t, http.StatusOK)
	object := got.object(t)
	key, _ := object["key"].(string)
	link, _ := object["uploadUrl"].(string)
	form := regexp.MustCompile(`^orgs/` + s.OrgID + `/` + folder + `/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.` + extension + `$`)
	if u, err := url.Parse(link); err != nil || u.Host == "" || !form.MatchString(key) || object["expiresInSeconds"] != 300.0 || len(object) != 3 {
		t.Fatalf("%s; want a key like %s, an absolute uploadUrl and 300 seconds", got, form)
	}
	return ticket{link, map[string]any{"key": key, "kind": kind, "contentType": contentType, "byteSize": size}}
}

// put uploads as a page does: nothing but the link is sent along.
func (s *suite) put(t *testing.T, link, contentType string, content []byte) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodPut, link, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	response, err := s.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close() //nolint:errcheck // only the status counts
	return response.StatusCode
}

// takesFiles: reserve, upload, cite, download, with a refusal for every way around it.
func (s *suite) takesFiles(t *testing.T) {
	app, other, key := s.app(t, s.OrgID, anybody()), s.app(t, s.OrgID, anybody()), as{token: s.key(t, s.OrgID).Text}
	who := user(t, app)
	content := []byte("\x89PNG\r\n\x1a\n" + rand.Text())
	shot := s.reserve(t, who, "screenshot", "screenshots", "image/png", "png", len(content))
	log := s.reserve(t, as{token: app.PublicKey}, "attachment", "attachments", "text/plain", "txt", 3)
	s.reserve(t, who, "annotated", "annotated", "IMAGE/JPEG", "jpg", 1)

	cite := func(who as, files ...map[string]any) answer {
		t.Helper()
		return s.ask(t, who, "POST", "/v1/feedback", map[string]any{"text": "look", "attachments": files})
	}
	with := func(file ticket, name string, value any) map[string]any {
		changed := map[string]any{name: value}
		for n, v := range file.cite {
			if n != name {
				changed[n] = v
			}
		}
		return changed
	}
	cite(who, shot.cite).names(t, "invalid_body", "attachments.0.key invalid_value") // it is not uploaded yet
	for what, status := range map[string]int{
		"another type":   s.put(t, shot.url, "image/jpeg", content),
		"a longer file":  s.put(t, shot.url, "image/png", append([]byte("x"), content...)),
		"a shorter file": s.put(t, shot.url, "image/png", content[1:]),
		"a forged link":  s.put(t, forge(shot.url), "image/png", content),
	} {
		if status < 400 || status > 499 {
			t.Errorf("%s was answered %d", what, status)
		}
	}
	for _, file := range []struct {
		ticket
		content []byte
	}{{shot, content}, {log, []byte("log")}} {
		if status := s.put(t, file.url, file.cite["contentType"].(string), file.content); status != http.StatusOK {
			t.Fatalf("the upload of %v was answered %d", file.cite, status)
		}
	}

	cite(who, with(shot, "byteSize", len(content)+1)).names(t, "invalid_body", "attachments.0.byteSize invalid_value")
	cite(who, with(shot, "contentType", "image/webp")).names(t, "invalid_body", "attachments.0.contentType invalid_value")
	cite(who, with(shot, "kind", "annotated")).names(t, "invalid_body", "attachments.0.kind invalid_value")
	cite(who, shot.cite, shot.cite).names(t, "invalid_body", "attachments.1.key duplicate_value")
	cite(user(t, other), shot.cite).names(t, "invalid_body", "attachments.0.key invalid_value")
	nobodys := with(shot, "key", strings.Replace(shot.cite["key"].(string), "screenshots/", "screenshots/0", 1))
	cite(who, shot.cite, nobodys, with(log, "byteSize", 4)).
		names(t, "invalid_body", "attachments.1.key invalid_value", "attachments.2.byteSize invalid_value")

	// None of these refusals has taken the files.
	shot.cite["width"], shot.cite["height"] = 640, 480
	receipt := s.ask(t, who, "POST", "/v1/feedback", map[string]any{
		"text": "look", "attachments": []any{shot.cite, log.cite},
		"componentTarget": map[string]any{"name": "Cart", "screenshotKey": shot.cite["key"]},
	}).is(t, http.StatusCreated).object(t)
	cite(who, log.cite).names(t, "invalid_body", "attachments.0.key not_allowed")
	s.ask(t, who, "POST", "/v1/feedback", map[string]any{
		"text": "x", "componentTarget": map[string]any{"name": "Cart", "screenshotKey": shot.cite["key"]},
	}).names(t, "invalid_body", "componentTarget.screenshotKey not_allowed")

	item := s.item(t, key.token, fmt.Sprint(receipt["id"]))
	files, _ := item["attachments"].([]any)
	target, _ := item["componentTarget"].(map[string]any)
	if len(files) != 2 {
		t.Fatalf("the item has the attachments %v", files)
	}
	for i, want := range []struct {
		ticket
		content []byte
	}{{shot, content}, {log, []byte("log")}} {
		file, _ := files[i].(map[string]any)
		s.download(t, file["downloadUrl"], want.content)
		delete(file, "downloadUrl")
		equal(t, "the attachment", file, want.cite)
	}
	s.download(t, target["screenshotUrl"], content)
	if got := s.get(t, forge(fmt.Sprint(target["screenshotUrl"]))); got.StatusCode < 400 || got.StatusCode > 499 {
		t.Errorf("a forged download link was answered %d", got.StatusCode)
	}
}

// forge changes the last character of a link's signature, which every kind of link has.
func forge(link string) string {
	at := strings.LastIndex(strings.ToLower(link), "signature=") + len("signature=")
	flipped := "0"
	if link[at:at+1] == flipped {
		flipped = "1"
	}
	return link[:at] + flipped + link[at+1:]
}

func (s *suite) get(t *testing.T, link string) *http.Response {
	t.Helper()
	response, err := s.http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() }) //nolint:errcheck // it is read or not wanted
	return response
}

// download holds a link to the file's bytes, and to their being saved rather than shown.
func (s *suite) download(t *testing.T, link any, content []byte) {
	t.Helper()
	text, _ := link.(string)
	response := s.get(t, text)
	got, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !bytes.Equal(got, content) {
		t.Errorf("a download is %d %q, want %q: %v", response.StatusCode, got, content, err)
	}
	if !strings.HasPrefix(response.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("a download is shown: %v", response.Header)
	}
}
