package cli

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// A file that cannot be kept is an incident like any other.
func TestAnUploadThatFailedIsLookedUpByItsRequest(t *testing.T) {
	dir := t.TempDir()
	d := serve(t, dir)
	send := func(method, link, bearer, contentType, body string, into any) int {
		request, err := http.NewRequestWithContext(t.Context(), method, link, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", bearer)
		request.Header.Set("Content-Type", contentType)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close() //nolint:errcheck // it was read
		if err := json.NewDecoder(response.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
		return response.StatusCode
	}
	var place struct{ UploadURL string }
	send(http.MethodPost, d.BaseURL+"/v1/feedback/upload-url", "Bearer "+d.Apps[0].PublicKey, "application/json",
		`{"contentType":"image/png","byteSize":6,"kind":"screenshot"}`, &place)
	// A file where the Org's folders should be stands for a disk that cannot be written.
	if err := os.WriteFile(filepath.Join(dir, embedded.FilesName, "orgs"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var refusal struct{ Error struct{ RequestID string } }
	if status := send(http.MethodPut, place.UploadURL, "", "image/png", "entire", &refusal); status != http.StatusInternalServerError {
		t.Fatalf("answered %d", status)
	}
	s := newShell(t, dir)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) { // it is stored in the background
		shown := s.try("", "admin", "incident", "show", refusal.Error.RequestID, "--output", "json")
		if shown.code == 0 && strings.Contains(shown.out, `"/files/"`) && strings.Contains(shown.out, d.Org.ID) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v shows %+v", refusal, shown)
		}
	}
}
