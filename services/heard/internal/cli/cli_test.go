package cli

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
	"github.com/heard-dev/heard/services/heard/internal/demo"
	"github.com/heard-dev/heard/services/heard/internal/embedded"
)

// do carries out one command line on the folder and gives what it printed as JSON.
func do(t *testing.T, dir, in string, args ...string) (map[string]any, int) {
	t.Helper()
	var out, errs bytes.Buffer
	c := &cli{args: append(args, "--output", "json"), environ: []string{"HEARD_DATA_DIR=" + dir}, in: strings.NewReader(in), out: &out, errs: &errs}
	code := c.run(t.Context())
	printed := map[string]any{}
	if code == 0 {
		if err := json.Unmarshal(out.Bytes(), &printed); err != nil {
			t.Fatalf("heard %v printed %q: %v", args, out.String(), err)
		}
	} else if errs.Len() == 0 {
		t.Errorf("heard %v failed and did not say why", args)
	}
	return printed, code
}

// serve runs the all-in-one on the folder and gives its demo.
func serve(t *testing.T, dir string) demo.Demo {
	t.Helper()
	cfg, err := config.Load[embedded.Config]([]string{"HEARD_DATA_DIR=" + dir, "HEARD_ADDR=127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	env := &run.Env{Telemetry: telemetry.Discard()}
	greeted, greeting := io.Pipe()
	app, err := (&cli{out: greeting}).open(ctx, cfg, env)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run.Serve(ctx, cfg.Config, app, env) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	if _, err := greeted.Read(make([]byte, 1<<16)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, demo.File))
	if err != nil {
		t.Fatal(err)
	}
	var d demo.Demo
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func status(t *testing.T, d demo.Demo, key string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.BaseURL+"/v1/apps", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

func TestATenantIsMadeWithoutAServer(t *testing.T) {
	dir := t.TempDir()
	do(t, dir, "", "org", "create", "--slug", "acme", "--name", "Acme")
	if _, code := do(t, dir, "", "org", "create", "--slug", "acme", "--name", "Again"); code == 0 {
		t.Error("a taken slug was taken again")
	}
	app, _ := do(t, dir, "", "app", "create", "--org", "acme", "--slug", "site", "--name", "Site", "--origin", "https://acme.example")
	if secret, _ := app["signingSecret"].(string); len(secret) != 64 {
		t.Errorf("the signing secret is shown as %q", secret)
	}
	key, _ := do(t, dir, "", "key", "create", "--org", "acme", "--name", "backend")
	if text, _ := key["key"].(string); !strings.HasPrefix(text, "sk_") {
		t.Errorf("the key is shown as %q", text)
	}
	if _, code := do(t, dir, "", "key", "create", "--org", "other", "--name", "backend"); code == 0 {
		t.Error("a key was made for nobody")
	}
	member, _ := do(t, dir, "", "member", "add", "--org", "acme", "--email", "ada@acme.example", "--role", "admin")
	if member["role"] != "admin" {
		t.Errorf("the member is %v", member)
	}
	if _, code := do(t, dir, "", "member", "add", "--org", "acme", "--email", "bob@acme.example", "--role", "king"); code == 0 {
		t.Error("there is a role that does not exist")
	}
}

func TestAKeyRevokedBesideTheServingProcessIsDeadWhenTheCommandReturns(t *testing.T) {
	dir := t.TempDir()
	d := serve(t, dir)
	made, _ := do(t, dir, "", "key", "create", "--org", "demo", "--name", "short-lived")
	key := made["key"].(string)
	if got := status(t, d, key); got != http.StatusOK {
		t.Fatalf("the new key is answered %d", got)
	}
	if _, code := do(t, dir, "", "key", "revoke", "--org", "demo", made["id"].(string)); code != 0 {
		t.Fatal("the key was not revoked")
	}
	if got := status(t, d, key); got != http.StatusUnauthorized {
		t.Errorf("the revoked key is answered %d", got)
	}
}

func TestASecretThatABackendSignsWithAlreadyIsTakenInAnyOfItsForms(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir)
	raw := "a secret of somebody's own, in text"
	for _, form := range []string{hex.EncodeToString([]byte(raw)), "YSBzZWNyZXQgb2Ygc29tZWJvZHkncyBvd24sIGluIHRleHQ=", raw} {
		rotated, code := do(t, dir, form+"\n", "app", "rotate-secret", "--org", "demo", "--app", "console", "--secret-stdin", "--overlap", time.Hour.String())
		if code != 0 || rotated["signingSecret"] != hex.EncodeToString([]byte(raw)) {
			t.Errorf("%q is shown as %v", form, rotated["signingSecret"])
		}
	}
}

func TestAFolderIsServedOnce(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir)
	_, err := embedded.Open(t.Context(), embedded.Config{DataDir: dir}, &run.Env{Telemetry: telemetry.Discard()})
	if err == nil {
		t.Error("two processes have one folder")
	}
}

func TestTheDemoSurvivesARestartUnchanged(t *testing.T) {
	dir := t.TempDir()
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
	if info, err := os.Stat(filepath.Join(dir, demo.File)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the demo's file: %v, %v", info.Mode(), err)
	}
}
