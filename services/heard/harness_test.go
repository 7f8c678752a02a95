package heard_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/plan"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/diskstore"
	"github.com/heard-dev/heard/pkg/store/memgate"
	"github.com/heard-dev/heard/pkg/store/mongostore"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
	"github.com/heard-dev/heard/pkg/telemetry"
	"github.com/heard-dev/heard/services/heard"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// keys are an installation's.
func keys(t testing.TB) platform.Opened {
	t.Helper()
	keyset, err := secret.NewKeysetJSON()
	must(t, err)
	opened, err := platform.Keys{Keyset: keyset, HashKey: seed(), SessionKeys: seed()}.Open()
	must(t, err)
	return opened
}

// seed is a key of an installation.
func seed() secret.String {
	var bytes [32]byte
	rand.Read(bytes[:])
	return secret.String(hex.EncodeToString(bytes[:]))
}

// clock stands still until it is moved.
type clock struct{ nanoseconds atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.Advance(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Sub(time.Unix(0, 0)))
	return c
}

func (c *clock) Now() time.Time          { return time.Unix(0, c.nanoseconds.Load()).UTC() }
func (c *clock) Advance(d time.Duration) { c.nanoseconds.Add(int64(d)) }

// sqlite is a store in a file of its own.
func sqlite(t testing.TB) platform.Store {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Path: filepath.Join(t.TempDir(), "heard.db")})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	return store
}

// embedded are the parts of an all-in-one around a store.
func embedded(t testing.TB, store platform.Store, now func() time.Time) platform.Parts {
	t.Helper()
	files, err := diskstore.Open(diskstore.Options{
		Dir: t.TempDir(), Mount: "/files/", SigningKey: make([]byte, diskstore.KeySize), Now: now,
		BaseURL: func() string { return "http://heard.test/files" }, Logger: telemetry.Discard().Logger,
		Incidents: func(incident.Incident) {},
	})
	must(t, err)
	t.Cleanup(func() { must(t, files.Close()) })
	return platform.Parts{Store: store, Gate: memgate.New(memgate.Options{Now: now}), Blobs: files, Opened: keys(t)}
}

// installation is Heard with all its services, without a port.
type installation struct {
	*platform.Platform
	t       testing.TB
	handler http.Handler
	kit     *httpkit.Kit
	manager *manage.Manager
	loops   []func(context.Context) error
	clock   *clock // nil where time is real
	logged  lines

	mu        sync.Mutex
	incidents []incident.Incident
}

// lines counts what services log.
type lines struct{ atomic.Int64 }

func (*lines) Enabled(context.Context, slog.Level) bool { return true }
func (l *lines) Handle(context.Context, slog.Record) error {
	l.Add(1)
	return nil
}
func (l *lines) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l *lines) WithGroup(string) slog.Handler      { return l }

// serve makes the handler of all services on these parts.
func serve(t testing.TB, parts platform.Parts, now func() time.Time) *installation {
	t.Helper()
	return serveObserved(t, parts, now, telemetry.Discard())
}

// serveObserved is serve, seen by tel.
func serveObserved(t testing.TB, parts platform.Parts, now func() time.Time, tel *telemetry.Telemetry) *installation {
	t.Helper()
	if parts.Plans == nil {
		parts.Plans = plan.Documented()
		parts.Plans[roomy] = roomyPlan()
	}
	p := platform.NewAt("heard", parts, now)
	i := &installation{Platform: p, t: t, manager: p.Manager}
	env := &run.Env{Telemetry: tel}
	kit := p.Kit(env, func(met incident.Incident) {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.incidents = append(i.incidents, met)
	})
	for _, service := range heard.Services(p, slog.New(slog.NewMultiHandler(&i.logged, tel.Logger.Handler()))) {
		service.Routes(kit)
		i.loops = append(i.loops, service.Loops()...)
	}
	if files, ok := parts.Blobs.(*diskstore.Store); ok {
		kit.Mount("/files/", files)
	}
	i.kit, i.handler = kit, kit.Handler()
	return i
}

// replica is another process on the same stores: what one keeps in memory the other does not know.
func (i *installation) replica() *installation {
	i.t.Helper()
	other := serve(i.t, i.Parts, i.Now)
	other.clock = i.clock
	return other
}

