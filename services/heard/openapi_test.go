package heard_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
	"github.com/heard-dev/heard/services/heard"
)

var update = flag.Bool("update", false, "write the OpenAPI documents anew")

// The document that every service publishes is a file, so that it can be read, compared and generated from. It must be
// what the routes of all services together say.
func TestThePublishedDocumentIsWhatTheRoutesSay(t *testing.T) {
	const path = "../../pkg/dialect/userz/openapi.json"
	p := platform.New("heard", platform.Parts{})
	kit := p.Kit(&run.Env{Telemetry: telemetry.Discard()}, func(incident.Incident) {})
	for _, service := range heard.Services(p, nil) {
		service.Routes(kit)
	}
	routes, err := kit.API("userz").OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, routes, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(published, routes) {
		t.Error("pkg/dialect/userz/openapi.json is not what the routes say; run `make generate`")
	}
}
