package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
	"github.com/heard-dev/heard/services/heard"
)

// everyCommand visits the whole tree.
func everyCommand(t *testing.T, visit func(*cobra.Command)) {
	t.Helper()
	visited := 0
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		visited++
		visit(cmd)
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk((&cli{}).root())
	if visited < 50 {
		t.Fatalf("there are %d commands only", visited)
	}
}

func TestEveryCommandSaysWhatItDoesAndWhereItsFlagsMayBeGiven(t *testing.T) {
	owners := map[string]string{}
	everyCommand(t, func(cmd *cobra.Command) {
		if cmd.Short == "" {
			t.Errorf("%s does not say what it does", cmd.CommandPath())
		}
		if cmd.Runnable() == cmd.HasSubCommands() && cmd.Args == nil {
			t.Errorf("%s takes any arguments", cmd.CommandPath())
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "help" {
				return
			}
			named := f.Annotations[variableKey]
			if len(named) != 1 || !strings.HasPrefix(named[0], "HEARD_") || !strings.HasSuffix(f.Usage, "["+named[0]+"]") || f.Usage[0] == ' ' {
				t.Errorf("%s --%s has no variable, or does not tell: %v, %q", cmd.CommandPath(), f.Name, named, f.Usage)
				return
			}
			if owner := owners[named[0]]; owner != "" {
				t.Errorf("%s is that of %s and of %s", named[0], owner, cmd.CommandPath())
			}
			owners[named[0]] = cmd.CommandPath()
		})
	})
}

// A flag that is set by its variable has the very value that it would have on the command line.
func TestEveryFlagCanBeGivenByItsVariable(t *testing.T) {
	examples := map[string]string{"string": "word", "stringArray": "first, second", "bool": "true", "int64": "7", "duration": "24h0m0s"}
	everyCommand(t, func(cmd *cobra.Command) {
		var environ []string
		want := map[string]string{}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if variables := f.Annotations[variableKey]; variables != nil {
				example, known := examples[f.Value.Type()]
				if !known {
					t.Errorf("%s --%s is a %s", cmd.CommandPath(), f.Name, f.Value.Type())
				}
				environ = append(environ, variables[0]+"=of another flag", variables[0]+"="+example)
				want[f.Name] = example
			}
		})
		if err := fromEnviron(cmd, environ); err != nil {
			t.Errorf("%s: %v", cmd.CommandPath(), err)
			return
		}
		for name, value := range want {
			f := cmd.Flags().Lookup(name)
			got := f.Value.String()
			if list, ok := f.Value.(pflag.SliceValue); ok {
				got = strings.Join(list.GetSlice(), ", ")
			}
			if got != value || !f.Changed {
				t.Errorf("%s --%s is %q, not %q", cmd.CommandPath(), name, got, value)
			}
		}
	})
}

