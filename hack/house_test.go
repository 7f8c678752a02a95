package hack

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const ours = "github.com/heard-dev/heard/"

// floors is the house from the ground up. A package may import what lies below it, and on its own floor what is in its own
// room. The group in the pattern names the room; a package that several floors claim stands on the highest of them.
var floors = []floor{
	{"ground", `pkg/(apierr|id|secret)`},
	{"core", `pkg/(core)/\w+`},
	{"use cases", `services/(\w+)/internal/\w+`},
	{"speech", `pkg/(dialect)`},
	{"adapters", `pkg/(auth|conformance|dialect/\w+|store/\w+)`},
	{"kit", `pkg/()(config|telemetry|run|httpkit|platform|dialect/tongues)(/\w+)?`},
	{"services", `services/(\w+)(/cmd/\w+|/internal/httpapi)?`},
	{"all-in-one", `services/(heard)(/.*)?`},
}

// keepers are those who alone may have a thing: a package, a module's packages, or a function. Tests are free, and so are
// proofs, which tests alone import.
var keepers = []keeper{
	// The outside world stays behind the adapter made for it.
	{"github.com/caarlos0/env", `pkg/config`},
	{"github.com/danielgtaylor/huma", `pkg/httpkit(/\w+)?`},
	{"github.com/gin-gonic/gin", `pkg/httpkit`},
	{"github.com/golang-jwt/jwt", `pkg/core/(usertoken|session)`},
	{"github.com/minio/minio-go", `pkg/store/s3store`},
	{"github.com/pquerna/otp", `pkg/core/signin`},
	{"github.com/redis/go-redis", `pkg/store/redisstore`},
	{"github.com/spf13/cobra", `services/heard/internal/cli`},
	{"github.com/spf13/pflag", `services/heard/internal/cli`},
	{"github.com/tink-crypto/tink-go", `pkg/secret`},
	{"go.mongodb.org/mongo-driver", `pkg/store/mongostore`},
	{"go.opentelemetry.io", `pkg/(telemetry|httpkit|store/(mongostore|redisstore|s3store))`}, // a driver alone knows what it sends
	{"golang.org/x/term", `services/heard/internal/cli`},
	{"zombiezen.com/go/sqlite", `pkg/store/sqlitestore`},
	{"database/sql", `nobody`},
	{"net/http", `pkg/(dialect(/\w+)?|httpkit|run|store/(diskstore|s3store))|services/(\w+/internal/httpapi|heard/internal/(cli|client|kubesecret))`},
	// Time and randomness come in through the door.
	{"time.Now", `pkg/(run|platform|store/diskstore)(/\w+)?|services/heard/internal/embedded`},
	{"crypto/rand", `pkg/platform|services/heard/internal/embedded`},
	{"math/rand/v2", `nobody`},
	// Five services share one process: what belongs to the process is run's.
	{"flag", `nobody`},
	{"expvar", `nobody`},
	{"os/signal", `pkg/run`},
	{"os.Exit", `pkg/run|services/heard/internal/cli`},
	{"log/slog.SetDefault", `pkg/run`},
	{"testing", `nobody`},
	{ours + "pkg/store/storetest", `nobody`},
	{ours + "pkg/conformance", `nobody`},
}

const proofs = `pkg/(store/storetest|conformance)`

// pure says which modules the floors that mean something, and touch nothing, may have from outside the standard library.
var pure = floor{"ground|core|use cases", `github\.com/(go-json-experiment/json|google/uuid|golang-jwt/jwt|pquerna/otp|tink-crypto/tink-go)(/.*)?|golang\.org/x/(crypto|sync)/\w+`}

type floor struct{ name, pattern string }

type keeper struct{ what, who string }

func TestTheHouseStands(t *testing.T) {
	packages := workspace(t)
	if len(packages) < 30 {
		t.Fatalf("go list found %d packages only", len(packages))
	}
	for _, p := range packages {
		for _, fault := range p.faults() {
			t.Error(fault)
		}
	}
}

// One package of the workspace, as go list tells of it.
type pkg struct {
	ImportPath, Dir string
	GoFiles         []string
	Imports         []string
	source          source
}

func workspace(t *testing.T) []pkg {
	t.Helper()
	list := exec.Command("go", "list", "-tags", "nomsgpack", "-json=ImportPath,Dir,GoFiles,Imports", "work")
	list.Dir, list.Stderr = "..", os.Stderr
	list.Env = append(os.Environ(), "GOWORK=")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []pkg
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		var files []*ast.File
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		p.source = read(fset, files)
		packages = append(packages, p)
	}
}

