// Package chart derives from the services what their Helm chart must know, and holds the chart to it.
package chart

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/heard-dev/heard/hack/front"
)

// Match is one match of an HTTPRoute of the Gateway API. Without a Method it takes all.
type Match struct {
	Path   Path   `json:"path"`
	Method string `json:"method,omitempty"`
}

// Path is Exact or a PathPrefix, which takes whole segments. Regular expressions are no part of what every gateway knows.
type Path struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Rule sends what it matches to a service.
type Rule struct {
	Service string  `json:"service"`
	Matches []Match `json:"matches"`
}

// everySurface names the rules of all surfaces on one host.
const everySurface = "all"

// What the Gateway API allows at most. One match and one rule of an HTTPRoute are left for what nobody serves.
const (
	mostOfRule  = 64
	mostOfRoute = 128 - 1
	mostRules   = 16 - 1
)

// Route is what one HTTPRoute holds.
type Route []Rule

// Routes are the rules of every surface, and of all on one host, shared out over as many HTTPRoutes as they take. What they
// leave goes to front.Rest.
func Routes() (map[string][]Route, error) {
	by := map[string][]front.Operation{}
	for _, op := range front.Operations() {
		by[op.Surface] = append(by[op.Surface], op)
		by[everySurface] = append(by[everySurface], op)
	}
	routes := map[string][]Route{}
	for surface, operations := range by {
		rules, err := rulesOf(operations)
		if err != nil {
			return nil, err
		}
		routes[surface] = share(rules)
	}
	return routes, nil
}

// share fills one HTTPRoute after the other.
func share(rules []Rule) []Route {
	routes, matches := []Route{{}}, 0
	for _, rule := range rules {
		for some := range slices.Chunk(rule.Matches, mostOfRule) {
			last := len(routes) - 1
			if matches+len(some) > mostOfRoute || len(routes[last]) == mostRules {
				routes, last, matches = append(routes, Route{}), last+1, 0
			}
			routes[last] = append(routes[last], Rule{rule.Service, some})
			matches += len(some)
		}
	}
	return routes
}

func rulesOf(operations []front.Operation) ([]Rule, error) {
	places := map[Path]map[string]string{} // by method, who serves it
	for _, op := range operations {
		place := placeOf(op.Path)
		if places[place] == nil {
			places[place] = map[string]string{}
		}
		if other := places[place][op.Method]; other != "" && other != op.Service {
			return nil, fmt.Errorf("chart: %s %s* is served by %s and by %s: no gateway can tell them apart by prefix", op.Method, place.Value, other, op.Service)
		}
		places[place][op.Method] = op.Service
	}
	matches := map[string][]Match{}
	for _, place := range slices.SortedFunc(maps.Keys(places), comparePaths) {
		home := homeOf(places[place])
		if home == front.Rest && !shadowed(place, places) {
			continue
		}
		matches[home] = append(matches[home], Match{Path: place})
		for _, method := range slices.Sorted(maps.Keys(places[place])) {
			if service := places[place][method]; service != home {
				matches[service] = append(matches[service], Match{place, method})
			}
		}
	}
	var rules []Rule
	for _, service := range front.Services() {
		if len(matches[service]) > 0 {
			rules = append(rules, Rule{service, matches[service]})
		}
	}
	return rules, nil
}

func placeOf(path string) Path {
	if before, _, found := strings.Cut(path, "/{"); found {
		return Path{"PathPrefix", before}
	}
	return Path{"Exact", path}
}

func comparePaths(a, b Path) int {
	if byValue := strings.Compare(a.Value, b.Value); byValue != 0 {
		return byValue
	}
	return strings.Compare(a.Type, b.Type)
}

// homeOf is who gets the methods that nobody serves, preflights too: those whom browsers speak to come first.
func homeOf(methods map[string]string) string {
	for _, service := range []string{"ingest", "attachments", "read", "token"} {
		for _, serves := range methods {
			if serves == service {
				return service
			}
		}
	}
	return front.Rest
}

// shadowed tells whether a prefix of another service would take what is the rest's.
func shadowed(place Path, places map[Path]map[string]string) bool {
	for other, methods := range places {
		if other != place && other.Type == "PathPrefix" && within(place.Value, other.Value) && homeOf(methods) != front.Rest {
			return true
		}
	}
	return false
}

func within(path, prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }
