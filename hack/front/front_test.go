package front_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/hack/front"
)

// open puts a front before five services that all answer by serve.
func open(t *testing.T, serve func(service string, w http.ResponseWriter, r *http.Request)) (base string, services map[string]*httptest.Server) {
	t.Helper()
	return openTo(t, io.Discard, serve)
}

// openTo is open, with what the front has to say of faults.
func openTo(t *testing.T, errs io.Writer, serve func(service string, w http.ResponseWriter, r *http.Request)) (base string, services map[string]*httptest.Server) {
	t.Helper()
	services, upstreams := map[string]*httptest.Server{}, map[string]string{}
	for _, name := range front.Services() {
		services[name] = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(name, w, r) }))
		t.Cleanup(services[name].Close)
		upstreams[name] = services[name].URL
	}
	f, err := front.New(upstreams, errs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return server.URL, services
}

func do(t *testing.T, method, url string, body io.Reader, header ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequest(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

func TestEveryRequestReachesTheServiceThatServesIt(t *testing.T) {
	base, _ := open(t, func(service string, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, service) })
	for request, want := range map[string]string{
		"POST /v1/feedback":              "ingest",
		"GET /v1/feedback":               "read",
		"GET /v1/feedback?limit=1":       "read",
		"GET /v1/feedback/1":             "read",
		"PATCH /v1/feedback/1":           "read",
		"GET /v1/feedback/a%2Fb":         "read",
		"GET /v1/feedback/upload-url":    "read",
		"POST /v1/feedback/upload-url":   "attachments",
		"POST /v1/feedback/upload%2Durl": "read", // as the services see it: an id, and so a wrong method
		"GET /v1/agent-runs/1":           "read",
		"POST /v1/event":                 "ingest",
		"POST /v1/events":                "ingest",
		"GET /v1/events":                 "read",
		"GET /v1/end-users/1":            "read",
		"DELETE /v1/end-users/1":         "keys",
		"POST /v1/tokens/mint":           "token",
		"GET /v1/apps":                   "keys",
		"DELETE /v1/feedback":            "ingest",
		"DELETE /v1/tokens/mint":         "token",
		"POST /v1/feedback/1":            "read",
		"GET /v1/feedback/":              "keys",
		"GET /v1/feedback/1/2":           "keys",
		"POST /v1/nothing":               "keys",
		"GET /":                          "keys",
		"GET /docs":                      "keys",
		"GET /docs/swagger-ui.css":       "keys",
		"GET /openapi.json":              "keys",
		"GET /openapi/userz.json":        "keys",
		"OPTIONS /v1/feedback":           "ingest",
		"OPTIONS /v1/apps":               "keys",
	} {
		method, path, _ := strings.Cut(request, " ")
		if _, got := do(t, method, base+path, nil); got != want {
			t.Errorf("%s reached %q, want %s", request, got, want)
		}
	}
	for method, want := range map[string]string{"POST": "ingest", "GET": "read"} {
		if _, got := do(t, "OPTIONS", base+"/v1/feedback", nil, "Access-Control-Request-Method", method); got != want {
			t.Errorf("the preflight of %s reached %q, want %s", method, got, want)
		}
	}
}

func TestAPathTellsTheMethodsOfAllItsServices(t *testing.T) {
	base, _ := open(t, func(_ string, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", "POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	})
	for _, row := range []struct{ method, path, want string }{
		{"DELETE", "/v1/feedback", "POST, GET"},
		{"OPTIONS", "/v1/feedback", "POST, GET, OPTIONS"},
		{"PUT", "/v1/feedback/upload-url", "POST, GET, PATCH"},
		{"PUT", "/v1/tokens/mint", "POST"},
		{"DELETE", "/v1/events", "POST, GET"},
	} {
		if response, _ := do(t, row.method, base+row.path, nil); response.Header.Get("Allow") != row.want {
			t.Errorf("%s %s allows %q, want %q", row.method, row.path, response.Header.Get("Allow"), row.want)
		}
	}
}

func TestWhatIsSaidArrivesAsItWasSaid(t *testing.T) {
	var packed strings.Builder
	zipper := gzip.NewWriter(&packed)
	fmt.Fprint(zipper, "packed")
	zipper.Close()
	seen := make(chan *http.Request, 1)
	base, _ := open(t, func(_ string, w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		seen <- r
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, packed.String())
	})
	response, text := do(t, "POST", base+"/v1/feedback?a=%zz;b&&c=1", strings.NewReader("body"), "X-Forwarded-For", "192.0.2.1", "Authorization", "Bearer x")
	if response.StatusCode != http.StatusTeapot || text != packed.String() || response.Header.Get("Retry-After") != "7" {
		t.Errorf("the answer became %d %q %v", response.StatusCode, text, response.Header)
	}
	r := <-seen
	body, _ := io.ReadAll(r.Body)
	if r.URL.RawQuery != "a=%zz;b&&c=1" || string(body) != "body" || r.ContentLength != 4 || r.Host != strings.TrimPrefix(base, "http://") ||
		r.Header.Get("Authorization") != "Bearer x" || r.Header.Get("X-Forwarded-For") != "192.0.2.1, 127.0.0.1" {
		t.Errorf("the request became %s %q %v %q", r.URL, r.Host, r.Header, body)
	}
}

