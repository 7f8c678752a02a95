package heard_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/dialect/tongues"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
	"github.com/heard-dev/heard/services/heard"
)

// everything is what the all-in-one serves, on no stores: requests without a credential get as far as its door.
func everything() *httpkit.Kit {
	p := platform.New("heard", platform.Parts{})
	kit := p.Kit(&run.Env{Telemetry: telemetry.Discard()}, func(incident.Incident) {})
	for _, service := range heard.Services(p, nil) {
		service.Routes(kit)
	}
	return kit
}

var update = flag.Bool("update", false, "write the OpenAPI documents anew")

// The documents that every service publishes are files, so that they can be read, compared and generated from. They must be
// what the routes of all services together say.
func TestThePublishedDocumentsAreWhatTheRoutesSay(t *testing.T) {
	kit := everything()
	for _, d := range tongues.All() {
		if d.About().Document == nil {
			continue
		}
		file := "../../pkg/dialect/" + d.Name() + "/openapi.json"
		routes, err := kit.API(d.Name()).OpenAPI()
		must(t, err)
		if *update {
			must(t, os.WriteFile(file, routes, 0o644))
		}
		published, err := os.ReadFile(file)
		must(t, err)
		if !bytes.Equal(published, routes) {
			t.Errorf("%s is not what the routes say; run `make generate`", file)
		}
	}
}

func TestWhatIsServedIsDescribedAndWhatIsDescribedIsServed(t *testing.T) {
	kit := everything()
	described := operations(t)
	for _, route := range kit.Routes() {
		if !slices.ContainsFunc(described, func(op operation) bool { return op.method == route.Method && op.path == route.Path }) {
			t.Errorf("%s %s is served and not described", route.Method, route.Path)
		}
	}
	handler := kit.Handler()
	for _, op := range described {
		target := strings.NewReplacer("{", "", "}", "").Replace(op.path)
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequest(method, target, nil))
			n := slices.IndexFunc(described, func(other operation) bool { return other.takes(method, target) })
			switch code := answer.Code; {
			case n < 0 && code != http.StatusMethodNotAllowed:
				t.Errorf("%s %s answers %d, and nobody says that it does", method, target, code)
			case n >= 0 && !described[n].open && code != http.StatusUnauthorized: // the door, which nobody passes without a credential
				t.Errorf("%s %s answers %d without a credential", method, target, code)
			case n >= 0 && described[n].open && !slices.Contains([]int{http.StatusOK, http.StatusBadRequest, http.StatusUnsupportedMediaType}, code):
				t.Errorf("%s %s answers %d, and is open to all", method, target, code)
			}
		}
	}
}

type operation struct {
	method, path string
	open         bool // to requests without a credential
}

func (o operation) takes(method, target string) bool {
	matched, err := path.Match(braced.ReplaceAllString(o.path, "*"), target)
	return method == o.method && matched && err == nil
}

var braced = regexp.MustCompile(`\{\w+\}`)

// operations reads the documents as they are published.
func operations(t *testing.T) []operation {
	t.Helper()
	var described []operation
	for _, d := range tongues.All() {
		if d.About().Document == nil {
			continue
		}
		var document struct {
			Paths map[string]map[string]struct{ Security []any }
		}
		if err := json.Unmarshal(d.About().Document, &document); err != nil {
			t.Fatal(err)
		}
		for path, methods := range document.Paths {
			for method, op := range methods {
				described = append(described, operation{strings.ToUpper(method), path, len(op.Security) == 0})
			}
		}
	}
	if len(described) == 0 {
		t.Fatal("the documents describe nothing")
	}
	return described
}
