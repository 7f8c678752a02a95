package heard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
	"github.com/heard-dev/heard/pkg/telemetry"
)

// collector takes whatever OTLP sends, as it comes.
type collector struct {
	mu   sync.Mutex
	took bytes.Buffer
}

func (c *collector) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = io.Copy(&c.took, r.Body)
}

// fragile is a gate that breaks.
type fragile struct {
	gate.Gate
	broken atomic.Bool
}

func (f *fragile) Check(ctx context.Context, ask gate.Ask) (gate.Verdict, error) {
	if f.broken.Load() {
		panic("the gate fell off its hinges")
	}
	return f.Gate.Check(ctx, ask)
}

// aviary is an installation whose every word is heard.
type aviary struct {
	*installation
	cage
	gate   *fragile
	store  *sqlitestore.Store
	file   string
	log    bytes.Buffer
	traces collector
	tel    *telemetry.Telemetry
}

func newAviary(t *testing.T) *aviary {
	t.Helper()
	a := &aviary{file: filepath.Join(t.TempDir(), "heard.db")}
	listener := httptest.NewServer(&a.traces)
	t.Cleanup(listener.Close)
	endpoint, err := url.Parse(listener.URL)
	must(t, err)
	a.tel, err = telemetry.New(t.Context(), telemetry.Options{
		Config: telemetry.Config{LogLevel: -8, Endpoint: *endpoint}, Service: "heard", Log: &a.log,
	})
	must(t, err)
	a.store, err = sqlitestore.Open(t.Context(), sqlitestore.Options{Path: a.file})
	must(t, err)
	clock := newClock()
	parts := embedded(t, a.store, clock.Now)
	a.gate = &fragile{Gate: parts.Gate}
	parts.Gate = a.gate
	parts.Opened = a.installKeys(t)
	a.installation = serveObserved(t, parts, clock.Now, a.tel)
	a.clock = clock
	return a
}

// installKeys makes the installation's own secrets, which are canaries like any.
func (a *aviary) installKeys(t *testing.T) platform.Opened {
	t.Helper()
	keyset, err := secret.NewKeysetJSON()
	must(t, err)
	made := platform.Keys{Keyset: keyset, HashKey: seed(), SessionKeys: seed()}
	var read struct {
		Key []struct{ KeyData struct{ Value string } }
	}
	must(t, json.Unmarshal([]byte(keyset.Reveal()), &read))
	a.add("keyset", read.Key[0].KeyData.Value)
	a.add("hash key", made.HashKey.Reveal())
	a.add("session key", made.SessionKeys.Reveal())
	opened, err := made.Open()
	must(t, err)
	return opened
}

// pester sends a route whatever holds secrets: good requests, and bad ones in many ways. What no credential of its kind gets
// past is tried less.
func (a *aviary) pester(route httpkit.Route, r row, w world, schemes []string) {
	body := fill(r.body(), w.said, w.named)
	target := fill(r.target, w.named, w.said)
	header := func(name, value string) []string { return []string{name, value, "X-Org-Slug", w.named["slug"]} }
	for _, c := range w.credentials(a.freshSession(w)) {
		where := fmt.Sprintf("%s %s with %s", route.Method, route.Path, c.kind)
		a.clock.Advance(time.Second) // a token that is made again in the same second is the same
		a.hear(where, a.good(route, r, w, c))
		a.hear(where+", mistyped", a.send(route, target, body, credential{c.kind, c.text + "x"}, w.named["slug"]))
		if !c.fits(route, schemes) {
			continue
		}
		a.hear(where+", malformed", a.call(route.Method, target, "", body, header("Authorization", "Basic "+c.text)...))
		a.hear(where+", in the wrong place", a.call(route.Method, target, "", body, header("Cookie", "access_token="+c.text)...))
		a.clock.Advance(time.Second)
		a.hear(where+", in the query", a.send(route, target+"?surplus="+url.QueryEscape(w.said["password"])+c.text, body, c, w.named["slug"]))
		a.clock.Advance(time.Second)
		a.hear(where+", of another Org", a.send(route, target, body, c, "nobodys"))
		for n, odd := range []string{
			body + "}", "[" + body + "]", strings.Replace(body, "{", `{"surplus":"`+w.said["password"]+`",`, 1),
			strings.Replace(body, `":"`, `":["`+w.said["password"]+`"],"x":"`, 1), `"` + w.said["password"] + `"`,
		} {
			if body != "" {
				a.clock.Advance(time.Second)
				a.hear(fmt.Sprintf("%s, odd body %d", where, n), a.send(route, target, odd, c, w.named["slug"]))
			}
		}
	}
}

