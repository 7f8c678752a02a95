package networked_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/platform/networked"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/telemetry"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// environment names a database and a prefix that nobody else uses, and forgets them in the end.
func environment(t *testing.T) []string {
	t.Helper()
	mongoURI, redisURL := os.Getenv("HEARD_TEST_MONGO_URI"), os.Getenv("HEARD_TEST_REDIS_URL")
	if mongoURI == "" || redisURL == "" {
		t.Skip("HEARD_TEST_MONGO_URI and HEARD_TEST_REDIS_URL name no servers")
	}
	keyset, err := secret.NewKeysetJSON()
	must(t, err)
	zeroes := hex.EncodeToString(make([]byte, 32))
	name := "heard_test_" + strings.ToLower(rand.Text())
	t.Cleanup(func() {
		ctx := context.Background()
		database, err := mongo.Connect(options.Client().ApplyURI(mongoURI))
		must(t, err)
		must(t, database.Database(name).Drop(ctx))
		must(t, database.Disconnect(ctx))
		address, err := redis.ParseURL(redisURL)
		must(t, err)
		client := redis.NewClient(address)
		for keys := client.Scan(ctx, 0, name+"*", 1000).Iterator(); keys.Next(ctx); {
			must(t, client.Del(ctx, keys.Val()).Err())
		}
		must(t, client.Close())
	})
	return []string{
		"HEARD_MONGO_URI=" + mongoURI, "HEARD_MONGO_DATABASE=" + name, "HEARD_REDIS_URL=" + redisURL, "HEARD_REDIS_PREFIX=" + name + ":",
		"HEARD_KEYSET=" + keyset.Reveal(), "HEARD_HASH_KEY=" + zeroes, "HEARD_SESSION_KEYS=" + zeroes, "HEARD_TRUSTED_PROXIES=10.0.0.0/8",
	}
}

// Processes that are told the same share their tenants, and what one revokes is revoked in the other.
func TestProcessesOfOneEnvironmentShareIt(t *testing.T) {
	cfg, err := config.Load[networked.Config](environment(t))
	must(t, err)
	env := &run.Env{Telemetry: telemetry.Discard()}
	ctx := t.Context()
	first, err := networked.Open(ctx, "first", cfg, env)
	must(t, err)
	second, err := networked.Open(ctx, "second", cfg, env)
	must(t, err)
	if len(first.TrustedProxies) != 1 {
		t.Errorf("trusts %v", first.TrustedProxies)
	}
	w := httptest.NewRecorder()
	first.App(env).Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if w.Code != http.StatusOK {
		t.Errorf("ready: %d", w.Code)
	}

	by := manage.Operator("a test")
	org, err := first.Manager.CreateOrg(ctx, by, manage.OrgDraft{Slug: "acme", Name: "Acme"})
	must(t, err)
	key, text, err := first.Manager.CreateKey(ctx, by, org.ID, manage.KeyDraft{Name: "a key"})
	must(t, err)
	before, err := first.Gate.Generation(ctx, org.ID)
	must(t, err)
	found, err := second.Store.KeyByHash(ctx, second.Hasher.Hash(text.Reveal()))
	must(t, err)
	if found.ID != key.ID {
		t.Errorf("found %+v", found)
	}
	_, err = second.Manager.RevokeKey(ctx, by, org.ID, key.ID)
	must(t, err)
	if after, err := first.Gate.Generation(ctx, org.ID); err != nil || after == before {
		t.Errorf("generation %d after %d, %v", after, before, err)
	}
	must(t, first.Close(ctx))
	must(t, second.Close(ctx))
	if first.Store.Ping(ctx) == nil {
		t.Error("the store is open still")
	}
}

func TestWhatCannotBeOpenedIsAnError(t *testing.T) {
	environ := environment(t)
	env := &run.Env{Telemetry: telemetry.Discard()}
	for name, change := range map[string]string{
		"a MongoDB that is away":   "HEARD_MONGO_URI=mongodb://user:hunter2@127.0.0.1:1/?serverSelectionTimeoutMS=100",
		"a Redis URL that is none": "HEARD_REDIS_URL=http://user:hunter2@127.0.0.1:1",
	} {
		cfg, err := config.Load[networked.Config](append(environ, change))
		must(t, err)
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		p, err := networked.Open(impatient, "first", cfg, env)
		cancel()
		if err == nil {
			t.Errorf("%s: opened", name)
			must(t, p.Close(t.Context()))
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: shown: %v", name, err)
		}
	}
	// A Redis that is away is no reason not to serve: there is a gate for that.
	cfg, err := config.Load[networked.Config](append(environ, "HEARD_REDIS_URL=redis://127.0.0.1:1/0"))
	must(t, err)
	p, err := networked.Open(t.Context(), "first", cfg, env)
	must(t, err)
	must(t, p.Close(t.Context()))
}
