package e2e

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/hack/stack"
	"github.com/heard-dev/heard/hack/stack/cable"
	"github.com/heard-dev/heard/pkg/conformance"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/mongostore"
)

func TestTheSplitSpeaksEverySurface(t *testing.T) {
	servers := testServers(t)
	toMongo := lay(t, servers.MongoURI)
	running := start(t, stack.Options{
		Servers:    servers,
		ServiceEnv: map[string][]string{"ingest": {"HEARD_MONGO_URI=" + through(t, toMongo, servers.MongoURI)}},
	})

	app := func(i int) conformance.App {
		a := running.Demo.Apps[i]
		return conformance.App{ID: a.ID, PublicKey: a.PublicKey, SigningSecret: a.SigningSecret}
	}
	hashKey, err := os.ReadFile(filepath.Join(running.Dir, "hash.key"))
	must(t, err)
	target := conformance.Target{
		BaseURL:  running.URL,
		OrgID:    running.Demo.Org.ID,
		Public:   app(0),
		Private:  app(1),
		Slug:     running.Demo.Org.Slug,
		Admin:    conformance.Admin(running.Demo.Admin),
		Keys:     running.Demo.Keys,
		HashKey:  string(hashKey),
		Heard:    func(args ...string) ([]byte, error) { return running.Heard(context.Background(), args...) },
		Sanitize: func(t *testing.T, item string) { sanitize(t, running, item) },
		Break: func(*testing.T) func() {
			toMongo.Cut()
			return toMongo.Mend
		},
		TrustsForwardedFor: true,
	}
	t.Run("userz", func(t *testing.T) { conformance.Userz(t, target) })
	t.Run("authworx", func(t *testing.T) { conformance.Authworx(t, target) })
	t.Run("users", func(t *testing.T) { conformance.Users(t, target) })
	t.Run("userboost", func(t *testing.T) { conformance.Userboost(t, target) })
	t.Run("userorbit", func(t *testing.T) { conformance.Userorbit(t, target) })
}

// lay puts a cable to the server of that URI.
func lay(t *testing.T, uri string) *cable.Cable {
	t.Helper()
	c, err := cable.To(host(t, uri))
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	return c
}

// host is the server of a URI, or the first member of a replica set.
func host(t *testing.T, uri string) string {
	t.Helper()
	first, _, _ := strings.Cut(parsed(t, uri).Host, ",")
	return first
}

// through is the URI by way of the cable. A replica set would tell its client a way around it.
func through(t *testing.T, c *cable.Cable, uri string) string {
	t.Helper()
	u := parsed(t, uri)
	u.Host = c.Addr()
	if u.Scheme == "mongodb" {
		query := u.Query()
		query.Del("replicaSet")
		query.Set("directConnection", "true")
		u.Path, u.RawQuery = "/", query.Encode()
	}
	return u.String()
}

func parsed(t *testing.T, uri string) *url.URL {
	t.Helper()
	u, err := url.Parse(uri)
	must(t, err)
	return u
}

// sanitize does what a worker will.
func sanitize(t *testing.T, running *stack.Split, item string) {
	t.Helper()
	store, err := mongostore.Open(t.Context(), mongostore.Options{
		URI: secret.String(running.Servers.MongoURI), Database: running.Servers.MongoDatabase,
	})
	must(t, err)
	defer func() { must(t, store.Close(context.Background())) }()
	org, err := id.Parse(running.Demo.Org.ID)
	must(t, err)
	stored, err := id.Parse(item)
	must(t, err)
	for _, move := range [][2]feedback.Status{{feedback.Received, feedback.Sanitizing}, {feedback.Sanitizing, feedback.Sanitized}} {
		_, err := store.AmendFeedback(t.Context(), org, stored, move[0], feedback.Change{Status: &move[1]}, time.Now())
		must(t, err)
	}
}