func (p pkg) faults() []string {
	name := strings.TrimPrefix(p.ImportPath, ours)
	here, room := stand(name)
	if here < 0 {
		return []string{name + " stands on no floor: give it one in hack/house_test.go"}
	}
	var faults []string
	for _, what := range p.Imports {
		if imported, ok := strings.CutPrefix(what, ours); ok {
			switch there, other := stand(imported); {
			case there > here:
				faults = append(faults, fmt.Sprintf("%s → %s points up, from %s to %s", name, imported, floors[here].name, floors[there].name))
			case there == here && other != room:
				faults = append(faults, fmt.Sprintf("%s → %s points sideways on the floor of the %s", name, imported, floors[here].name))
			}
		} else if foreign(what) && matches(pure.name, floors[here].name) && !matches(pure.pattern, what) {
			faults = append(faults, fmt.Sprintf("%s → %s: nothing else from outside on the floor of the %s", name, what, floors[here].name))
		}
	}
	for _, what := range slices.Concat(p.Imports, p.source.uses) {
		for _, k := range keepers {
			if (what == k.what || foreign(what) && strings.HasPrefix(what, k.what+"/")) && !matches(k.who+"|"+proofs, name) {
				faults = append(faults, fmt.Sprintf("%s → %s, which is for %s", name, what, k.who))
			}
		}
	}
	for _, fault := range p.source.faults {
		faults = append(faults, name+" "+fault)
	}
	return faults
}

// stand finds a package's floor, or -1, and its room.
func stand(name string) (height int, room string) {
	for i, f := range slices.Backward(floors) {
		if m := regexp.MustCompile(`^(?:` + f.pattern + `)$`).FindStringSubmatch(name); m != nil {
			return i, m[1]
		}
	}
	return -1, ""
}

// foreign tells a module's package from the standard library's.
func foreign(path string) bool { return strings.Contains(strings.Split(path, "/")[0], ".") }

func matches(pattern, text string) bool {
	return regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString(text)
}

func TestTheHouseCanFall(t *testing.T) {
	for _, edge := range []struct{ from, to, fault string }{
		{"pkg/id", "pkg/apierr", "sideways on the floor of the ground"},
		{"pkg/apierr", "pkg/core/gate", "points up, from ground to core"},
		{"pkg/core/gate", "pkg/store/memgate", "points up, from core to adapters"},
		{"pkg/core/gate", "net/http", "which is for"},
		{"pkg/core/feedback", "go.mongodb.org/mongo-driver/v2/bson", "nothing else from outside"},
		{"pkg/core/feedback", "github.com/golang-jwt/jwt/v5", "which is for pkg/core/(usertoken|session)"},
		{"pkg/core/tenant", "github.com/pquerna/otp/hotp", "which is for pkg/core/signin"},
		{"pkg/auth", "pkg/store/memgate", "sideways on the floor of the adapters"},
		{"pkg/auth", "pkg/dialect/userz", "sideways on the floor of the adapters"},
		{"pkg/dialect/users", "pkg/dialect/userz", "sideways on the floor of the adapters"},
		{"pkg/dialect", "pkg/dialect/userz", "points up, from speech to adapters"},
		{"pkg/store/sqlitestore", "pkg/store/mongostore", "sideways on the floor of the adapters"},
		{"pkg/store/sqlitestore", "pkg/httpkit", "points up, from adapters to kit"},
		{"pkg/store/memgate", "github.com/redis/go-redis/v9", "which is for pkg/store/redisstore"},
		{"pkg/platform/networked", "services/ingest", "points up, from kit to services"},
		{"pkg/platform/networked", "pkg/store/storetest", "which is for nobody"},
		{"pkg/platform", "github.com/gin-gonic/gin", "which is for pkg/httpkit"},
		{"services/ingest/internal/submit", "pkg/store/mongostore", "points up, from use cases to adapters"},
		{"services/ingest/internal/submit", "services/ingest/internal/httpapi", "points up, from use cases to services"},
		{"services/ingest/internal/httpapi", "github.com/danielgtaylor/huma/v2", "which is for pkg/httpkit"},
		{"services/ingest", "services/read", "sideways on the floor of the services"},
		{"services/ingest", "services/heard", "points up, from services to all-in-one"},
		{"pkg/util", "fmt", "pkg/util stands on no floor"},
	} {
		to := edge.to
		if height, _ := stand(to); height >= 0 {
			to = ours + to
		}
		faults := pkg{ImportPath: ours + edge.from, Imports: []string{to}}.faults()
		if !strings.Contains(strings.Join(faults, "\n"), edge.fault) || !strings.Contains(faults[0], edge.from) {
			t.Errorf("%s → %s: %q", edge.from, edge.to, faults)
		}
	}
	for from, to := range map[string]string{
		"pkg/core/feedback": "pkg/core/attachment", "pkg/dialect/userz": "pkg/dialect", "pkg/dialect/tongues": "pkg/dialect/userz",
		"services/heard": "services/ingest", "pkg/platform/networked": "pkg/store/mongostore", "services/read/cmd/read": "services/read",
	} {
		if faults := (pkg{ImportPath: ours + from, Imports: []string{ours + to}}).faults(); faults != nil {
			t.Errorf("%s → %s is as it should be: %q", from, to, faults)
		}
	}
}
