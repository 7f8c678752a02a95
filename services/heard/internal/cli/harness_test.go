package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
	"github.com/heard-dev/heard/services/heard/internal/demo"
	"github.com/heard-dev/heard/services/heard/internal/embedded"
)

// shell is where commands are typed: a data folder, a home, and what else the environment says.
type shell struct {
	t       *testing.T
	dir     string
	config  string
	environ []string
}

func newShell(t *testing.T, dir string, environ ...string) shell {
	t.Helper()
	s := shell{t: t, dir: dir, config: filepath.Join(t.TempDir(), "home", "config.json")}
	s.environ = append([]string{"HEARD_DATA_DIR=" + dir, "HEARD_CONFIG=" + s.config}, environ...)
	return s
}

// typed is what became of a command.
type typed struct {
	code      int
	out, errs string
}

// try carries out one command line. Standard input is in.
func (s shell) try(in string, args ...string) typed {
	s.t.Helper()
	var out, errs bytes.Buffer
	c := &cli{args: args, environ: s.environ, in: strings.NewReader(in), out: &out, errs: &errs}
	code := c.run(s.t.Context())
	if code != 0 && errs.Len() == 0 {
		s.t.Errorf("heard %v failed and did not say why", args)
	}
	return typed{code, out.String(), errs.String()}
}

// do demands that the command succeeds, and gives what it printed as JSON; nil when that was nothing.
func (s shell) do(args ...string) map[string]any { s.t.Helper(); return s.feed("", args...) }

func (s shell) feed(in string, args ...string) (printed map[string]any) {
	s.t.Helper()
	got := s.try(in, append(args, "--output", "json")...)
	if got.code != 0 {
		s.t.Fatalf("heard %v: %s", args, got.errs)
	}
	if got.out == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(got.out), &printed); err != nil {
		s.t.Fatalf("heard %v printed %q: %v", args, got.out, err)
	}
	return printed
}

// fails demands that the command fails and says why in these words, and gives all that it said.
func (s shell) fails(words string, args ...string) string {
	s.t.Helper()
	got := s.try("", args...)
	if got.code != 1 || !strings.Contains(got.errs, words) {
		s.t.Errorf("heard %v: %d, %q instead of %q", args, got.code, got.errs, words)
	}
	return got.errs
}

// serve runs the all-in-one on the folder and gives its demo.
func serve(t *testing.T, dir string, environ ...string) demo.Demo {
	t.Helper()
	cfg, err := config.Load[embedded.Config](append([]string{"HEARD_DATA_DIR=" + dir, "HEARD_ADDR=127.0.0.1:0"}, environ...))
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

// status is what listing Apps with a key is answered.
func status(t *testing.T, base, key string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/v1/apps", nil)
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
