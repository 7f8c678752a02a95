package heard_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"

	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/dialect/authworx"
	"github.com/heard-dev/heard/pkg/dialect/tongues"
	"github.com/heard-dev/heard/pkg/httpkit"
)

// row is how a route is asked for something. In its target and bodies $kind stands for the name of one of a world's things,
// or for a secret that the world says; with those of one world the request is good.
type row struct {
	target  string
	bodies  []string
	prepare func(*installation, world) // what must have happened for the request to be good
	free    bool                       // a name in the path is the caller's own choice, of a thing that need not be
}

// rows are all routes, as "METHOD path".
func rows() map[string]row {
	at := func(target string, bodies ...string) row { return row{target: target, bodies: bodies} }
	file := `{"key":"$file","kind":"screenshot","contentType":"image/png","byteSize":7}`
	login := `{"email":"$email","password":"$password"}`
	acceptance := `{"token":"$invite","name":"Eve","password":"` + theirPassword + `"}`
	return merged(orbitPeopleRows(), orbitFeedbackRows(), peopleRows(), map[string]row{
		"POST /v1/feedback": at("/v1/feedback", `{"text":"x","attachments":[`+file+`]}`, `{"text":"x","componentTarget":{"name":"x","screenshotKey":"$file"}}`,
			`{"text":"x","identity":{"externalUserId":"x"}}`),
		"POST /v1/feedback/upload-url": at("/v1/feedback/upload-url", `{"contentType":"image/png","byteSize":7,"kind":"screenshot"}`),
		"GET /v1/feedback":             at("/v1/feedback"),
		"GET /v1/feedback/{id}":        at("/v1/feedback/$feedback"),
		"PATCH /v1/feedback/{id}":      at("/v1/feedback/$feedback", `{"status":"archived"}`),
		"GET /v1/agent-runs/{id}":      at("/v1/agent-runs/$run"),

		"POST /v1/tokens/mint":             at("/v1/tokens/mint?appId=$app", `{"sub":"x"}`),
		"GET /v1/apps":                     at("/v1/apps"),
		"POST /v1/apps":                    at("/v1/apps", `{"slug":"fresh","name":"Fresh"}`),
		"GET /v1/apps/{id}":                at("/v1/apps/$app"),
		"PATCH /v1/apps/{id}":              at("/v1/apps/$app", `{"name":"Renamed"}`),
		"DELETE /v1/apps/{id}":             at("/v1/apps/$app"),
		"GET /v1/apps/{id}/secrets":        at("/v1/apps/$app/secrets"),
		"POST /v1/apps/{id}/rotate-secret": at("/v1/apps/$app/rotate-secret", `{}`, `{"overlapSeconds":60}`),

		"GET /v1/keys":              at("/v1/keys"),
		"POST /v1/keys":             at("/v1/keys", `{"name":"x","scopes":["keys:manage"]}`, `{"name":"x","scopes":["apps:read"],"appId":"$app"}`),
		"GET /v1/keys/{id}":         at("/v1/keys/$key"),
		"DELETE /v1/keys/{id}":      at("/v1/keys/$key"),
		"POST /v1/keys/{id}/rotate": at("/v1/keys/$key/rotate", `{"overlapSeconds":60}`),

		"GET /v1/members":                    at("/v1/members"),
		"GET /v1/members/{id}":               at("/v1/members/$member"),
		"PATCH /v1/members/{id}":             at("/v1/members/$member", `{"name":"Renamed"}`),
		"DELETE /v1/members/{id}":            at("/v1/members/$member"),
		"POST /v1/members/{id}/reset-access": at("/v1/members/$member/reset-access"),
		"PUT /v1/password":                   at("/v1/password", `{"currentPassword":"$password","newPassword":"`+theirPassword+`"}`),
		"GET /v1/invitations":                at("/v1/invitations"),
		"POST /v1/invitations":               at("/v1/invitations", `{"email":"fresh@fresh.example","role":"member"}`),
		"DELETE /v1/invitations/{id}":        at("/v1/invitations/$invitation"),
		"POST /v1/invitations/accept":        at("/v1/invitations/accept", acceptance),

		"GET /v1/org":          at("/v1/org"),
		"PATCH /v1/org":        at("/v1/org", `{"name":"Renamed"}`),
		"DELETE /v1/org":       at("/v1/org"),
		"POST /v1/org/restore": at("/v1/org/restore"),
		"GET /v1/orgs":         at("/v1/orgs"),
		"POST /v1/orgs":        at("/v1/orgs", `{"slug":"fresh-$org","name":"Fresh"}`),
		"PATCH /v1/orgs/{id}":  at("/v1/orgs/$org", `{"plan":"orbit"}`),

		"GET /v1/limits":           at("/v1/limits?keyId=$key"),
		"GET /v1/limits/overrides": at("/v1/limits/overrides"),
		"PUT /v1/limits/overrides/{name}": {
			target: "/v1/limits/overrides/$slug", bodies: []string{`{"org":"nobody-*","policy":"events.*","limit":7}`}, free: true,
		},
		"DELETE /v1/limits/overrides/{name}": {target: "/v1/limits/overrides/$slug", prepare: (*installation).overridden},

		"GET /v1/outcomes": at("/v1/outcomes?appId=$app&groupBy=none"),
		"GET /v1/refusals": at("/v1/refusals?appId=$app"),
		"GET /v1/usage":    at("/v1/usage"),

		"GET /v1/audit":                         at("/v1/audit"),
		"GET /v1/audit/verification":            at("/v1/audit/verification"),
		"POST /v1/leaks":                        at("/v1/leaks", `[{"token":"$pk_live","type":"heard","url":"https://git.example/x"}]`),
		"DELETE /v1/end-users/{externalUserId}": {target: "/v1/end-users/$user", free: true},
		"GET /v1/erasures":                      at("/v1/erasures"),
		"GET /v1/erasures/{id}":                 at("/v1/erasures/$erasure"),

		"POST /v1/sessions":           at("/v1/sessions", `{"org":"$slug",`+login[1:]),
		"POST /v1/sessions/refresh":   at("/v1/sessions/refresh", `{"refreshToken":"$refresh"}`),
		"GET /v1/sessions/current":    at("/v1/sessions/current"),
		"DELETE /v1/sessions/current": at("/v1/sessions/current"),
		"POST /v1/two-factor/enroll":  at("/v1/two-factor/enroll"),
		"POST /v1/two-factor/enable":  {target: "/v1/two-factor/enable", bodies: []string{`{"code":"$code"}`}, prepare: (*installation).enrolled},
		"POST /v1/two-factor/disable": {target: "/v1/two-factor/disable", bodies: []string{`{"password":"$password","code":"$code"}`}, prepare: (*installation).proving},
		"GET /.well-known/jwks.json":  at("/.well-known/jwks.json"),

		"POST /api/v1/auth/login":      at("/api/v1/auth/login", login),
		"POST /api/v1/auth/verify-2fa": {target: "/api/v1/auth/verify-2fa", bodies: []string{`{"partialToken":"$partial","code":"$code"}`}, prepare: (*installation).proving},
		"POST /api/v1/auth/refresh":    at("/api/v1/auth/refresh", `{"refreshToken":"$refresh"}`),
		"POST /api/v1/auth/logout":     at("/api/v1/auth/logout"),
		"GET /api/v1/auth/me":          at("/api/v1/auth/me"),
		"POST /api/v1/auth/2fa/enroll": at("/api/v1/auth/2fa/enroll"),
		"POST /api/v1/auth/2fa/enable": {target: "/api/v1/auth/2fa/enable", bodies: []string{`{"code":"$code"}`}, prepare: (*installation).enrolled},
		"POST /api/v1/auth/2fa/disable": {
			target: "/api/v1/auth/2fa/disable", bodies: []string{`{"password":"$password","code":"$code"}`},
			prepare: (*installation).proving,
		},
		"POST /api/v1/auth/invites/accept":      at("/api/v1/auth/invites/accept", acceptance),
		"GET /api/v1/.well-known/jwks.json":     at("/api/v1/.well-known/jwks.json"),
		"GET /api/v1/org":                       at("/api/v1/org"),
		"GET /api/v1/org/api-keys":              at("/api/v1/org/api-keys"),
		"POST /api/v1/org/api-keys":             at("/api/v1/org/api-keys", `{"name":"x"}`),
		"DELETE /api/v1/org/api-keys/{keyId}":   at("/api/v1/org/api-keys/key_$pk_live"),
		"GET /api/v1/org/members":               at("/api/v1/org/members"),
		"PATCH /api/v1/org/members/{userId}":    at("/api/v1/org/members/usr_$member", `{"status":"suspended"}`, `{"role":"member"}`),
		"DELETE /api/v1/org/members/{userId}":   at("/api/v1/org/members/usr_$member"),
		"POST /api/v1/org/members/invite":       at("/api/v1/org/members/invite", `{"email":"fresh@fresh.example"}`),
		"GET /api/v1/org/invites":               at("/api/v1/org/invites"),
		"DELETE /api/v1/org/invites/{inviteId}": at("/api/v1/org/invites/inv_$invitation"),
		"POST /api/v1/public/verify":            at("/api/v1/public/verify", `{"token":"$access"}`),
		"GET /api/v1/public/users/{userId}":     at("/api/v1/public/users/usr_$member"),
		"GET /api/v1/public/org":                at("/api/v1/public/org"),

		"GET /v1/events":                            {target: "/v1/events"},
		"GET /v1/events/{id}":                       {target: "/v1/events/$event"},
		"GET /v1/end-users/{externalUserId}":        {target: "/v1/end-users/$user"},
		"GET /v1/end-users/{externalUserId}/events": {target: "/v1/end-users/$user/events", free: true},
		"POST /v1/event":                            at("/v1/event", `{"event":"x","user":{"id":"x"},"event_id":"one"}`),
		"POST /v1/events":                           at("/v1/events", `{"events":[{"event":"x","user":{"id":"x"},"event_id":"many"}]}`),

		"GET /v1/users":             at("/v1/users"),
		"POST /v1/users":            at("/v1/users", `{"name":"Fresh","email":"fresh@fresh.example","password":"`+theirPassword+`"}`),
		"PUT /v1/users/{userId}":    at("/v1/users/user_$member", `{"name":"Renamed"}`),
		"DELETE /v1/users/{userId}": at("/v1/users/user_$member"),
	})
}

