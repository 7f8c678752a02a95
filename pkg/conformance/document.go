package conformance

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// document is what the suite reads of an OpenAPI document.
type document struct {
	OpenAPI string                          `json:"openapi"`
	Paths   map[string]map[string]described `json:"paths"`
}

type described struct {
	ID        string                     `json:"operationId"`
	Responses map[string]json.RawMessage `json:"responses"`
	Security  []map[string][]string      `json:"security"`
}

func (s *suite) document(t *testing.T, path string) document {
	t.Helper()
	got := s.ask(t, as{}, "GET", path, nil).is(t, http.StatusOK)
	got.object(t)
	var read document
	if err := json.Unmarshal(got.body, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// open are the paths that ask for no credential: whoever has one gets it there, or proves by what is sent who they are.
var open = []string{"/v1/sessions", "/v1/sessions/refresh", "/v1/invitations/accept", "/v1/leaks", "/.well-known/jwks.json"}

// documentsItself is U5: the document describes exactly the routes that answer, and its pages need no other host.
func (s *suite) documentsItself(t *testing.T) {
	doc := s.document(t, "/openapi.json")
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") {
		t.Errorf("the document is OpenAPI %q", doc.OpenAPI)
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.ID == "" {
				t.Errorf("%s %s has no operationId", method, path)
			}
			if len(op.Security) > 0 {
				s.ask(t, as{}, strings.ToUpper(method), instance(path), nil).refused(t, http.StatusUnauthorized, "missing_authorization")
			} else if !slices.Contains(open, path) {
				t.Errorf("%s %s asks for no credential", method, path)
			}
		}
	}
	for _, op := range operations {
		if _, described := doc.Paths[op.path][strings.ToLower(op.method)]; !described {
			t.Errorf("%s %s is not described", op.method, op.path)
		}
	}
	if native := s.ask(t, as{}, "GET", "/openapi/userz.json", nil).is(t, http.StatusOK); !json.Valid(native.body) {
		t.Errorf("%s is no JSON", native)
	}

	page := s.ask(t, as{}, "GET", "/docs", nil).is(t, http.StatusOK)
	if media := page.header.Get("Content-Type"); !strings.HasPrefix(media, "text/html") {
		t.Errorf("/docs is %s", media)
	}
	policy := page.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'self'") || strings.Contains(policy, "//") || strings.Contains(policy, "*") {
		t.Errorf("/docs may load from elsewhere: %q", policy)
	}
	parts := references.FindAllStringSubmatch(string(page.body), -1)
	if len(parts) < 3 || !strings.Contains(string(page.body), "swagger-ui") {
		t.Fatalf("/docs is no Swagger UI: %s", page)
	}
	for _, part := range parts {
		u, err := url.Parse(part[1])
		if err != nil || u.Host != "" || !strings.HasPrefix(u.Path, "/") {
			t.Errorf("/docs refers to %q", part[1])
			continue
		}
		got := s.ask(t, as{}, "GET", part[1], nil).is(t, http.StatusOK)
		if len(got.body) == 0 {
			t.Errorf("%s is empty", got)
		}
		for _, document := range documents.FindAllString(string(got.body), -1) {
			s.ask(t, as{}, "GET", strings.Trim(document, `"`), nil).is(t, http.StatusOK).object(t)
		}
	}
}

var (
	references = regexp.MustCompile(`(?:src|href)="([^"]*)"`)
	documents  = regexp.MustCompile(`"/openapi[^"]*"`)
)

// answeredAsDocumented: whatever an operation answered so far, its document says that it may.
func (s *suite) answeredAsDocumented(t *testing.T) {
	doc := s.document(t, "/openapi.json")
	succeeded := map[string]bool{}
	for met := range s.met {
		path, op, ok := doc.find(met.method, met.path)
		if !ok {
			continue // no operation: D5 looked at it
		}
		if _, ok := op.Responses[strconv.Itoa(met.status)]; !ok {
			t.Errorf("%s %s answered %d, which is not documented", met.method, path, met.status)
		}
		succeeded[met.method+" "+path] = succeeded[met.method+" "+path] || met.status < 300
	}
	for _, op := range operations {
		if name := op.method + " " + op.path; !succeeded[name] && op.path != "/v1/agent-runs/{id}" { // nothing makes runs yet
			t.Errorf("%s was never seen to succeed", name)
		}
	}
}

// find gives the operation that answers: a path word for word before one with a parameter, as servers match.
func (d document) find(method, path string) (string, described, bool) {
	method = strings.ToLower(method)
	if op, ok := d.Paths[path][method]; ok {
		return path, op, true
	}
	for pattern, methods := range d.Paths {
		if op, ok := methods[method]; ok && instanceOf(pattern, path) {
			return pattern, op, true
		}
	}
	return "", described{}, false
}

// operations are all that it describes: "METHOD path", sorted.
func (d document) operations() (listed []string) {
	for path, methods := range d.Paths {
		for method := range methods {
			listed = append(listed, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(listed)
	return listed
}

// methods are those that a path takes, each once. A word of it may be a parameter, too.
func (d document) methods(path string) (served []string) {
	for pattern, methods := range d.Paths {
		for method := range methods {
			if method = strings.ToUpper(method); instanceOf(pattern, path) && !slices.Contains(served, method) {
				served = append(served, method)
			}
		}
	}
	return served
}

// instanceOf tells whether a path is a pattern with something for each of its parameters.
func instanceOf(pattern, path string) bool {
	return slices.EqualFunc(strings.Split(pattern, "/"), strings.Split(path, "/"), func(p, given string) bool {
		return p == given || strings.HasPrefix(p, "{") && given != ""
	})
}

// answeredAsIn holds all answers so far to the document of a surface, which must describe these operations and no others,
// and each of them must have been seen to succeed.
func (s *suite) answeredAsIn(t *testing.T, path string, served []string) {
	doc := s.document(t, path)
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") {
		t.Errorf("%s is OpenAPI %q", path, doc.OpenAPI)
	}
	listed := doc.operations()
	if slices.Sort(served); !slices.Equal(listed, served) {
		t.Errorf("described are\n%q\nserved are\n%q", listed, served)
	}
	succeeded := map[string]bool{}
	for met := range s.met {
		pattern, op, ok := doc.find(met.method, met.path)
		if !ok {
			continue // another surface's, or nobody's
		}
		if _, ok := op.Responses[strconv.Itoa(met.status)]; !ok {
			t.Errorf("%s %s answered %d, which is not documented", met.method, pattern, met.status)
		}
		succeeded[met.method+" "+pattern] = succeeded[met.method+" "+pattern] || met.status < 300
	}
	for _, operation := range served {
		if !succeeded[operation] {
			t.Errorf("%s was never seen to succeed", operation)
		}
	}
}
