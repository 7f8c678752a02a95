package cli

import "net/http"

func usages() noun {
	app := param{flag: "app", field: "appId", usage: "only this App's, by slug or id", names: appsBySlug}
	return noun{"usage", "See what became of requests: what was accepted, and what was refused and why", []verb{
		{name: "show", short: "Tell what was used this month, by category", method: http.MethodGet, path: "/v1/usage"},
		{
			name: "outcomes", short: "Count what was accepted and what was refused, latest first", method: http.MethodGet, path: "/v1/outcomes",
			flags: []param{
				app,
				{
					flag: "category", field: "category", usage: "only this: feedback, attachments, events, reads, tokens or admin",
					choices: []string{"feedback", "attachments", "events", "reads", "tokens", "admin"},
				},
				{flag: "by", field: "groupBy", usage: "what to sum up over: hour, day or none, which is all of it", choices: []string{"hour", "day", "none"}},
				{flag: "from", field: "from", usage: "not before this time; a day ago without"},
				{flag: "to", field: "to", usage: "before this time"},
			},
			columns: []string{"hour", "category", "outcome", "reason", "requests", "items", "appId", "keyId"},
		},
		{
			name: "refusals", short: "List the newest refusals, each with its exact reason", method: http.MethodGet, path: "/v1/refusals",
			flags:   []param{app, {flag: "limit", field: "limit", usage: "how many to list", kind: number}},
			columns: []string{"at", "route", "reason", "message", "policy", "issues", "items", "requestId"},
		},
	}}
}