func TestBodiesFlow(t *testing.T) {
	half := make(chan string)
	base, _ := open(t, func(_ string, w http.ResponseWriter, r *http.Request) {
		buffer := make([]byte, 5)
		n, _ := r.Body.Read(buffer)
		half <- string(buffer[:n])
		io.Copy(io.Discard, r.Body)
	})
	body, pen := io.Pipe()
	go func() {
		io.WriteString(pen, "first")
		if got := <-half; got != "first" {
			t.Errorf("the service read %q", got)
		}
		pen.Close()
	}()
	do(t, "POST", base+"/v1/feedback", body)
}

func TestAServiceThatIsAwayIsAnsweredFor(t *testing.T) {
	var errs strings.Builder
	base, services := openTo(t, &errs, func(_ string, w http.ResponseWriter, _ *http.Request) {})
	if response, _ := do(t, "GET", base+"/readyz", nil); response.StatusCode != http.StatusOK {
		t.Errorf("all services are ready, the front is %s", response.Status)
	}
	services["ingest"].Close()
	response, text := do(t, "POST", base+"/v1/feedback", strings.NewReader("{}"))
	var body struct {
		Error struct{ Code, Message, RequestID string }
	}
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		t.Fatal(err, text)
	}
	if id := response.Header.Get("X-Request-Id"); response.StatusCode != http.StatusServiceUnavailable || body.Error.Code != "internal_error" ||
		id == "" || body.Error.RequestID != id || response.Header.Get("Retry-After") != "1" {
		t.Errorf("%s %v %s", response.Status, response.Header, text)
	} else if !strings.Contains(errs.String(), id) {
		t.Errorf("request %s is not found in %q", id, &errs)
	}
	for path, want := range map[string]int{"/v1/feedback": 200, "/healthz": 200, "/readyz": 503} {
		if response, _ := do(t, "GET", base+path, nil); response.StatusCode != want {
			t.Errorf("%s is %s", path, response.Status)
		}
	}
}

// Neither the front nor the client need wait for, or send, a body that the service refuses by its headers.
func TestARefusalComesBeforeTheBody(t *testing.T) {
	base, _ := open(t, func(_ string, w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > 4 {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		io.Copy(w, r.Body)
	})
	for _, row := range []struct {
		request string
		status  int
		closes  bool
	}{
		{"Content-Length: 5000\r\n\r\n", http.StatusRequestEntityTooLarge, true},
		{"Content-Length: 4\r\n\r\nbody", http.StatusOK, false}, // and no 100 Continue, which this client did not ask for
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		io.WriteString(conn, "POST /v1/feedback HTTP/1.1\r\nHost: heard\r\n"+row.request)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != row.status || response.Close != row.closes {
			t.Errorf("%q is answered %s, closing: %t", row.request, response.Status, response.Close)
		}
	}
}
