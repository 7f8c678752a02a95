package front

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/dialect/tongues"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
	"github.com/heard-dev/heard/services/attachments"
	"github.com/heard-dev/heard/services/ingest"
	"github.com/heard-dev/heard/services/keys"
	"github.com/heard-dev/heard/services/read"
	"github.com/heard-dev/heard/services/token"
)

// Rest is the service that gets what is nobody's: unknown paths, and the documents that every service has.
const Rest = "keys"

// Services names the services that Heard is split into.
func Services() []string { return []string{"ingest", "read", "token", "keys", "attachments"} }

// Operation is a method of a path, in OpenAPI's spelling, and who serves it.
type Operation struct{ Service, Surface, Method, Path string }

// Operations are those of all services, by their own tables.
func Operations() []Operation {
	var all []Operation
	for _, r := range table() {
		op := Operation{Service: r.service, Method: r.method, Path: strings.Join(r.path, "/")}
		for _, d := range tongues.All() {
			if d.Owns(op.Method, op.Path) {
				op.Surface = d.Name()
				break
			}
		}
		op.Surface = cmp.Or(op.Surface, tongues.All()[0].Name()) // the native one takes what nobody owns
		all = append(all, op)
	}
	return all
}

// route is one operation, and whose it is. Of its path's segments, one in braces takes any text.
type route struct {
	service, method string
	path            []string
}

// table asks each service what it serves. What is spelled out comes before what takes any text.
func table() []route {
	services := map[string]platform.Service{
		"ingest":      ingest.New(ingest.Deps{}),
		"read":        read.New(read.Deps{}),
		"token":       token.New(token.Deps{}),
		"keys":        keys.New(keys.Deps{}),
		"attachments": attachments.New(attachments.Deps{}),
	}
	var routes []route
	for _, name := range Services() {
		kit := platform.New(name, platform.Parts{}).Kit(&run.Env{Telemetry: telemetry.Discard()}, func(incident.Incident) {})
		services[name].Routes(kit)
		for _, r := range kit.Routes() {
			for _, path := range kit.Paths(r) {
				routes = append(routes, route{service: name, method: r.Method, path: strings.Split(path, "/")})
			}
		}
	}
	slices.SortStableFunc(routes, func(a, b route) int { return strings.Compare(strings.Join(a.path, "/"), strings.Join(b.path, "/")) })
	return routes
}

// owner is the service that answers a request, and the methods that its path takes at any service.
func owner(routes []route, r *http.Request) (service string, methods []string) {
	method := r.Method
	if asked := r.Header.Get("Access-Control-Request-Method"); method == http.MethodOptions && asked != "" {
		method = asked // a preflight is for who gets the request that follows
	}
	service = Rest
	exact := false
	for _, r := range matching(routes, r.URL.EscapedPath()) {
		if len(methods) == 0 || r.method == method && !exact {
			service, exact = r.service, r.method == method
		}
		methods = append(methods, r.method)
	}
	return service, methods
}

func matching(routes []route, path string) []route {
	segments := strings.Split(path, "/")
	var found []route
	for _, r := range routes {
		if slices.EqualFunc(r.path, segments, func(pattern, segment string) bool {
			return pattern == segment || strings.HasPrefix(pattern, "{") && segment != ""
		}) {
			found = append(found, r)
		}
	}
	return found
}
