package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"mime"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/id"
)

// Blobs holds a store of files to what attachment.Blobs promises, over the URLs that it signs. The store must stay usable
// until the test that opened it ends.
func Blobs(t *testing.T, open func(t *testing.T) attachment.Blobs) {
	b := blobs{Blobs: open(t), org: id.NewSource(time.Now, rand.Reader).New(), client: &http.Client{Timeout: prompt}}
	for _, suite := range []struct {
		name string
		run  func(t *testing.T, b blobs)
	}{
		{"a file comes back as it was uploaded", comesBack},
		{"only the promised type and size are taken", exactUpload},
		{"a URL works for its method and key alone", boundURL},
		{"an expired URL is refused", expiredURL},
		{"nothing is shown inline", neverInline},
		{"delete is final and may be repeated", deletion},
		{"a key that leads elsewhere is nobody's", escapes},
		{"a cancelled call does nothing", cancelledCalls},
	} {
		t.Run(suite.name, func(t *testing.T) {
			t.Parallel()
			suite.run(t, b)
		})
	}
}

type blobs struct {
	attachment.Blobs
	org    id.ID
	client *http.Client
}

const (
	png     = "image/png"
	content = "\x89PNG not really, but sixty bytes of it: 0123456789abcdefghijklm"
)

func comesBack(t *testing.T, b blobs) {
	key := b.key(png)
	_, err := b.Stat(t.Context(), key)
	missing(t, err)
	b.accepted(t, b.put(t, b.signPut(t, key, png, content, time.Minute), png, content))
	same(t, read[attachment.Object](t)(b.Stat(t.Context(), key)), attachment.Object{Size: int64(len(content)), ContentType: png})

	link := b.signGet(t, key, time.Minute)
	reply := b.do(t, http.MethodGet, link, nil)
	b.accepted(t, reply)
	same(t, reply.body, content)
	same(t, reply.header.Get("Content-Type"), png)
	part := b.do(t, http.MethodGet, link, http.Header{"Range": {"bytes=1-3"}})
	same(t, part.status, http.StatusPartialContent)
	same(t, part.body, content[1:4])
}

func exactUpload(t *testing.T, b blobs) {
	for _, row := range []struct {
		name, contentType, content string
	}{
		{"another type", "image/gif", content},
		{"no type", "", content},
		{"the type with a parameter", png + "; charset=utf-8", content},
		{"a byte more", png, content + "!"},
		{"a byte less", png, content[1:]},
		{"nothing", png, ""},
	} {
		key := b.key(png)
		link := b.signPut(t, key, png, content, time.Minute)
		b.refused(t, row.name, b.put(t, link, row.contentType, row.content))
		_, err := b.Stat(t.Context(), key)
		missing(t, err)
		b.accepted(t, b.put(t, link, png, content))
	}

	// A body without a length could be of any.
	key := b.key(png)
	link := b.signPut(t, key, png, content, time.Minute)
	b.refused(t, "chunked", b.send(t, http.MethodPut, link, http.Header{"Content-Type": {png}}, io.MultiReader(strings.NewReader(content))))
	_, err := b.Stat(t.Context(), key)
	missing(t, err)
}

func boundURL(t *testing.T, b blobs) {
	key, other := b.key(png), b.key(png)
	put := b.signPut(t, key, png, content, time.Minute)
	elsewhere := func(link string) string { return strings.Replace(link, key, other, 1) }
	tampered := func(link string) string { return swapLast(link) }

	b.refused(t, "GET by a PUT's URL", b.do(t, http.MethodGet, put, nil))
	b.refused(t, "another key", b.put(t, elsewhere(put), png, content))
	b.refused(t, "a tampered signature", b.put(t, tampered(put), png, content))
	b.refused(t, "no signature", b.put(t, strings.Split(put, "?")[0], png, content))
	b.accepted(t, b.put(t, put, png, content))

	get := b.signGet(t, key, time.Minute)
	b.accepted(t, b.put(t, b.signPut(t, other, png, content, time.Minute), png, content))
	b.refused(t, "PUT by a GET's URL", b.put(t, get, png, content))
	b.refused(t, "DELETE by a GET's URL", b.do(t, http.MethodDelete, get, nil))
	b.refused(t, "DELETE by a PUT's URL", b.do(t, http.MethodDelete, put, nil))
	b.refused(t, "another key", b.do(t, http.MethodGet, elsewhere(get), nil))
	b.refused(t, "a tampered signature", b.do(t, http.MethodGet, tampered(get), nil))
	b.refused(t, "no signature", b.do(t, http.MethodGet, strings.Split(get, "?")[0], nil))
	b.accepted(t, b.do(t, http.MethodGet, get, nil))
}

