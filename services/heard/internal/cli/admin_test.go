package cli

import (
	"net/http"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
	"github.com/heard-dev/heard/services/heard/internal/embedded"
)

func TestAnOperatorStartsWithoutADemoWhetherAProcessServesOrNot(t *testing.T) {
	for name, served := range map[string]bool{"alone": false, "beside the process that serves": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := newShell(t, dir, "HEARD_ADMIN_BOOTSTRAP_NAME=The Operators")
			var base string
			if served {
				base = serve(t, dir).BaseURL
			}
			made := s.do("admin", "bootstrap", "--org", "operators", "--email", "root@heard.example")
			s.fails("There is an organisation operators already.", "admin", "bootstrap", "--org", "operators", "--email", "root@heard.example")
			s.fails("heard: --org ", "admin", "bootstrap", "--org", "Not A Slug", "--email", "root@heard.example")
			s.fails("heard: --email ", "admin", "bootstrap", "--org", "halfway", "--email", "nobody")
			s.do("admin", "bootstrap", "--org", "halfway", "--email", "root@heard.example") // goes on where it failed
			if !served {
				base = serve(t, dir).BaseURL
			}
			operator := newShell(t, t.TempDir(), "HEARD_URL="+base, "HEARD_TOKEN="+made["key"].(string))
			if org := operator.do("org", "show"); org["name"] != "The Operators" || org["id"] != made["orgId"] || org["operator"] != true {
				t.Errorf("made %v", org)
			}
			operator.do("org", "create", "--slug", "acme", "--name", "Acme")
			root := newShell(t, t.TempDir(), "HEARD_URL="+base)
			root.feed(made["password"].(string), "login", "--org", "operators", "--email", "root@heard.example", "--password-stdin")
			if me := root.do("whoami")["member"].(map[string]any); me["role"] != "owner" {
				t.Errorf("the owner is %v", me)
			}
			if log := s.do("admin", "audit", "verify", "--org", "operators"); log["intact"] != true || log["checked"].(float64) < 3 {
				t.Errorf("the log is %v", log)
			}
			if log := root.do("audit", "verify"); log["intact"] != true || !strings.Contains(log["head"].(string), ".") {
				t.Errorf("the log is %v", log)
			}
		})
	}
}

func TestAnIncidentIsLookedUpByItsRequest(t *testing.T) {
	dir := t.TempDir()
	stores, err := embedded.Open(t.Context(), embedded.Config{DataDir: dir}, &run.Env{Telemetry: telemetry.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	kept := incident.Incident{RequestID: "req-1", At: stores.Now(), Method: http.MethodGet, Route: "/v1/apps", Cause: "the disk is full"}
	if err := stores.Store.PutIncident(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	if err := stores.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := newShell(t, dir)
	if shown := s.do("admin", "incident", "show", "req-1"); shown["cause"] != "the disk is full" || shown["route"] != "/v1/apps" {
		t.Errorf("shown is %v", shown)
	}
	s.fails("heard: ", "admin", "incident", "show", "req-2")
}
