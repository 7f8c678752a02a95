package cli

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/heard-dev/heard/services/heard/internal/client"
)

func limits() noun {
	trial := param{flag: "dry-run", field: "dryRun", usage: "only tell for whom what would become different", kind: yesNo}
	named := []argument{{field: "name", shown: "NAME"}}
	return noun{"limit", "See what binds your organisation; an operator gives others other numbers", []verb{
		{
			name: "show", short: "Explain every limit, and what is left of it", method: http.MethodGet, path: "/v1/limits",
			flags:   []param{{flag: "key", field: "keyId", usage: "the id of a key, to see its own limits"}},
			columns: []string{"policy", "per", "limit", "burst", "windowSeconds", "source", "override", "plan", "used", "left", "resetSeconds"},
		},
		{
			name: "overrides", short: "List the overrides, as an operator", method: http.MethodGet, path: "/v1/limits/overrides",
			columns: []string{"name", "org", "policy", "limit", "burst", "createdBy", "createdAt"},
		},
		{
			name: "override", short: "Give an organisation, or a class of them, other numbers, as an operator", method: http.MethodPut,
			path: "/v1/limits/overrides/{name}", args: named, do: tried, flags: []param{
				{flag: "org", field: "org", usage: "a slug, or one with a * in it", required: true},
				{flag: "policy", field: "policy", usage: "such as reads.key, or events.* for all of a category", required: true},
				{flag: "limit", field: "limit", usage: "in each window; 1000000000 is no limit", kind: number, required: true},
				{flag: "burst", field: "burst", usage: "at once; in proportion to the limit without", kind: number},
				trial,
			},
		},
		{
			name: "restore", short: "Take an override back, as an operator", method: http.MethodDelete,
			path: "/v1/limits/overrides/{name}", args: named, flags: []param{trial},
		},
	}}
}

// tried says in the query, rather than in the body, whether a change is only tried.
func tried(ctx context.Context, api *client.Client, call client.Call) (json.RawMessage, error) {
	if fields, ok := call.Body.(map[string]any); ok && fields["dryRun"] != nil {
		call.Query = query(map[string]any{"dryRun": fields["dryRun"]})
		delete(fields, "dryRun")
	}
	return once(ctx, api, call)
}
