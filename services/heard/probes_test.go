package heard_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/dialect/tongues"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
)

// described is an operation as its document has it.
type described struct {
	OperationID string
	Parameters  []struct {
		Name, In string
		Schema   struct {
			Type string
			Enum []string
		}
	}
	RequestBody struct {
		Content map[string]struct{ Schema schema }
	}
	Security []map[string][]string
}

type schema struct {
	Ref        string `json:"$ref"`
	Pattern    string
	Properties map[string]schema
	Items      *schema
}

// document is what a surface says of itself.
type document struct {
	Paths      map[string]map[string]described
	Components struct{ Schemas map[string]schema }
}

// documents are those of the routes as they are, whatever was published.
func documents(t *testing.T, kit *httpkit.Kit) map[string]document {
	t.Helper()
	all := map[string]document{}
	for _, d := range tongues.All() {
		text, err := kit.API(d.Name()).OpenAPI()
		must(t, err)
		var read document
		must(t, json.Unmarshal(text, &read))
		all[d.Name()] = read
	}
	return all
}

func (d document) operation(route httpkit.Route) described {
	return d.Paths[route.Path][strings.ToLower(route.Method)]
}

// schemes are the kinds of credentials that open an operation; none where it is open.
func (o described) schemes() []string {
	var names []string
	for _, alternative := range o.Security {
		names = append(names, slices.Collect(maps.Keys(alternative))...)
	}
	return names
}

// idNames are the properties of a body that take an id, by their pattern or by their name.
func (d document) idNames(s schema) (names []string) {
	if s.Ref != "" {
		s = d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	if s.Items != nil {
		names = d.idNames(*s.Items)
	}
	for name, property := range s.Properties {
		if property.Pattern == "^[0-9a-f]{24}$" || strings.HasSuffix(name, "Id") && name != "externalUserId" {
			names = append(names, name)
		}
		names = append(names, d.idNames(property)...)
	}
	return names
}

// probe is a request with one name that is another Org's, or nobody's.
type probe struct {
	kind            string // of the place
	inPath          bool
	theirs, nobodys struct{ target, body string }
}

// probes put every id that the other Org has into every place of a row, one at a time; everything else is the caller's own.
// With alike they put only things of the place's own kind there.
func probes(r row, op described, ours, theirs world, alike bool) (all []probe) {
	add := func(kind, name, target, body string, inPath bool) {
		p := probe{kind: kind, inPath: inPath}
		own := []map[string]string{ours.said, ours.named}
		p.theirs.target = fill(target, append([]map[string]string{{kind: name}}, own...)...)
		p.theirs.body = fill(body, append([]map[string]string{{kind: name}}, own...)...)
		p.nobodys.target = fill(target, append([]map[string]string{{kind: nobodys(kind, name)}}, own...)...)
		p.nobodys.body = fill(body, append([]map[string]string{{kind: nobodys(kind, name)}}, own...)...)
		all = append(all, p)
	}
	names := func(kind string) []string {
		var list []string
		for _, like := range [][]string{theirs.kinds(), theirs.uuidKinds()} {
			for _, other := range like {
				if !alike && slices.Contains(like, kind) {
					list = append(list, theirs.named[other])
				}
			}
		}
		if list == nil {
			list = []string{theirs.named[kind]}
		}
		return list
	}
	bodies := r.bodies
	if len(bodies) == 0 {
		bodies = []string{""}
	}
	path, _, _ := strings.Cut(r.target, "?")
	for _, body := range bodies {
		for _, kind := range places(r.target + body) {
			if _, has := theirs.named[kind]; has {
				for _, name := range names(kind) {
					add(kind, name, r.target, body, slices.Contains(places(path), kind))
				}
			}
		}
	}
	for _, parameter := range op.Parameters {
		taken := strings.Contains(r.target, "?"+parameter.Name+"=")
		if parameter.In == "query" && parameter.Schema.Type == "string" && len(parameter.Schema.Enum) == 0 && !taken {
			separator := "?"
			if strings.Contains(r.target, "?") {
				separator = "&"
			}
			for _, name := range names("org") {
				add("query", name, r.target+separator+parameter.Name+"=$query", bodies[0], false)
			}
		}
	}
	return all
}

// places are the kinds that a template has places for.
func places(template string) (kinds []string) {
	for _, p := range place.FindAllString(template, -1) {
		if !slices.Contains(kinds, p[1:]) {
			kinds = append(kinds, p[1:])
		}
	}
	return kinds
}

// nobodys spells a name like that one that nothing has.
func nobodys(kind, name string) string {
	switch kind {
	case "file":
		return strings.Replace(name, ".png", "x.png", 1)
	case "slug", "email", "access", "user":
		return "nobodys" + name
	}
	if _, err := id.ParseUUID(name); err == nil {
		return id.ID{1}.UUID()
	}
	return id.ID{1}.String()
}