// run starts the services' loops. They have ended when stop returns.
func (i *installation) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, loop := range i.loops {
		running.Go(func() {
			if err := loop(ctx); err != nil {
				i.t.Error(err)
			}
		})
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// onEveryStore runs a test on SQLite, and on the MongoDB that HEARD_TEST_MONGO_URI names. The store is what wrap makes of it.
func onEveryStore(t *testing.T, wrap func(platform.Store) platform.Store, test func(t *testing.T, i *installation)) {
	t.Helper()
	t.Parallel()
	for name, open := range map[string]func(testing.TB) platform.Store{
		"SQLite":  sqlite,
		"MongoDB": func(t testing.TB) platform.Store { return mongo(t, mongoURI(t), database(t), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			i := serve(t, embedded(t, wrap(open(t)), clock.Now), clock.Now)
			i.clock = clock
			test(t, i)
		})
	}
}

func asItIs(store platform.Store) platform.Store { return store }

func mongoURI(t testing.TB) string {
	t.Helper()
	uri := os.Getenv("HEARD_TEST_MONGO_URI")
	if uri == "" {
		t.Skip("HEARD_TEST_MONGO_URI names no MongoDB")
	}
	return uri
}

// database names one that nobody else uses, and drops it in the end.
func database(t testing.TB) string {
	t.Helper()
	name := "heard_test_" + strings.ToLower(rand.Text())
	uri := mongoURI(t)
	t.Cleanup(func() {
		client, err := driver.Connect(options.Client().ApplyURI(uri))
		must(t, err)
		must(t, errors.Join(client.Database(name).Drop(context.Background()), client.Disconnect(context.Background())))
	})
	return name
}

func mongo(t testing.TB, uri, name string, monitor *event.CommandMonitor) platform.Store {
	t.Helper()
	store, err := mongostore.Open(t.Context(), mongostore.Options{URI: secret.String(uri), Database: name, Monitor: monitor})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close(context.Background())) })
	return store
}

// byTest is who changes things where a test does not care who.
func byTest() manage.By { return manage.Operator("a test") }

// household is an Org with one App and one key, and what opens them.
type household struct {
	org     tenant.Org
	app     tenant.App
	signing []byte
	key     apikey.Key
	sk      string
}

// roomy is a plan that keeps tests and benchmarks clear of limits that they are not about.
const roomy = "roomy"

func roomyPlan() map[string]tenant.Rate {
	rates := map[string]tenant.Rate{}
	for _, policy := range gate.Policies() {
		rates[policy.Name] = tenant.Rate{Limit: 1e8}
	}
	return rates
}

// limit gives an Org a number of its own, before its first request.
func (i *installation) limit(org tenant.Org, policy string, most int64) {
	i.t.Helper()
	must(i.t, i.Store.PutOverride(context.Background(), limit.Override{
		Name: org.Slug + "-" + strings.ReplaceAll(policy, ".", "-"), Org: org.Slug, Policy: policy, Rate: tenant.Rate{Limit: most},
	}))
}

// found makes an Org on the plan roomy.
func (i *installation) found(slug string) household {
	i.t.Helper()
	ctx := context.Background()
	h := household{org: tenant.Org{
		ID: i.IDs.New(), Slug: slug, Name: slug, Plan: roomy, LeakPolicy: tenant.NotifyLeaks,
		CreatedAt: i.Now(), Version: 1,
	}}
	must(i.t, i.Store.CreateOrg(ctx, h.org))
	must(i.t, i.Store.PutOverride(ctx, limit.Override{Name: "login", Org: "*", Policy: "login.*", Rate: tenant.Rate{Limit: 1e8}}))
	app, text, err := i.manager.CreateApp(ctx, byTest(), h.org.ID, manage.AppDraft{Slug: "app", Name: "App of " + slug, PublicSubmission: true})
	must(i.t, err)
	h.app = app
	h.signing, err = usertoken.ParseSecret(text.Reveal())
	must(i.t, err)
	var sk secret.String
	h.key, sk, err = i.manager.CreateKey(ctx, byTest(), h.org.ID, manage.KeyDraft{Name: "a key"})
	must(i.t, err)
	h.sk = sk.Reveal()
	return h
}

// call sends one request and gives its answer. A body is sent as JSON.
func (i *installation) call(method, target, bearer, body string, header ...string) *httptest.ResponseRecorder {
	i.t.Helper()
	var content io.Reader
	if body != "" {
		content = bytes.NewReader([]byte(body))
	}
	r := httptest.NewRequestWithContext(context.Background(), method, target, content)
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for pair := range slices.Chunk(header, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	w := httptest.NewRecorder()
	i.handler.ServeHTTP(w, r)
	return w
}

// answer reads a JSON answer of that status.
func (i *installation) answer(w *httptest.ResponseRecorder, status int, into any) {
	i.t.Helper()
	if w.Code != status {
		i.t.Fatalf("status %d instead of %d: %s", w.Code, status, w.Body)
	}
	must(i.t, json.Unmarshal(w.Body.Bytes(), into))
}
