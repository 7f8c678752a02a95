package httpkit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/dialect/tongues"
	"github.com/heard-dev/heard/pkg/httpkit"
)

// Whatever no route takes, and whatever breaks, is answered in the tongue of whoever owns the path.
func TestEveryDialectRefusesInItsOwnEnvelope(t *testing.T) {
	s := newSite(t)
	seen := map[string]bool{}
	for _, d := range tongues.All() {
		path := pings()[d.Name()]
		for _, row := range []struct {
			method, path string
			status       int
			allow        string
		}{
			{http.MethodGet, path, 500, ""},
			{http.MethodDelete, path, 405, "GET"},
			{http.MethodHead, path, 405, "GET"},
			{http.MethodGet, path + "/nope", 404, ""},
			{http.MethodOptions, path, 204, "GET, OPTIONS"},
		} {
			w := s.do(s.request(row.method, row.path, nil))
			if w.Code != row.status || w.Header().Get("Allow") != row.allow {
				t.Errorf("%s %s: %d, Allow %q", row.method, row.path, w.Code, w.Header().Get("Allow"))
			}
			requestID := w.Header().Get("X-Request-Id")
			if len(requestID) != 24 || seen[requestID] {
				t.Errorf("%s %s: request id %q", row.method, row.path, requestID)
			}
			seen[requestID] = true
			if row.status == http.StatusNoContent {
				continue
			}
			if w.Header().Get("Content-Type") != "application/json; charset=utf-8" || strings.Contains(w.Body.String(), hidden) {
				t.Errorf("%s %s: %v %s", row.method, row.path, w.Header(), w.Body)
			}
			decoder := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(reflect.New(reflect.TypeOf(d.About().Envelope)).Interface()); err != nil {
				t.Errorf("%s %s: not %s's envelope: %v: %s", row.method, row.path, d.Name(), err, w.Body)
			}
		}
	}
	if got := len(s.met()); got != len(tongues.All()) {
		t.Errorf("%d incidents", got)
	}
	for _, nobodys := range []string{"/", "/v2/feedback", "/v1", "/openapi.xml", "/openapi/none.json", "/docsx", "/docs/none", "/docs/v1/feedback", "/v1/feedback/"} {
		s.refused(s.do(s.request(http.MethodGet, nobodys, nil)), 404, apierr.CodeNotFound)
	}
}

// One path may be of two surfaces, by method. Whoever refuses tells the methods of both.
func TestAPathOfTwoSurfacesTellsTheMethodsOfBoth(t *testing.T) {
	s := newSite(t)
	serve := func(name, method string) {
		httpkit.Handle(s.kit.API(name), httpkit.Route{Method: method, Path: "/v1/events", ID: name, Tag: "t", Status: http.StatusOK},
			func(context.Context, auth.Principal, *struct{}) (*struct{}, error) { return &struct{}{}, nil })
	}
	serve("userboost", http.MethodPost)
	for _, row := range []struct{ method, allow, refusal string }{
		{http.MethodGet, "POST", `{"error":{`}, // another process serves it
		{http.MethodOptions, "POST, OPTIONS", ""},
	} {
		w := s.do(s.request(row.method, "/v1/events", nil))
		if w.Header().Get("Allow") != row.allow || !strings.HasPrefix(w.Body.String(), row.refusal) {
			t.Errorf("%s: %d %v %s", row.method, w.Code, w.Header(), w.Body)
		}
	}
	serve("userz", http.MethodGet)
	for method, status := range map[string]int{"GET": 200, "POST": 200, "DELETE": 405, "OPTIONS": 204} {
		w := s.do(s.request(method, "/v1/events", nil))
		if allow := w.Header().Get("Allow"); w.Code != status || status >= 204 && !strings.HasPrefix(allow, "GET, POST") {
			t.Errorf("%s: %d, Allow %q", method, w.Code, allow)
		}
	}
}

func TestAFaultOfOursIsKeptAndTellsNothing(t *testing.T) {
	s := newSite(t)
	for _, row := range []struct {
		text   string
		status int
		stack  string
	}{
		{"panic", 500, "(*site).take"},
		{"fail", 500, ""},
		{"away", 503, ""},
	} {
		w := s.post(`{"text":"` + row.text + `"}`)
		f := s.refused(w, row.status, apierr.CodeInternal)
		met := s.met()
		kept := met[len(met)-1]
		if f.RequestID == "" || f.RequestID != w.Header().Get("X-Request-Id") || kept.RequestID != f.RequestID {
			t.Errorf("%s: request %q, incident %+v", row.text, f.RequestID, kept)
		}
		if strings.Contains(w.Body.String(), "hunter2") || !strings.Contains(kept.Cause, hidden) {
			t.Errorf("%s: told %s, kept %q", row.text, w.Body, kept.Cause)
		}
		if kept.Org != s.org.ID || kept.App != s.app.ID || kept.Service != "site" || kept.Method != "POST" || kept.Route != notes || kept.At.IsZero() {
			t.Errorf("%s: %+v", row.text, kept)
		}
		if (row.stack == "") != (kept.Stack == "") || !strings.Contains(kept.Stack, row.stack) {
			t.Errorf("%s: stack %s", row.text, kept.Stack)
		}
	}
	// What is the caller's own fault is nobody's incident.
	s.post(`{"text":""}`)
	if n := len(s.met()); n != 3 {
		t.Errorf("%d incidents", n)
	}
}