// place is where a name or a secret goes.
var place = regexp.MustCompile(`\$[a-z_]+`)

// fill puts what these maps have in its places.
func fill(template string, from ...map[string]string) string {
	return place.ReplaceAllStringFunc(template, func(p string) string {
		for _, names := range from {
			if name, ok := names[p[1:]]; ok {
				return name
			}
		}
		return p
	})
}

// surface is who answers a route.
func surface(route httpkit.Route) string {
	for _, d := range tongues.All() {
		if d.Owns(route.Method, route.Path) {
			return d.Name()
		}
	}
	return tongues.All()[0].Name()
}

// credential is of some kind: the name of a format of API keys, "session", "app", "subscriber", or "none".
type credential struct{ kind, text string }

// credentials are all that act for a world, by their kind.
func (w world) credentials(session string) []credential {
	list := []credential{{"none", ""}, {"app", w.app.PublicKey}, {"session", session}, {"subscriber", w.said["subscriber_token"]}, {"sk", w.sk}}
	for _, format := range apikey.Formats() {
		if text, ok := w.said[format.Name]; ok {
			list = append(list, credential{format.Name, text})
		}
	}
	return list
}

// keyFormats are the kinds of API keys that open a surface, where it is not sk alone.
func keyFormats(route httpkit.Route) []string {
	switch surface(route) {
	case "authworx":
		return []string{"pk_live"}
	case "userboost":
		return []string{"ub_live", "ub_test"}
	case "userorbit":
		return []string{"userorbit"}
	}
	return []string{"sk"}
}

