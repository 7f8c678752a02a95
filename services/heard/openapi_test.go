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

// The document that every service publishes is a file, so that it can be read, compared and generated from. It must be
// what the routes of all services together say.
func TestThePublishedDocumentIsWhatTheRoutesSay(t *testing.T) {
	const file = "../../pkg/dialect/userz/openapi.json"
	routes, err := everything().API("userz").OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, routes, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(published, routes) {
		t.Error("pkg/dialect/userz/openapi.json is not what the routes say; run `make generate`")
	}
}

func TestWhatIsServedIsDescribedAndWhatIsDescribedIsServed(t *testing.T) {
	kit := everything()
	described := operations(t)
	for _, route := range kit.Routes() {
		if !slices.Contains(described, operation{route.Method, route.Path}) {
			t.Errorf("%s %s is served and not described", route.Method, route.Path)
		}
	}
	handler := kit.Handler()
	for _, op := range described {
		target := strings.NewReplacer("{", "", "}", "").Replace(op.path)
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
			want := http.StatusMethodNotAllowed
			if slices.ContainsFunc(described, func(other operation) bool { return other.takes(method, target) }) {
				want = http.StatusUnauthorized // the door, which nobody passes without a credential
			}
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequest(method, target, nil))
			if answer.Code != want {
				t.Errorf("%s %s answers %d, not %d", method, target, answer.Code, want)
			}
		}
	}
}

type operation struct{ method, path string }

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
			Paths map[string]map[string]any
		}
		if err := json.Unmarshal(d.About().Document, &document); err != nil {
			t.Fatal(err)
		}
		for path, methods := range document.Paths {
			for method := range methods {
				described = append(described, operation{strings.ToUpper(method), path})
			}
		}
	}
	if len(described) == 0 {
		t.Fatal("the documents describe nothing")
	}
	return described
}
