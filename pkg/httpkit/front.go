package httpkit

import (
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/heard-dev/heard/pkg/dialect"
)

// front joins the engines of all dialects behind one port: it chooses who answers a path, and answers what comes before
// any credential: health, preflights, documents and mounted handlers.
type front struct{ kit *Kit }

// requestID is the header that names every answer, whoever gives it (D5).
const requestID = "X-Request-Id"

// Handler serves everything that was added to the Kit.
func (k *Kit) Handler() http.Handler { return front{k} }

func (f front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(requestID, f.kit.IDs.New().String())
	switch r.URL.Path {
	case "/healthz":
		health(w, http.StatusOK, "ok")
		return
	case "/readyz":
		f.kit.ready(w, r)
		return
	}
	for _, m := range f.kit.mounts {
		if strings.HasPrefix(r.URL.Path, m.prefix) {
			m.handler.ServeHTTP(w, r)
			return
		}
	}
	api := f.choose(r)
	r = api.canonical(r)
	if r.Method == http.MethodOptions && f.options(w, r) {
		return
	}
	api.engine.ServeHTTP(w, r)
}

// canonical is the request for the path that its route is listed under.
func (a *API) canonical(r *http.Request) *http.Request {
	aliased, ok := a.dialect.(dialect.Aliased)
	if !ok || r.URL.RawPath != "" {
		return r
	}
	path := aliased.Canonical(r.URL.Path)
	if path == r.URL.Path {
		return r
	}
	there, at := *r, *r.URL
	at.Path, there.URL = path, &at
	return &there
}

// Paths are all that a route is served under.
func (k *Kit) Paths(route Route) []string {
	paths := []string{route.Path}
	for _, api := range k.apis {
		if aliased, ok := api.dialect.(dialect.Aliased); ok && api.dialect.Owns(route.Method, route.Path) {
			paths = append(paths, aliased.Aliases(route.Path)...)
		}
	}
	return paths
}

// choose finds who answers a request, served or not. The first dialect is the native one and takes what nobody owns.
func (f front) choose(r *http.Request) *API {
	for _, api := range f.kit.apis {
		if api.dialect.Owns(r.Method, r.URL.Path) {
			return api
		}
	}
	return f.kit.apis[0]
}

// options answers a preflight, which carries no credential and so cannot be held to an App's list: the list binds the
// request that follows. It is false for paths that are not served.
func (f front) options(w http.ResponseWriter, r *http.Request) bool {
	methods, welcomed := f.kit.methods(r.URL.EscapedPath()), false
	if len(methods) == 0 {
		return false
	}
	for route := range f.kit.at(r.URL.EscapedPath()) {
		welcomed = welcomed || route.Door.browser && route.Method == r.Header.Get("Access-Control-Request-Method")
	}
	if origin := r.Header.Get("Origin"); welcomed && origin != "" {
		welcome(w.Header(), origin)
		w.Header().Set("Access-Control-Allow-Methods", r.Header.Get("Access-Control-Request-Method"))
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, X-Userz-User-Token")
		w.Header().Set("Access-Control-Max-Age", "7200")
	}
	w.Header().Set("Allow", strings.Join(append(methods, http.MethodOptions), ", "))
	w.WriteHeader(http.StatusNoContent)
	return true
}

// welcome lets a page read an answer, a refusal too: no cookies are involved, and its App's list is checked elsewhere.
func welcome(header http.Header, origin string) {
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Expose-Headers", "Idempotency-Replayed, RateLimit, RateLimit-Policy, Retry-After, "+requestID)
	header.Add("Vary", "Origin")
}

// at gives the routes that serve an escaped path, in whatever dialect: one path may be of two, each with methods of its own.
func (k *Kit) at(path string) iter.Seq[Route] {
	return func(yield func(Route) bool) {
		for _, api := range k.apis {
			for _, route := range api.routes {
				if matches(route.Path, path) && !yield(route) {
					return
				}
			}
		}
	}
}

// methods are what an escaped path takes, here or by TellAll at any service: a client sees one Heard.
func (k *Kit) methods(path string) []string {
	var methods []string
	for route := range k.at(path) {
		methods = append(methods, route.Method)
	}
	for _, op := range k.described() {
		if matches(op.path, path) && !slices.Contains(methods, op.method) {
			methods = append(methods, op.method)
		}
	}
	return methods
}

// matches tells whether a path is an instance of an OpenAPI path.
func matches(pattern, path string) bool {
	return slices.EqualFunc(strings.Split(pattern, "/"), strings.Split(path, "/"), func(p, s string) bool {
		return p == s || strings.HasPrefix(p, "{") && s != ""
	})
}