// fits tells whether a credential is of the kind that a route asks for: others are not even looked up there.
func (c credential) fits(route httpkit.Route, schemes []string) bool {
	kinds := map[string][]string{"session": {"session"}, "publicKey": {"app"}, "subscriber": {"subscriber"}, "apiKey": keyFormats(route)}
	return len(schemes) == 0 || slices.ContainsFunc(schemes, func(s string) bool { return slices.Contains(kinds[s], c.kind) })
}

// send asks as the surface of the target does, for the Org of that slug.
func (i *installation) send(route httpkit.Route, target, body string, c credential, slug string) *httptest.ResponseRecorder {
	i.t.Helper()
	bearer, header := c.text, []string{}
	if surface(route) == (authworx.Dialect{}).Name() {
		header = append(header, "X-Org-Slug", slug)
		if c.kind == "sk" || c.kind == "pk_live" {
			bearer, header = "", append(header, "X-API-Key", c.text)
		}
	}
	return i.call(route.Method, target, bearer, body, header...)
}

// good sends what the row says of a world, and gives the answer to the first body.
func (i *installation) good(route httpkit.Route, r row, w world, c credential) *httptest.ResponseRecorder {
	i.t.Helper()
	body := ""
	if len(r.bodies) > 0 {
		body = r.bodies[0]
	}
	return i.send(route, fill(r.target, w.named, w.said), fill(body, w.said, w.named), c, w.named["slug"])
}

// row finds how a route is asked, and fails the test when nobody wrote that down.
func (i *installation) row(all map[string]row, route httpkit.Route) (row, bool) {
	i.t.Helper()
	r, known := all[route.Method+" "+route.Path]
	takes := route.Method != http.MethodGet && route.MaxBody > 0
	switch {
	case !known:
		i.t.Errorf("%s %s stands in no row: add one", route.Method, route.Path)
	case takes != (len(r.bodies) > 0):
		i.t.Errorf("%s %s: a body is taken: %t, and the row has %d", route.Method, route.Path, takes, len(r.bodies))
	case !pathOf(route.Path).MatchString(strings.SplitN(r.target, "?", 2)[0]):
		i.t.Errorf("%s %s: the row's target %s is not of this path, or not every part of it is a place", route.Method, route.Path, r.target)
	}
	return r, known
}

// pathOf matches a template whose places are the parameters of an OpenAPI path.
func pathOf(path string) *regexp.Regexp {
	return regexp.MustCompile("^" + braced.ReplaceAllString(strings.ReplaceAll(path, ".", `\.`), `([a-z]+_)?\$[a-z_]+`) + "$")
}
