package cli

import "net/http"

// nouns are the management API, spelled as commands.
func nouns() []noun {
	return []noun{orgs(), apps(), members(), invitations(), keys(), limits(), usages(), audits(), persons(), erasures(), twoFactor()}
}

// top are the calls that need no noun.
func top() []verb {
	return []verb{
		{name: "whoami", short: "Tell who is logged in, and what they may do", method: http.MethodGet, path: "/v1/sessions/current"},
		{name: "password", short: "Change your own password; every log-in of yours ends", method: http.MethodPut, path: "/v1/password", stdin: &entry{
			flag: "passwords-stdin", usage: "take the present and the new password from standard input, a line each",
			secrets: []asked{{"currentPassword", "Present password"}, {"newPassword", "New password"}},
		}},
	}
}

// cursor and limit page through a list.
func paging() []param {
	return []param{
		{flag: "limit", field: "limit", usage: "how many to list", kind: number},
		{flag: "cursor", field: "cursor", usage: "where the list before ended"},
	}
}

func byID(shown string, names *directory) []argument {
	return []argument{{field: "id", shown: shown, names: names}}
}

func orgs() noun {
	return noun{"org", "Manage your organisation; an operator makes and lists all", []verb{
		{name: "show", short: "Show your organisation", method: http.MethodGet, path: "/v1/org"},
		{name: "update", short: "Change your organisation", method: http.MethodPatch, path: "/v1/org", flags: []param{
			{flag: "name", field: "name", usage: "name for people"},
			{flag: "app-url", field: "appUrl", usage: "where your own product lives; empty for none"},
			{flag: "leak-policy", field: "leakPolicy", usage: "what happens to a key found in the open: notify or revoke", choices: []string{"notify", "revoke"}},
		}},
		{
			name: "close", short: "Give your organisation up: its keys end now, and its data in 14 days", method: http.MethodDelete, path: "/v1/org",
			warning: "Every key and token of your organisation ends now",
		},
		{name: "reopen", short: "Take back an organisation that was given up", method: http.MethodPost, path: "/v1/org/restore"},
		{name: "create", short: "Make an organisation, as an operator", method: http.MethodPost, path: "/v1/orgs", flags: []param{
			{flag: "slug", field: "slug", usage: "short name for URLs", required: true},
			{flag: "name", field: "name", usage: "name for people", required: true},
			{flag: "owner-email", field: "ownerEmail", usage: "who is invited to be its first owner"},
		}},
		{
			name: "list", short: "List all organisations, as an operator", method: http.MethodGet, path: "/v1/orgs",
			columns: []string{"id", "slug", "name", "plan", "operator", "createdAt", "closesAt"},
		},
		{
			name: "plan", short: "Put an organisation on a plan, as an operator", method: http.MethodPatch, path: "/v1/orgs/{id}", args: byID("ID", nil),
			flags: []param{{flag: "plan", field: "plan", usage: "such as default, hobby, launch or orbit", required: true}},
		},
	}}
}