func (a *aviary) freshSession(w world) string {
	_, token := a.session(w.people[access.Owner])
	a.add("access token", token)
	return token
}

// Nothing that Heard says, logs, traces or keeps holds a secret, but for the one answer that shows it for the first time;
// not when it refuses, and not when it breaks.
func TestNoSecretIsToldLoggedTracedOrKept(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	shared := a.settle("aviary", true)
	a.addWorld(shared)
	all, docs := rows(), documents(t, a.kit)
	routes := a.kit.Routes()
	slices.SortStableFunc(routes, func(x, y httpkit.Route) int { return order(x) - order(y) })
	for n, route := range routes {
		r, known := a.row(all, route)
		if !known {
			continue
		}
		w := shared
		if r.prepare != nil {
			w = a.settle(fmt.Sprintf("aviary-%d", n), false)
			r.prepare(a.installation, w)
			a.addWorld(w)
		}
		a.pester(route, r, w, docs[surface(route)].operation(route).schemes())
	}
	births := len(slices.DeleteFunc(slices.Clone(a.canaries), func(k canary) bool { return k.shown < 0 }))
	if births < 25 {
		t.Errorf("only %d secrets were minted by requests", births)
	}
	a.breakDown(all, routes)
	must(t, a.tel.Shutdown(t.Context()))
	a.said = append(a.said, utterance{"the log", a.log.String()}, utterance{"a trace or a metric", a.traces.took.String()},
		utterance{"an incident", fmt.Sprintf("%+v", a.incidents)})
	if !strings.Contains(a.traces.took.String(), "/v1/two-factor/enable") || len(a.incidents) == 0 || a.log.Len() == 0 {
		t.Errorf("%d bytes of traces, %d incidents, %d bytes of log", a.traces.took.Len(), len(a.incidents), a.log.Len())
	}
	a.demandSilence(t)
	for _, name := range []string{a.file, a.file + "-wal"} {
		content, err := os.ReadFile(name)
		if err == nil {
			a.demandAbsence(t, filepath.Base(name), content)
		} else if name == a.file {
			t.Error(err)
		}
	}
}

// order has the Org given up last, and its people removed just before that.
func order(route httpkit.Route) int {
	switch {
	case route.Method == http.MethodDelete && route.Path == "/v1/org":
		return 2
	case route.Method == http.MethodDelete, strings.HasPrefix(route.Path, "/v1/subscribers.de"), strings.HasSuffix(route.Path, ".delete"):
		return 1
	}
	return 0
}

// breakDown asks for everything once more, of a gate that panics and of a store that is closed.
func (a *aviary) breakDown(all map[string]row, routes []httpkit.Route) {
	a.t.Helper()
	w := a.settle("broken", false)
	a.enrolled(w)
	a.addWorld(w)
	credentials := w.credentials(a.freshSession(w))
	ask := func() (broken int) {
		a.clock.Advance(time.Second)
		for _, route := range routes {
			r, known := all[route.Method+" "+route.Path]
			if !known {
				continue // which was told before
			}
			for _, c := range credentials {
				answer := a.good(route, r, w, c)
				a.hear(fmt.Sprintf("broken: %s %s with %s", route.Method, route.Path, c.kind), answer)
				if answer.Code >= http.StatusInternalServerError {
					broken++
				}
			}
		}
		return broken
	}
	a.gate.broken.Store(true)
	if n := ask(); n < len(routes) {
		a.t.Errorf("only %d requests broke at the gate", n)
	}
	a.gate.broken.Store(false)
	must(a.t, a.store.Close())
	if n := ask(); n < len(routes) {
		a.t.Errorf("only %d requests broke at the store", n)
	}
}
