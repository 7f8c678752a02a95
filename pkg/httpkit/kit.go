// Package httpkit serves routes: a gin engine and an OpenAPI document per dialect, strict decoding, one admission per
// request, and one writer of refusals.
package httpkit

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/dialect"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/telemetry"
)

// Deps are what a Kit works with.
type Deps struct {
	Service        string
	Auth           *auth.Authenticator
	IDs            *id.Source
	Now            func() time.Time
	Telemetry      *telemetry.Telemetry
	TrustedProxies []netip.Prefix
	// Incidents takes the record of each answer that was our fault. It must not block.
	Incidents func(incident.Incident)
	// Outcomes takes what became of each request whose Org is known. It must not block. Optional.
	Outcomes func(outcome.Event)
	// Draining tells whether the process was told to stop. Optional.
	Draining func() bool
	// Ready tells what else keeps the process from serving, or nil.
	Ready func(ctx context.Context) error
	// Degraded tells whether it serves without something that it can do without for a while. Optional.
	Degraded func(ctx context.Context) bool
}

// Kit gathers the routes of one process, by dialect.
type Kit struct {
	Deps
	apis   []*API
	mounts []mount
	bodies *bodies
	stats  stats
	// described is what TellAll knows of other services.
	described func() []operation
}

// mount is a handler beside the dialects: files, documentation.
type mount struct {
	prefix  string
	handler http.Handler
}

// New makes a Kit without routes that refuses in these dialects. The first of them answers for paths that none owns.
func New(deps Deps, dialects []dialect.Dialect) *Kit {
	k := &Kit{Deps: deps, bodies: newBodies(), stats: newStats(deps.Telemetry.Meter), described: func() []operation { return nil }}
	for _, d := range dialects {
		k.apis = append(k.apis, newAPI(k, d))
	}
	return k
}

// API gives the routes of one of the Kit's dialects, to add to.
func (k *Kit) API(name string) *API {
	for _, api := range k.apis {
		if api.dialect.Name() == name {
			return api
		}
	}
	panic("httpkit: nobody speaks " + name)
}

// Mount serves everything below prefix by a handler that is not part of any API.
func (k *Kit) Mount(prefix string, handler http.Handler) {
	k.mounts = append(k.mounts, mount{prefix: prefix, handler: handler})
}

// Routes lists what the engines serve, by their own tables; a route that came in by another way than Handle has only its
// Method and Path.
func (k *Kit) Routes() []Route {
	var routes []Route
	for _, api := range k.apis {
		for _, served := range api.engine.Routes() {
			route := Route{Method: served.Method, Path: served.Path}
			for _, added := range api.routes {
				if added.Method == served.Method && ginPath(added.Path) == served.Path {
					route = added
				}
			}
			routes = append(routes, route)
		}
	}
	return routes
}
