package heard_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/diskstore"
	"github.com/heard-dev/heard/pkg/store/memgate"
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
func keys(t testing.TB) (secret.Keyset, apikey.Hasher) {
	t.Helper()
	text, err := secret.NewKeysetJSON()
	must(t, err)
	keyset, err := secret.ParseKeyset(text)
	must(t, err)
	hasher, err := apikey.NewHasher([]byte(rand.Text() + "0123456789")[:32])
	must(t, err)
	return keyset, hasher
}

// embedded are the parts of an all-in-one in a folder of its own. Its files are served by the handler that serve gives.
func embedded(t testing.TB) platform.Parts {
	t.Helper()
	dir := t.TempDir()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Path: filepath.Join(dir, "heard.db")})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	files, err := diskstore.Open(diskstore.Options{
		Dir: filepath.Join(dir, "files"), Mount: "/files/", SigningKey: make([]byte, diskstore.KeySize), Now: time.Now,
		BaseURL: func() string { return "http://heard.test/files" }, Logger: telemetry.Discard().Logger,
	})
	must(t, err)
	t.Cleanup(func() { must(t, files.Close()) })
	keyset, hasher := keys(t)
	return platform.Parts{Store: store, Gate: memgate.New(memgate.Options{Now: time.Now}), Blobs: files, Keyset: keyset, Hasher: hasher}
}

// installation is Heard with all its services, without a port.
type installation struct {
	*platform.Platform
	t       testing.TB
	handler http.Handler
	manager *manage.Manager
}

// serve makes the handler of all services on these parts.
func serve(t testing.TB, parts platform.Parts) *installation {
	t.Helper()
	p := platform.New("heard", parts)
	env := &run.Env{Telemetry: telemetry.Discard()}
	kit := p.Kit(env, func(i incident.Incident) { t.Errorf("incident: %s\n%s", i.Cause, i.Stack) })
	for _, service := range heard.Services(p, env.Telemetry.Logger) {
		service.Routes(kit)
	}
	if files, ok := parts.Blobs.(*diskstore.Store); ok {
		kit.Mount("/files/", files)
	}
	return &installation{Platform: p, t: t, handler: kit.Handler(), manager: p.Manager()}
}

// household is an Org with one App and one key, and what opens them.
type household struct {
	org     tenant.Org
	app     tenant.App
	signing []byte
	key     apikey.Key
	sk      string
}

// found makes an Org. Its numbers keep tests and benchmarks clear of limits that they are not about.
func (i *installation) found(slug string) household {
	i.t.Helper()
	ctx := context.Background()
	limits := map[string]tenant.Rate{}
	for _, policy := range []string{"feedback.ip", "feedback.user", "attachments.ip", "attachments.user", "api.key"} {
		limits[policy] = tenant.Rate{Limit: 1e8}
	}
	h := household{org: tenant.Org{ID: i.IDs.New(), Slug: slug, Name: slug, Plan: tenant.DefaultPlan, Limits: limits, CreatedAt: i.Now()}}
	must(i.t, i.Store.CreateOrg(ctx, h.org))
	app, text, err := i.manager.CreateApp(ctx, h.org.ID, manage.AppDraft{Slug: "app", Name: "App of " + slug, PublicSubmission: true})
	must(i.t, err)
	h.app = app
	h.signing, err = usertoken.ParseSecret(text.Reveal())
	must(i.t, err)
	var sk secret.String
	h.key, sk, err = i.manager.CreateKey(ctx, h.org.ID, "a key", "a test")
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
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
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
