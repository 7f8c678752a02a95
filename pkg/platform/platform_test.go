package platform_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/memgate"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
	"github.com/heard-dev/heard/pkg/telemetry"
)

// toy is a service with one route, which fails.
type toy struct{}

func (toy) Routes(kit *httpkit.Kit) {
	httpkit.Handle(kit.API("userz"), httpkit.Route{Method: http.MethodGet, Path: "/v1/toy", ID: "toy", Status: http.StatusOK},
		func(context.Context, auth.Principal, *struct{}) (*struct{}, error) {
			return nil, errors.New("broken toy")
		})
}

func (toy) Loops() []func(context.Context) error { return nil }

func open(t *testing.T) (*platform.Platform, *sqlitestore.Store) {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Path: filepath.Join(t.TempDir(), "heard.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return platform.New("toys", platform.Parts{Store: store, Gate: memgate.New(memgate.Options{Now: time.Now})}), store
}

func get(handler http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestAnIncidentIsFoundByTheIDThatTheCallerWasTold(t *testing.T) {
	p, store := open(t)
	app := p.App(&run.Env{Telemetry: telemetry.Discard()}, toy{})
	ctx, stop := context.WithCancel(t.Context())
	var loops sync.WaitGroup
	for _, loop := range app.Loops {
		loops.Go(func() {
			if err := loop(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	w := get(app.Handler, "/v1/toy")
	stop()
	loops.Wait() // what was met is stored by then
	var answer struct{ Error struct{ RequestID string } }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusInternalServerError {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	met, err := store.Incident(t.Context(), answer.Error.RequestID)
	if err != nil || met.Service != "toys" || met.Route != "/v1/toy" || !strings.Contains(met.Cause, "broken toy") {
		t.Errorf("%+v, %v", met, err)
	}
}

func TestAProcessIsReadyWhileItsStoreIs(t *testing.T) {
	p, store := open(t)
	app := p.App(&run.Env{Telemetry: telemetry.Discard()})
	if w := get(app.Handler, "/readyz"); w.Code != http.StatusOK {
		t.Errorf("%d", w.Code)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if w := get(app.Handler, "/readyz"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("without a store: %d", w.Code)
	}
	if w := get(app.Handler, "/healthz"); w.Code != http.StatusOK {
		t.Errorf("health without a store: %d", w.Code)
	}
}

func TestPartsAreClosedInReverseEvenWhenOneFails(t *testing.T) {
	var closed []int
	broken := errors.New("broken")
	closer := func(n int, err error) func(context.Context) error {
		return func(context.Context) error {
			closed = append(closed, n)
			return err
		}
	}
	p := platform.New("toys", platform.Parts{Closers: []func(context.Context) error{closer(1, nil), closer(2, broken), closer(3, nil)}})
	if err := p.Close(t.Context()); !errors.Is(err, broken) || !slices.Equal(closed, []int{3, 2, 1}) {
		t.Errorf("closed %v, %v", closed, err)
	}
}

func TestKeysAreReadOrNamedWithoutBeingShown(t *testing.T) {
	keyset, err := secret.NewKeysetJSON()
	if err != nil {
		t.Fatal(err)
	}
	hash := secret.String(hex.EncodeToString(make([]byte, 32)))
	for name, row := range map[string]struct {
		keys platform.Keys
		want []string
	}{
		"good":          {platform.Keys{Keyset: keyset, HashKey: hash, SessionKeys: hash}, nil},
		"none":          {platform.Keys{}, []string{"HEARD_KEYSET", "HEARD_HASH_KEY", "HEARD_SESSION_KEYS"}},
		"a short hash":  {platform.Keys{Keyset: keyset, HashKey: hash[2:], SessionKeys: hash}, []string{"HEARD_HASH_KEY"}},
		"no hex":        {platform.Keys{Keyset: keyset, HashKey: "s3cr3t" + hash[6:], SessionKeys: hash}, []string{"HEARD_HASH_KEY"}},
		"no keyset":     {platform.Keys{Keyset: "{\"s3cr3t\":1}", HashKey: hash, SessionKeys: hash}, []string{"HEARD_KEYSET"}},
		"two seeds":     {platform.Keys{Keyset: keyset, HashKey: hash, SessionKeys: hash + ", " + hash}, nil},
		"half a seed":   {platform.Keys{Keyset: keyset, HashKey: hash, SessionKeys: hash + "," + hash[2:]}, []string{"HEARD_SESSION_KEYS"}},
		"a seed no hex": {platform.Keys{Keyset: keyset, HashKey: hash, SessionKeys: "s3cr3t" + hash[6:]}, []string{"HEARD_SESSION_KEYS"}},
	} {
		var named []string
		for _, fault := range row.keys.Check() {
			named = append(named, fault.Name)
			if strings.Contains(fault.Reason, "s3cr3t") {
				t.Errorf("%s: shown: %s", name, fault.Reason)
			}
		}
		_, err := row.keys.Open()
		if !slices.Equal(named, row.want) || (err == nil) != (row.want == nil) {
			t.Errorf("%s: %v, %v", name, named, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: shown: %v", name, err)
		}
	}
}