func TestTheCommandLineGoesBeforeTheEnvironmentAndSecretsMayLieInFiles(t *testing.T) {
	dir := t.TempDir()
	d := serve(t, dir)
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(d.Keys["userz"]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newShell(t, t.TempDir(), "HEARD_TOKEN_FILE="+file, "HEARD_URL="+d.BaseURL, "HEARD_OUTPUT=json")
	if got := s.try("", "app", "list"); got.code != 0 || !strings.HasPrefix(got.out, "{") {
		t.Errorf("%+v", got)
	}
	s.fails("cannot be reached", "app", "list", "--url", "http://127.0.0.1:1")
	lost := newShell(t, t.TempDir(), "HEARD_TOKEN_FILE=sk_that_was_put_here")
	if said := lost.fails("HEARD_TOKEN_FILE cannot be read", "app", "list"); strings.Contains(said, "sk_") {
		t.Errorf("shows the secret: %s", said)
	}
}

// content tags the native routes that are about what users say and do, rather than about managing Heard.
var content = []string{"Feedback", "Events", "End users", "Tokens", "Agent runs"}

// unserved are the routes of managing that are no command: they are for programs, or part of others.
var unserved = []string{"POST /v1/leaks", "POST /v1/sessions", "POST /v1/sessions/refresh", "DELETE /v1/sessions/current"}

func TestEveryRouteOfTheManagementAPIHasACommand(t *testing.T) {
	p := platform.New("heard", platform.Parts{})
	kit := p.Kit(&run.Env{Telemetry: telemetry.Discard()}, func(incident.Incident) {})
	for _, service := range heard.Services(p, nil) {
		service.Routes(kit)
	}
	text, err := kit.API("userz").OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]struct{ Tags []string }
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	verbs := top()
	for _, n := range nouns() {
		verbs = append(verbs, n.verbs...)
	}
	var spoken []string
	for _, v := range verbs {
		spoken = append(spoken, v.method+" "+v.path)
	}
	routes := slices.Clone(unserved)
	for path, methods := range document.Paths {
		for method, operation := range methods {
			if strings.HasPrefix(path, "/v1/") && !slices.ContainsFunc(operation.Tags, func(tag string) bool { return slices.Contains(content, tag) }) {
				routes = append(routes, strings.ToUpper(method)+" "+path)
			}
		}
	}
	for _, route := range routes {
		if !slices.Contains(spoken, route) && !slices.Contains(unserved, route) {
			t.Errorf("%s has no command", route)
		}
	}
	for _, route := range spoken {
		if !slices.Contains(routes, route) {
			t.Errorf("%s is no route", route)
		}
	}
}

func TestShellsCompleteCommandsAndValues(t *testing.T) {
	for line, want := range map[string]string{
		"key r": "revoke", "key create --format pk": "pk_live", "member update --role o": "owner", "app list --output j": "json",
	} {
		var out bytes.Buffer
		c := &cli{args: append([]string{"__complete"}, strings.Fields(line)...), out: &out, errs: &bytes.Buffer{}}
		if code := c.run(t.Context()); code != 0 || !strings.Contains(out.String(), want) {
			t.Errorf("%q is completed with %q", line, out.String())
		}
	}
	var out bytes.Buffer
	if code := (&cli{args: []string{"completion", "bash"}, out: &out, errs: &bytes.Buffer{}}).run(t.Context()); code != 0 || out.Len() < 1000 {
		t.Errorf("the completion of bash has %d bytes", out.Len())
	}
}

// What others named cannot steer the terminal of who reads it, or forge a line.
func TestTablesShowControlCharactersAsNone(t *testing.T) {
	var out, errs bytes.Buffer
	c := &cli{out: &out, errs: &errs, output: "table"}
	evil := `{"data":[{"id":"1","name":"\u001b[2Ja\nb\u202e","tags":["x","y"],"at":null,"actor":{"name":"n"}}],"nextCursor":"more"}`
	if err := c.print(json.RawMessage(evil), []string{"name", "tags", "at", "actor.name", "lastUsedAt"}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if got := strings.Join(strings.Fields(lines[0]), " "); got != "NAME TAGS AT ACTOR-NAME LAST-USED-AT" {
		t.Errorf("headed %q", got)
	}
	if len(lines) != 2 || strings.ContainsAny(out.String(), "\x1b\u202e") || strings.Join(strings.Fields(lines[1]), " ") != "�[2Ja�b� x,y - n -" {
		t.Errorf("printed\n%q", out.String())
	}
	if !strings.Contains(errs.String(), "--cursor more") {
		t.Errorf("nobody learns that there is more: %q", errs.String())
	}
	out.Reset()
	if err := c.print(json.RawMessage(`{"stack":"a\nid  forged","big":12345678901234567890,"none":[]}`), nil); err != nil {
		t.Fatal(err)
	}
	if want := "stack  a\n       id  forged\nbig    12345678901234567890\nnone   \n"; out.String() != want {
		t.Errorf("printed\n%s", out.String())
	}
}
