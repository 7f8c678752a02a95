package heard_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
)

// onlyFor are the routes whose door asks for no right: what they are opened by instead.
func onlyFor() map[string]string {
	const nothing, browser, login, reporter, key = "nothing", "an App's public key", "a log-in", "a reporter's signature", "a team's key, whatever its scopes"
	return map[string]string{
		"POST /v1/feedback": browser, "POST /v1/feedback/upload-url": browser,
		"POST /v1/invitations/accept": nothing, "POST /v1/sessions": nothing, "POST /v1/sessions/refresh": nothing,
		"PUT /v1/password": login, "GET /v1/sessions/current": login, "DELETE /v1/sessions/current": login,
		"POST /v1/two-factor/enroll": login, "POST /v1/two-factor/enable": login, "POST /v1/two-factor/disable": login,
		"GET /.well-known/jwks.json": nothing, "POST /v1/leaks": reporter,
		"POST /api/v1/auth/login": nothing, "POST /api/v1/auth/verify-2fa": nothing, "POST /api/v1/auth/refresh": nothing,
		"POST /api/v1/auth/logout": nothing, "GET /api/v1/auth/me": login, "POST /api/v1/auth/2fa/enroll": login,
		"POST /api/v1/auth/2fa/enable": login, "POST /api/v1/auth/2fa/disable": login, "POST /api/v1/auth/invites/accept": nothing,
		"GET /api/v1/.well-known/jwks.json": nothing,
		"POST /v1/public/feedbacks.create":  "a subscriber's token",
		"GET /v1/teams.info":                key, "POST /v1/teams.info": key, "GET /v1/users.info": key, "POST /v1/users.info": key,
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

// worlds gives a world for each request that may change something, and one that stays as it is.
type worlds struct {
	i        *installation
	operator bool
	count    int
	now      world
	used     bool
	still    world
	keys     map[string]string // of the world that stays
}

// operators are worlds that may do all there is.
func operators(t *testing.T) *worlds {
	t.Helper()
	clock := newClock()
	i := serve(t, embedded(t, sqlite(t), clock.Now), clock.Now)
	return &worlds{i: i, operator: true, still: i.settle("still", true), keys: map[string]string{}}
}

// next is a world that nothing was done to.
func (w *worlds) next() world {
	if w.count == 0 || w.used {
		w.count++
		w.now, w.used = w.i.settle(fmt.Sprintf("world-%d", w.count), w.operator), false
	}
	return w.now
}

// try sends a good request with the credential that a world gives, and demands that it is refused for want of the right, or
// not at all.
func (w *worlds) try(t *testing.T, route httpkit.Route, r row, who string, may bool, give func(world) credential) {
	t.Helper()
	in := w.still
	if may {
		in = w.next()
		w.used = route.Method != http.MethodGet
		if r.prepare != nil {
			r.prepare(w.i, in)
		}
	}
	answer := w.i.good(route, r, in, give(in))
	switch {
	case !may && answer.Code != http.StatusForbidden:
		t.Errorf("%s %s lets in %s, without %s: %d %s", route.Method, route.Path, who, route.Door.Right, answer.Code, answer.Body)
	case may && answer.Code/100 != 2:
		t.Errorf("%s %s refuses %s, who has %s: %d %s", route.Method, route.Path, who, route.Door.Right, answer.Code, answer.Body)
	}
}

// asking calls do with each route that asks for a right, and that credentials of that scheme open.
func (w *worlds) asking(t *testing.T, scheme string, do func(route httpkit.Route, r row)) {
	t.Helper()
	all, docs := rows(), documents(t, w.i.kit)
	for _, route := range w.i.kit.Routes() {
		r, known := w.i.row(all, route)
		if known && route.Door.Right != "" && slices.Contains(docs[surface(route)].operation(route).schemes(), scheme) {
			do(route, r)
		}
	}
	if len(w.i.incidents) > 0 {
		t.Errorf("incidents: %+v", w.i.incidents)
	}
}

// Whoever asks is refused exactly where the core's table says so.
func TestARoleMayDoWhatTheTableSaysAndNothingElse(t *testing.T) {
	t.Parallel()
	w := operators(t)
	w.asking(t, "session", func(route httpkit.Route, r row) {
		for _, role := range []access.Role{access.Member, access.Admin, access.Owner} {
			w.try(t, route, r, string(role), slices.Contains(access.Of(role), route.Door.Right), func(in world) credential {
				return credential{"session", in.sessions[role]}
			})
		}
	})
}

// A key with one scope opens the routes of its surface that ask for it, and no others; one whose creator lacks the right opens
// none.
func TestAKeyMayDoWhatItsScopesSayAndNothingElse(t *testing.T) {
	t.Parallel()
	w := operators(t)
	w.asking(t, "apiKey", func(route httpkit.Route, r row) {
		for _, format := range apikey.Formats() {
			if !slices.Contains(keyFormats(route), format.Name) {
				c := credential{format.Name, w.key(w.still, id.Zero, format, format.Scopes[0])}
				if answer := w.i.good(route, r, w.still, c); answer.Code != http.StatusUnauthorized {
					t.Errorf("%s %s takes a key of another surface, %s: %d", route.Method, route.Path, format.Name, answer.Code)
				}
				continue
			}
			for _, scope := range format.Scopes {
				w.try(t, route, r, "a key with "+string(scope), scope == route.Door.Right, func(in world) credential {
					return credential{format.Name, w.key(in, id.Zero, format, scope)}
				})
			}
			if !slices.Contains(access.Of(access.Member), route.Door.Right) {
				w.try(t, route, r, "the key of a member", false, func(in world) credential {
					return credential{format.Name, w.key(in, in.people[access.Member].ID, format, route.Door.Right)}
				})
			}
		}
	})
}

// key makes a key that has one scope; of the world that stays each is made once.
func (w *worlds) key(in world, creator id.ID, format apikey.Format, scope access.Right) string {
	w.i.t.Helper()
	name := fmt.Sprint(creator, format.Name, scope)
	if known, ok := w.keys[name]; ok && in.org.ID == w.still.org.ID {
		return known
	}
	key, text := format.Draw(rand.Reader, w.i.Hasher, apikey.Key{
		ID: w.i.IDs.New(), Org: in.org.ID, Name: "one scope", Scopes: []access.Right{scope}, Creator: creator, CreatedAt: w.i.Now(),
	})
	must(w.i.t, w.i.Store.CreateKey(context.Background(), in.org.ID, key))
	if in.org.ID == w.still.org.ID {
		w.keys[name] = text.Reveal()
	}
	return text.Reveal()
}
