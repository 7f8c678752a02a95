package cli

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
	"github.com/heard-dev/heard/services/heard/internal/demo"
	"github.com/heard-dev/heard/services/heard/internal/embedded"
)

func TestAKeyThatIsRevokedIsDeadWhenTheCommandReturns(t *testing.T) {
	dir := t.TempDir()
	d, s := serve(t, dir), newShell(t, dir)
	made := s.do("key", "create", "--name", "short-lived", "--scope", "apps:read", "--scope", "feedback:read")
	key := made["key"].(string)
	if got := status(t, d.BaseURL, key); got != http.StatusOK {
		t.Fatalf("the new key is answered %d", got)
	}
	s.do("key", "revoke", made["id"].(string))
	if got := status(t, d.BaseURL, key); got != http.StatusUnauthorized {
		t.Errorf("the revoked key is answered %d", got)
	}
}

func TestASecretThatABackendSignsWithAlreadyIsTakenInAnyOfItsForms(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir)
	s := newShell(t, dir)
	raw := "a secret of somebody's own, in text"
	for _, form := range []string{hex.EncodeToString([]byte(raw)), "YSBzZWNyZXQgb2Ygc29tZWJvZHkncyBvd24sIGluIHRleHQ=", raw} {
		rotated := s.feed(form+"\n", "app", "rotate-secret", "console", "--secret-stdin", "--overlap", "1h")
		if rotated["signingSecret"] != hex.EncodeToString([]byte(raw)) {
			t.Errorf("%q is shown as %v", form, rotated["signingSecret"])
		}
	}
	if secrets := s.do("app", "secrets", "console")["data"].([]any); len(secrets) != 4 {
		t.Errorf("%d secrets verify", len(secrets))
	}
}

func TestAnOrgRunsItselfFromTheShell(t *testing.T) {
	dir := t.TempDir()
	d, operator := serve(t, dir), newShell(t, dir)
	founded := operator.do("org", "create", "--slug", "acme", "--name", "Acme", "--owner-email", "ada@acme.example")
	token := founded["invitation"].(map[string]any)["token"].(string)

	ada := newShell(t, t.TempDir(), "HEARD_URL="+d.BaseURL)
	ada.feed("correct horse battery", "invitation", "accept", token, "--name", "Ada", "--password-stdin")
	ada.feed("correct horse battery\n", "login", "--org", "acme", "--email", "ada@acme.example", "--password-stdin")
	if me := ada.do("whoami")["member"].(map[string]any); me["role"] != "owner" {
		t.Errorf("she is %v", me)
	}
	app := ada.do("app", "create", "--slug", "site", "--name", "Site", "--origin", "https://acme.example", "--public")
	if app["publicSubmissionEnabled"] != true || len(app["allowedOrigins"].([]any)) != 1 {
		t.Errorf("made %v", app)
	}
	app = ada.do("app", "update", "site", "--public=false", "--origin", "", "--name", "The Site")
	if app["publicSubmissionEnabled"] != false || len(app["allowedOrigins"].([]any)) != 0 || app["slug"] != "site" || app["name"] != "The Site" {
		t.Errorf("changed to %v", app)
	}
	ada.do("invitation", "create", "--email", "bob@acme.example", "--role", "member")
	ada.do("invitation", "withdraw", "bob@acme.example")
	if left := ada.do("invitation", "list")["data"].([]any); len(left) != 0 {
		t.Errorf("%v are invited still", left)
	}
	if member := ada.do("member", "show", "ada@acme.example"); member["name"] != "Ada" {
		t.Errorf("shown is %v", member)
	}
	if got := ada.try("", "member", "list"); !strings.HasPrefix(got.out, "ID ") || !strings.Contains(got.out, "ada@acme.example") || strings.Contains(got.out, "demo") {
		t.Errorf("listed are\n%s", got.out)
	}
	ada.fails("say --yes", "app", "delete", "site")
	ada.do("app", "delete", "site", "--yes")
	ada.fails("there is no App site", "app", "show", "site")
	ada.do("logout")
	ada.fails("nobody is logged in", "app", "list")
}

func TestAFaultNamesTheFlagThatIsToBlame(t *testing.T) {
	dir := t.TempDir()
	d, s := serve(t, dir), newShell(t, dir)
	said := s.fails("heard: --network ", "key", "create", "--name", "x", "--network", "10.0.0.0/8", "--network", "nowhere")
	if strings.Count(said, "\n") != 1 {
		t.Errorf("one fault is %q", said)
	}
	said = s.fails("heard: --slug ", "app", "create", "--slug", "Not A Slug", "--name", "x", "--batch-window", "0")
	if !strings.Contains(said, "heard: --batch-window ") {
		t.Errorf("two faults are %q", said)
	}
	s.fails(`required flag(s) "name"`, "key", "create")
	s.fails("whole seconds", "key", "rotate", "x", "--overlap", "1ms")
	s.fails("--output must be table or json", "app", "list", "--output", "yaml")
	s.fails(`Log in with "heard login"`, "app", "list", "--url", d.BaseURL, "--token", "sk_wrong")
	s.fails("cannot be reached", "app", "list", "--url", "http://127.0.0.1:1", "--token", "sk_wrong")
	stranger := httptest.NewServer(http.NotFoundHandler())
	defer stranger.Close()
	s.fails("not from Heard", "app", "list", "--url", stranger.URL, "--token", "sk_wrong")
	s.fails("is no", "app", "list", "--url", "ftp://x", "--token", "sk_wrong")
}

func TestNobodyIsToldWhereTokensWereLookedForInVain(t *testing.T) {
	s := newShell(t, t.TempDir())
	said := s.fails("nobody is logged in", "key", "list")
	for _, place := range []string{"--token", s.config, `"default"`, filepath.Join(s.dir, demo.File)} {
		if !strings.Contains(said, place) {
			t.Errorf("%q does not name %s", said, place)
		}
	}
	s.fails(`profile "work"`, "key", "list", "--profile", "work")
}

func TestAFolderIsServedOnce(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir)
	_, err := embedded.Open(t.Context(), embedded.Config{DataDir: dir}, &run.Env{Telemetry: telemetry.Discard()})
	if err == nil {
		t.Error("two processes have one folder")
	}
}

func TestTheDemoSurvivesARestartUnchangedAndGainsWhatItLacks(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, demo.File)
	var first demo.Demo
	t.Run("first", func(t *testing.T) { first = serve(t, dir) })
	t.Run("second", func(t *testing.T) {
		second := serve(t, dir)
		first.BaseURL = second.BaseURL
		before, _ := json.Marshal(first)
		after, _ := json.Marshal(second)
		if !bytes.Equal(before, after) {
			t.Errorf("the demo became\n%s\nfrom\n%s", after, before)
		}
	})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the demo's file: %v, %v", info.Mode(), err)
	}
	old := first
	old.Keys = map[string]string{"userz": first.Keys["userz"], "other": "of a newer version"}
	text, err := json.Marshal(old)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("of an older version", func(t *testing.T) {
		d := serve(t, dir)
		if d.Keys["userz"] != first.Keys["userz"] || d.Keys["other"] != "of a newer version" || d.Admin != first.Admin || !slices.Equal(d.Apps, first.Apps) {
			t.Errorf("the demo became %+v", d)
		}
		for surface, prefix := range map[string]string{"authworx": "pk_live_", "users": "sk_"} {
			if key := d.Keys[surface]; !strings.HasPrefix(key, prefix) || key == first.Keys[surface] {
				t.Errorf("the key of %s is %q", surface, key)
			}
		}
	})
}
