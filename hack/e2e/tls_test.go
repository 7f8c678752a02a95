package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
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
		host, _, _ := strings.Cut(parsed(t, uri).Host, ",") // the first member of a replica set
		c, err := cable.Sealed(host, authority.TLS.Certificates[0])
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
	app := running.Demo.Apps[0].PublicKey
	status, text := ask(t, "POST", running.URL+"/v1/feedback/upload-url", app, `{"contentType":"text/plain","byteSize":4,"kind":"attachment"}`)
	var place struct{ Key, UploadURL string }
	if err := json.Unmarshal([]byte(text), &place); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	put(t, authority.Certificate(), place.UploadURL, "file")
	status, text = ask(t, "POST", running.URL+"/v1/feedback", app,
		`{"text":"sealed","attachments":[{"key":"`+place.Key+`","kind":"attachment","contentType":"text/plain","byteSize":4}]}`)
	if status != http.StatusCreated {
		t.Errorf("a submission with a file is answered %d %s", status, text)
	}
	status, text = ask(t, "GET", running.URL+"/v1/feedback", running.Demo.Keys["userz"], "")
	if status != http.StatusOK || !strings.Contains(text, "sealed") {
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

// put uploads a file as a browser that trusts the authority.
func put(t *testing.T, authority *x509.Certificate, url, content string) {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(authority)
	browser := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer browser.CloseIdleConnections()
	request, err := http.NewRequest(http.MethodPut, url, bytes.NewBufferString(content))
	must(t, err)
	request.Header.Set("Content-Type", "text/plain")
	answer, err := browser.Do(request)
	must(t, err)
	must(t, answer.Body.Close())
	if answer.StatusCode != http.StatusOK || request.URL.Scheme != "https" {
		t.Errorf("PUT %s: %s", request.URL.Redacted(), answer.Status)
	}
}
