package heard_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/httpkit"
)

// onlyFor are the routes whose door asks for no right: what they are opened by instead.
func onlyFor() map[string]string {
	const nothing, browser, login, reporter = "nothing", "an App's public key", "a log-in", "a reporter's signature"
	return map[string]string{
		"POST /v1/feedback": browser, "POST /v1/feedback/upload-url": browser,
		"POST /v1/invitations/accept": nothing, "POST /v1/sessions": nothing, "POST /v1/sessions/refresh": nothing,
		"GET /v1/sessions/current": login, "DELETE /v1/sessions/current": login,
		"POST /v1/two-factor/enroll": login, "POST /v1/two-factor/enable": login, "POST /v1/two-factor/disable": login,
		"GET /.well-known/jwks.json": nothing, "POST /v1/leaks": reporter,
		"POST /api/v1/auth/login": nothing, "POST /api/v1/auth/verify-2fa": nothing, "POST /api/v1/auth/refresh": nothing,
		"POST /api/v1/auth/logout": nothing, "GET /api/v1/auth/me": login, "POST /api/v1/auth/2fa/enroll": login,
		"POST /api/v1/auth/2fa/enable": login, "POST /api/v1/auth/2fa/disable": login, "POST /api/v1/auth/invites/accept": nothing,
		"GET /api/v1/.well-known/jwks.json": nothing,
	}
}

func TestEveryRouteAsksForARightOrSaysWhyNot(t *testing.T) {
	known := onlyFor()
	for _, route := range everything().Routes() {
		name := route.Method + " " + route.Path
		why, listed := known[name]
		delete(known, name)
		if listed == (route.Door.Right != "") || route.Door.Right != "" && !route.Door.Right.Known() {
			t.Errorf("%s asks for the right %q, and is listed as asking for %q", name, route.Door.Right, why)
		}
	}
	for name := range known {
		t.Errorf("%s is listed, and is no route", name)
	}
}

// worlds gives a world for each request: a fresh one after a request that may have changed something.
type worlds struct {
	i     *installation
	count int
	now   world
	used  bool
}

func (w *worlds) next() world {
	if w.count == 0 || w.used {
		w.count++
		w.now, w.used = w.i.settle(fmt.Sprintf("world-%d", w.count), true), false
	}
	return w.now
}

// try sends a good request with a credential, and demands that it is refused for want of the right, or not at all.
func (w *worlds) try(t *testing.T, route httpkit.Route, r row, here world, who string, c credential, may bool) {
	t.Helper()
	answer := w.i.good(route, r, here, c)
	w.used = w.used || answer.Code < 300 && route.Method != http.MethodGet
	switch {
	case !may && answer.Code != http.StatusForbidden:
		t.Errorf("%s %s lets in %s, without %s: %d %s", route.Method, route.Path, who, route.Door.Right, answer.Code, answer.Body)
	case may && answer.Code/100 != 2:
		t.Errorf("%s %s refuses %s, who has %s: %d %s", route.Method, route.Path, who, route.Door.Right, answer.Code, answer.Body)
	}
}

// Whoever asks is refused exactly where the core's table says so.
func TestARoleMayDoWhatTheTableSaysAndNothingElse(t *testing.T) {
	t.Parallel()
	clock := newClock()
	i := serve(t, embedded(t, sqlite(t), clock.Now), clock.Now)
	all, docs, w := rows(), documents(t, i.kit), worlds{i: i}
	for _, route := range i.kit.Routes() {
		r, known := i.row(all, route)
		schemes := docs[surface(route)].operation(route).schemes()
		if !known || route.Door.Right == "" || !slices.Contains(schemes, "session") {
			continue
		}
		for _, role := range []access.Role{access.Member, access.Admin, access.Owner} {
			here := w.next()
			c := credential{"session", here.sessions[role]}
			w.try(t, route, r, here, string(role), c, slices.Contains(access.Of(role), route.Door.Right))
		}
	}
	if len(i.incidents) > 0 {
		t.Errorf("incidents: %+v", i.incidents)
	}
}

// A key with one scope opens the routes that ask for it and no others; one whose creator lacks the right opens none.
func TestAKeyMayDoWhatItsScopesSayAndNothingElse(t *testing.T) {
	t.Parallel()
	clock := newClock()
	i := serve(t, embedded(t, sqlite(t), clock.Now), clock.Now)
	all, docs, w := rows(), documents(t, i.kit), worlds{i: i}
	for _, route := range i.kit.Routes() {
		r, known := i.row(all, route)
		schemes := docs[surface(route)].operation(route).schemes()
		if !known || route.Door.Right == "" || !slices.Contains(schemes, "apiKey") {
			continue
		}
		for _, format := range apikey.Formats() {
			for _, scope := range format.Scopes {
				here := w.next()
				c := credential{"sk", i.scoped(here, byTest(), format, scope)}
				if !c.fits(route, schemes) {
					c.kind = "pk"
				}
				if (format.Name == "pk_live") != (c.kind == "pk") || format.Name != "pk_live" && format.Name != "sk" {
					if answer := i.good(route, r, here, c); answer.Code != http.StatusUnauthorized {
						t.Errorf("%s %s takes a key of another surface, %s: %d", route.Method, route.Path, format.Name, answer.Code)
					}
					continue
				}
				w.try(t, route, r, here, "a key with "+string(scope), c, scope == route.Door.Right)
			}
		}
		here := w.next()
		if member := here.people[access.Member]; !slices.Contains(access.Of(access.Member), route.Door.Right) {
			by := manage.By{Actor: byTest().Actor, Role: access.Owner, Rights: access.Rights(), OnBehalf: member.ID}
			format, kind := apikey.Secret(), "sk"
			if !(credential{kind: kind}).fits(route, schemes) {
				format, kind = apikey.AuthWorx(), "pk"
			}
			w.try(t, route, r, here, "the key of a member", credential{kind, i.scoped(here, by, format, route.Door.Right)}, false)
		}
	}
	if len(i.incidents) > 0 {
		t.Errorf("incidents: %+v", i.incidents)
	}
}

// scoped makes a key that has one scope.
func (i *installation) scoped(w world, by manage.By, format apikey.Format, scope access.Right) string {
	i.t.Helper()
	_, text, err := i.manager.CreateKey(context.Background(), by, w.org.ID, manage.KeyDraft{
		Name: "one scope", Format: format.Name, Scopes: []access.Right{scope},
	})
	must(i.t, err)
	return text.Reveal()
}