func expiredURL(t *testing.T, b blobs) {
	key, late := b.key(png), b.key(png)
	b.accepted(t, b.put(t, b.signPut(t, key, png, content, time.Minute), png, content))
	put := b.signPut(t, late, png, content, time.Second)
	get := b.signGet(t, key, time.Second)
	for deadline := time.Now().Add(prompt); b.do(t, http.MethodGet, get, nil).status == http.StatusOK; {
		if time.Now().After(deadline) {
			t.Fatal("a URL for one second still works")
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.refused(t, "an expired upload", b.put(t, put, png, content))
	_, err := b.Stat(t.Context(), late)
	missing(t, err)
}

func neverInline(t *testing.T, b blobs) {
	for _, contentType := range []string{png, "image/svg+xml", "text/html", "application/pdf"} {
		key := b.key(contentType)
		b.accepted(t, b.put(t, b.signPut(t, key, contentType, content, time.Minute), contentType, content))
		same(t, read[attachment.Object](t)(b.Stat(t.Context(), key)).ContentType, contentType)
		header := b.do(t, http.MethodGet, b.signGet(t, key, time.Minute), nil).header
		disposition, parameters, err := mime.ParseMediaType(header.Get("Content-Disposition"))
		must(t, err)
		same(t, disposition, "attachment")
		same(t, parameters["filename"], key[strings.LastIndex(key, "/")+1:])
		same(t, header.Get("Content-Type"), attachment.DownloadType(key))
	}
}

func deletion(t *testing.T, b blobs) {
	key := b.key(png)
	must(t, b.Delete(t.Context(), key))
	b.accepted(t, b.put(t, b.signPut(t, key, png, content, time.Minute), png, content))
	link := b.signGet(t, key, time.Minute)
	for range 2 {
		must(t, b.Delete(t.Context(), key))
		_, err := b.Stat(t.Context(), key)
		missing(t, err)
		same(t, b.do(t, http.MethodGet, link, nil).status, http.StatusNotFound)
	}
}

func escapes(t *testing.T, b blobs) {
	home := "orgs/" + b.org.String() + "/screenshots/"
	for _, key := range []string{
		"", "/etc/passwd", "../a.png", home + "../../a.png", home + `..\a.png`, home + "a\x00.png", home + "/a.png", "/" + home + "a.png", home,
	} {
		_, err := b.Stat(t.Context(), key)
		missing(t, err)
		missing(t, b.Delete(t.Context(), key))
		_, err = b.SignGet(t.Context(), key, time.Minute)
		missing(t, err)
		_, err = b.SignPut(t.Context(), key, attachment.Object{Size: 1, ContentType: png}, time.Minute)
		missing(t, err)
	}
}

func cancelledCalls(t *testing.T, b blobs) {
	key := b.key(png)
	b.accepted(t, b.put(t, b.signPut(t, key, png, content, time.Minute), png, content))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Stat(ctx, key); !cancelled(err) {
		t.Errorf("Stat: %v", err)
	}
	if err := b.Delete(ctx, key); !cancelled(err) {
		t.Errorf("Delete: %v", err)
	}
	_, err := b.Stat(t.Context(), key)
	must(t, err)
}

func (b blobs) key(contentType string) string {
	return attachment.NewKey(b.org, attachment.Screenshot, contentType, rand.Reader)
}

func (b blobs) signPut(t *testing.T, key, contentType, content string, ttl time.Duration) string {
	t.Helper()
	return read[string](t)(b.SignPut(t.Context(), key, attachment.Object{Size: int64(len(content)), ContentType: contentType}, ttl))
}

func (b blobs) signGet(t *testing.T, key string, ttl time.Duration) string {
	t.Helper()
	return read[string](t)(b.SignGet(t.Context(), key, ttl))
}

type reply struct {
	status int
	header http.Header
	body   string
}

// put uploads as the documented client does: a PUT that carries nothing but the type and the bytes.
func (b blobs) put(t *testing.T, link, contentType, content string) reply {
	t.Helper()
	header := http.Header{}
	if contentType != "" {
		header.Set("Content-Type", contentType)
	}
	return b.send(t, http.MethodPut, link, header, bytes.NewReader([]byte(content)))
}

func (b blobs) do(t *testing.T, method, link string, header http.Header) reply {
	t.Helper()
	return b.send(t, method, link, header, nil)
}

func (b blobs) send(t *testing.T, method, link string, header http.Header, body io.Reader) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, link, body)
	must(t, err)
	if header != nil {
		request.Header = header
	}
	response, err := b.client.Do(request)
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	return reply{status: response.StatusCode, header: response.Header, body: string(text)}
}

func (b blobs) accepted(t *testing.T, got reply) {
	t.Helper()
	if got.status != http.StatusOK {
		t.Fatalf("answered %d: %s", got.status, got.body)
	}
}

func (b blobs) refused(t *testing.T, what string, got reply) {
	t.Helper()
	if got.status < 400 || got.status > 499 {
		t.Fatalf("%s: answered %d, want a refusal: %s", what, got.status, got.body)
	}
	if strings.Contains(got.body, content) {
		t.Fatalf("%s: the refusal gives the file away", what)
	}
}

// swapLast changes the last digit of a URL, which ends with its signature in hex.
func swapLast(link string) string {
	last := "0"
	if strings.HasSuffix(link, last) {
		last = "1"
	}
	return link[:len(link)-1] + last
}
