package e2e

import (
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/heard-dev/heard/hack/stack"
	"github.com/heard-dev/heard/hack/stack/cable"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/mongostore"
	"github.com/heard-dev/heard/pkg/store/redisstore"
	"github.com/heard-dev/heard/pkg/store/s3store"
)

// A service reaches every store by TLS, trusting the authorities in SSL_CERT_DIR as the chart sets it for caBundles, and none
// that it was not told of.
func TestStoresAreReachedByTLSAndAPrivateAuthority(t *testing.T) {
	servers := testServers(t)
	authority := httptest.NewTLSServer(nil) // whose certificate is its own authority
	authority.Close()
	sealed := func(uri string) string {
		t.Helper()
		c, err := cable.Sealed(host(t, uri), authority.TLS.Certificates[0])
		must(t, err)
		t.Cleanup(func() { must(t, c.Close()) })
		return c.Addr()
	}
	mongoURI := "mongodb://" + sealed(servers.MongoURI) + "/?directConnection=true&tls=true"
	redisURL := "rediss://" + sealed(servers.RedisURL) + parsed(t, servers.RedisURL).Path
	s3Endpoint := "https://" + sealed(servers.S3Endpoint)

	folder := t.TempDir()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Certificate().Raw})
	must(t, os.WriteFile(filepath.Join(folder, "ca-0.crt"), certificate, 0o600))
	running := start(t, stack.Options{Servers: servers, Env: []string{
		"SSL_CERT_DIR=" + folder, "HEARD_MONGO_URI=" + mongoURI, "HEARD_REDIS_URL=" + redisURL, "HEARD_S3_ENDPOINT=" + s3Endpoint,
	}})
	url, submission := reserve(t, running)
	if put(t, authority.Client(), url); !strings.HasPrefix(url, "https://") {
		t.Errorf("a file goes to %s", url)
	}
	status, text := ask(t, "POST", running.URL+"/v1/feedback", running.Demo.Apps[0].PublicKey, submission)
	if status != http.StatusCreated {
		t.Errorf("a submission with a file is answered %d %s", status, text)
	}
	status, text = ask(t, "GET", running.URL+"/v1/feedback", running.Demo.Keys["userz"], "")
	if status != http.StatusOK || !strings.Contains(text, "see there") {
		t.Errorf("the list is answered %d %s", status, text)
	}
	options, err := redis.ParseURL(servers.RedisURL)
	must(t, err)
	client := redis.NewClient(options)
	defer client.Close() //nolint:errcheck // only read from
	keys, _, err := client.Scan(t.Context(), 0, running.Servers.RedisPrefix+"*", 1e6).Result()
	must(t, err)
	if len(keys) == 0 {
		t.Error("limits were kept without Redis")
	}

	// This process trusts public authorities alone.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	distrusts := func(store string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s with a certificate of nobody's: %v", store, err)
		}
	}
	_, err = mongostore.Open(ctx, mongostore.Options{URI: secret.String(mongoURI), Timeout: 2 * time.Second})
	distrusts("MongoDB", err)
	gate, err := redisstore.Open(ctx, redisstore.Options{URL: redisURL, Prefix: "heard:"})
	if err == nil {
		_, err = gate.Generation(ctx, id.ID{})
	}
	distrusts("Redis", err)
	_, err = s3store.Open(ctx, s3store.Options{
		Endpoint: s3Endpoint, AccessKey: servers.S3AccessKey, SecretKey: secret.String(servers.S3SecretKey), Bucket: "heard-tls", Timeout: 2 * time.Second,
	})
	distrusts("S3", err)
}