// An answer is encoded before any of it is sent: one that cannot be written is refused whole.
func TestAnAnswerIsSentWholeOrRefused(t *testing.T) {
	s := newSite(t)
	w := s.post(`{"text":"odd"}`)
	s.refused(w, 500, apierr.CodeInternal)
	if strings.Contains(w.Body.String(), "half") || w.Header().Get("Idempotency-Replayed") != "" {
		t.Errorf("%v %s", w.Header(), w.Body)
	}

	w = s.post(`{"text":"<b> & \u2028"}`)
	if want := `{"text":"<b> & \u2028","null":null,"empty":[]}` + "\n"; w.Code != 201 || w.Body.String() != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", "Idempotency-Replayed": "true",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestACutConnectionAndADesertedRequestAreNoIncidents(t *testing.T) {
	s := newSite(t)
	server := s.listen(func(*http.Server) {})
	send := func(ctx context.Context, text string) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+notes, strings.NewReader(`{"text":"`+text+`"}`))
		s.must(err)
		r.Header.Set("Authorization", "Bearer "+s.app.PublicKey)
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err == nil {
			err = answer.Body.Close()
		}
		return err
	}
	if send(t.Context(), "abort") == nil {
		t.Error("an aborted handler answered")
	}
	<-s.contexts
	for _, text := range []string{"wait", "late panic"} {
		ctx, hangUp := context.WithCancel(t.Context())
		go func() {
			<-s.contexts
			hangUp()
		}()
		if send(ctx, text) == nil {
			t.Errorf("%s: a client that hung up was answered", text)
		}
	}
	server.Close() // waits for what is still being answered
	if met := s.met(); len(met) != 1 || met[0].Stack == "" {
		t.Errorf("not the panic alone: %+v", met)
	}
}

func TestAnAbortedExchangeFreesItsContext(t *testing.T) {
	s := newSite(t)
	defer func() {
		if fault := recover(); fault != http.ErrAbortHandler {
			t.Errorf("the server was told %v", fault)
		}
		if (<-s.contexts).Err() == nil {
			t.Error("the context lives on")
		}
	}()
	s.post(`{"text":"abort"}`)
}

func TestPagesOfOtherOriginsReadWhatTheWidgetIsToldAndNothingElse(t *testing.T) {
	s := newSite(t)
	const origin = "https://page.example"
	welcomed := func(w *httptest.ResponseRecorder) bool {
		header := w.Header()
		_, allowed := header["Access-Control-Allow-Origin"]
		if allowed && (header.Get("Access-Control-Allow-Origin") != origin || header.Get("Vary") != "Origin" || header.Get("Access-Control-Allow-Credentials") != "") {
			t.Errorf("welcomed by %v", header)
		}
		return allowed
	}
	for name, row := range map[string]struct {
		request *http.Request
		status  int
		welcome bool
	}{
		"an answer":          {s.request("POST", notes, strings.NewReader(`{"text":"x"}`)), 201, true},
		"a bad credential":   {s.request("POST", notes, nil, "Authorization", ""), 401, true},
		"a bad body":         {s.request("POST", notes, strings.NewReader(`{}`)), 400, true},
		"a fault":            {s.request("POST", notes, strings.NewReader(`{"text":"panic"}`)), 500, true},
		"a server's route":   {s.request("GET", "/v1/apps/x", nil, "Authorization", "Bearer "+s.key), 200, false},
		"an unserved path":   {s.request("GET", "/v1/feedback/nope/nope", nil), 404, false},
		"an unserved method": {s.request("PUT", notes, nil), 405, false},
	} {
		row.request.Header.Set("Origin", origin)
		if w := s.do(row.request); w.Code != row.status || welcomed(w) != row.welcome {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}

	for name, row := range map[string]struct {
		path, method, origin string
		status               int
		welcome              bool
	}{
		"the widget's route": {notes, "POST", origin, 204, true},
		"another method":     {notes, "PUT", origin, 204, false},
		"a server's route":   {"/v1/apps/x", "GET", origin, 204, false},
		"no page":            {notes, "POST", "", 204, false},
		"an unserved path":   {"/v1/feedback/nope/nope", "POST", origin, 404, false},
	} {
		w := s.do(s.request("OPTIONS", row.path, nil, "Authorization", "", "Origin", row.origin, "Access-Control-Request-Method", row.method))
		if w.Code != row.status || welcomed(w) != row.welcome {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		if row.welcome {
			headers := strings.Split(w.Header().Get("Access-Control-Allow-Headers"), ", ")
			for _, needed := range []string{"Authorization", "Content-Type", "Idempotency-Key", "X-Userz-User-Token"} {
				if !slices.Contains(headers, needed) {
					t.Errorf("%s: allows %v", name, headers)
				}
			}
			if w.Header().Get("Access-Control-Allow-Methods") != "POST" || w.Header().Get("Access-Control-Max-Age") == "" {
				t.Errorf("%s: %v", name, w.Header())
			}
		}
	}
}

func TestHealthAndDocumentsAreServedBesideTheRoutes(t *testing.T) {
	s := newSite(t)
	s.notReady = apierr.Away(nil)
	for path, status := range map[string]int{"/healthz": 200, "/readyz": 503, "/openapi.json": 200, "/docs": 200, "/docs/": 301, "/docs/swagger-ui.css": 200} {
		w := s.do(s.request(http.MethodGet, path, nil, "Authorization", ""))
		if w.Code != status || w.Header().Get("X-Request-Id") == "" || w.Header().Get("Content-Type") == "" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		if moved := w.Header().Get("Location") == "/docs"; moved != (status == http.StatusMovedPermanently) {
			t.Errorf("%s: moved to %q", path, w.Header().Get("Location"))
		}
	}
	s.notReady = nil
	if w := s.do(s.request(http.MethodGet, "/readyz", nil)); w.Code != 200 {
		t.Errorf("ready: %d", w.Code)
	}
}