func apps() noun {
	settings := []param{
		{flag: "description", field: "description", usage: "what it is"},
		{flag: "public", field: "publicSubmissionEnabled", usage: "take feedback without a user token", kind: yesNo},
		{flag: "origin", field: "allowedOrigins", usage: "an origin that may submit; all may without any", kind: words},
		{flag: "processing", field: "processingMode", usage: "what happens to feedback: auto_pr, manual or no_pr", choices: []string{"auto_pr", "manual", "no_pr"}},
		{flag: "batch", field: "batchEnabled", usage: "work on feedback in batches", kind: yesNo},
		{flag: "batch-window", field: "batchWindowHours", usage: "hours that a batch gathers", kind: number},
	}
	return noun{"app", "Manage Apps: each has a public key for its widget", []verb{
		{name: "create", short: "Make an App; its signing secret is shown once", method: http.MethodPost, path: "/v1/apps", flags: append([]param{
			{flag: "slug", field: "slug", usage: "short name for URLs", required: true},
			{flag: "name", field: "name", usage: "name for people", required: true},
		}, settings...)},
		{
			name: "list", short: "List the Apps, oldest first", method: http.MethodGet, path: "/v1/apps",
			columns: []string{"id", "slug", "name", "publicKey", "publicSubmissionEnabled", "allowedOrigins", "createdAt"},
		},
		{name: "show", short: "Show an App", method: http.MethodGet, path: "/v1/apps/{id}", args: byID("APP", appsBySlug)},
		{
			name: "update", short: "Change an App", method: http.MethodPatch, path: "/v1/apps/{id}", args: byID("APP", appsBySlug),
			flags: append([]param{{flag: "name", field: "name", usage: "name for people"}}, settings...),
		},
		{
			name: "delete", short: "End an App and erase everything it heard", method: http.MethodDelete, path: "/v1/apps/{id}",
			args: byID("APP", appsBySlug), warning: "Everything that the App heard is erased for good",
		},
		{
			name: "secrets", short: "List an App's signing secrets, and when each was last used", method: http.MethodGet,
			path: "/v1/apps/{id}/secrets", args: byID("APP", appsBySlug), columns: []string{"id", "createdAt", "notAfter", "lastUsedAt"},
		},
		{
			name: "rotate-secret", short: "Give an App another signing secret, shown once", method: http.MethodPost,
			path: "/v1/apps/{id}/rotate-secret", args: byID("APP", appsBySlug),
			flags: []param{overlap("how long tokens of the former secret go on to verify")},
			stdin: &entry{
				flag: "secret-stdin", usage: "take the secret from standard input, as hex, base64 or text",
				secrets: []asked{{"secret", "Signing secret"}}, optional: true,
			},
		},
	}}
}

// overlap is for how long what is rotated works beside what takes its place.
func overlap(usage string) param {
	return param{flag: "overlap", field: "overlapSeconds", usage: usage + ", such as 24h", kind: span}
}

func keys() noun {
	return noun{"key", "Manage API keys", []verb{
		{name: "create", short: "Make an API key; it is shown once", method: http.MethodPost, path: "/v1/keys", flags: []param{
			{flag: "name", field: "name", usage: "what it is for", required: true},
			{
				flag: "format", field: "format", usage: "which surface it opens: sk, ub_live, ub_test, pk_live or userorbit",
				choices: []string{"sk", "ub_live", "ub_test", "pk_live", "userorbit"},
			},
			{flag: "scope", field: "scopes", usage: "what it may do, such as feedback:read; what its format may by default without any", kind: words},
			{flag: "app", field: "appId", usage: "the one App that it reaches, by slug or id", names: appsBySlug},
			{flag: "network", field: "allowedNetworks", usage: "a CIDR that it may come from; any without one", kind: words},
			{flag: "not-before", field: "notBefore", usage: "when it begins to work, such as 2027-01-31T00:00:00Z"},
			{flag: "expires-at", field: "expiresAt", usage: "when it ends, such as 2027-12-31T00:00:00Z"},
			{flag: "limit", field: "limit.limit", usage: "requests a minute, in place of your organisation's; in 15 minutes for pk_live", kind: number},
			{flag: "burst", field: "limit.burst", usage: "requests at once; in proportion to the limit without", kind: number},
		}},
		{
			name: "list", short: "List the API keys, ended ones too", method: http.MethodGet, path: "/v1/keys",
			columns: []string{"id", "name", "format", "prefix", "last4", "isActive", "createdBy", "createdAt", "lastUsedAt"},
		},
		{name: "show", short: "Show an API key, but for the key itself", method: http.MethodGet, path: "/v1/keys/{id}", args: byID("ID", nil)},
		{
			name: "rotate", short: "Make a key that takes the place of another; it is shown once", method: http.MethodPost,
			path: "/v1/keys/{id}/rotate", args: byID("ID", nil), flags: []param{overlap("how long the former key goes on to work")},
		},
		{
			name: "revoke", short: "End an API key: once this returns, nothing honours it", method: http.MethodDelete,
			path: "/v1/keys/{id}", args: byID("ID", nil),
		},
	}}
}
