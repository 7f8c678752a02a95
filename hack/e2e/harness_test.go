// Package e2e proves what only whole processes can: a split Heard, from its front to its servers.
package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heard-dev/heard/hack/stack"
)

func testServers(t *testing.T) stack.Servers {
	t.Helper()
	servers, missing := stack.ServersFromEnv("HEARD_TEST_")
	if len(missing) > 0 {
		t.Skipf("needs servers: %v", missing)
	}
	return servers
}

// start starts a split Heard of the present code, for as long as the test lasts.
func start(t *testing.T, o stack.Options) *stack.Split {
	t.Helper()
	root, err := stack.Root()
	must(t, err)
	o.Bin = filepath.Join(root, "bin", "split")
	must(t, stack.Build(t.Context(), o.Bin))
	running, err := stack.StartSplit(t.Context(), o)
	must(t, err)
	t.Cleanup(func() { must(t, running.Close()) })
	return running
}

func ask(t *testing.T, method, url, token, body string) (int, string) {
	t.Helper()
	status, _, text, err := send(method, url, token, body)
	must(t, err)
	return status, text
}

// list asks a process for feedback, in any goroutine: what fails is status 0.
func list(t *testing.T, base, key string) (int, http.Header) {
	status, header, _, err := send(http.MethodGet, base+"/v1/feedback?limit=1", key, "")
	if err != nil {
		t.Error(err)
	}
	return status, header
}

// client keeps as many connections as any test has clients.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}

func send(method, url, token, body string) (int, http.Header, string, error) {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil, "", err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, "", err
	}
	defer response.Body.Close() //nolint:errcheck // read to its end, or failed
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, response.Header, string(text), err
}

// reserve asks for the place of a file of four bytes: where to put it, and a submission that cites it.
func reserve(t *testing.T, running *stack.Split) (url, submission string) {
	t.Helper()
	const file = `"kind":"attachment","contentType":"text/plain","byteSize":4}`
	status, text := ask(t, "POST", running.URL+"/v1/feedback/upload-url", running.Demo.Apps[0].PublicKey, "{"+file)
	var place struct{ Key, UploadURL string }
	if err := json.Unmarshal([]byte(text), &place); err != nil || status != http.StatusOK {
		t.Fatalf("a place for a file: %d %s", status, text)
	}
	return place.UploadURL, `{"text":"see there","attachments":[{"key":"` + place.Key + `",` + file + `]}`
}

// put uploads that file.
func put(t *testing.T, browser *http.Client, url string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPut, url, strings.NewReader("file"))
	must(t, err)
	request.Header.Set("Content-Type", "text/plain")
	answer, err := browser.Do(request)
	must(t, err)
	must(t, answer.Body.Close())
	if answer.StatusCode != http.StatusOK {
		t.Errorf("PUT %s: %s", request.URL.Redacted(), answer.Status)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
