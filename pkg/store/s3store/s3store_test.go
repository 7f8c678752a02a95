package s3store_test

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/s3store"
	"github.com/heard-dev/heard/pkg/store/storetest"
)

func TestFiles(t *testing.T) {
	storetest.Blobs(t, func(t *testing.T) attachment.Blobs { return open(t, server(t)) })
}

func TestManyMayMakeTheBucketAtOnce(t *testing.T) {
	options := server(t)
	var racers sync.WaitGroup
	for range 8 {
		racers.Go(func() {
			s, err := s3store.Open(t.Context(), options)
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			defer s.Close()
			if err := s.Ping(t.Context()); err != nil {
				t.Errorf("ping: %v", err)
			}
		})
	}
	racers.Wait()
}

func TestLinksCarryThePublicNameWithoutDialingIt(t *testing.T) {
	options := server(t)
	options.PublicEndpoint = "https://files.heard.invalid"
	options.Region = "eu-central-1"
	s := open(t, options)
	for _, sign := range []func() (string, error){
		func() (string, error) {
			return s.SignPut(t.Context(), newKey(), attachment.Object{Size: 1, ContentType: "image/png"}, attachment.UploadTTL)
		},
		func() (string, error) { return s.SignGet(t.Context(), newKey(), attachment.DownloadTTL) },
	} {
		link, err := sign()
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(link)
		if err != nil || u.Scheme != "https" || u.Host != "files.heard.invalid" || u.Query().Get("X-Amz-Expires") != "300" {
			t.Errorf("link %s: %v", link, err)
		}
	}
}

func TestAnUploadCannotBeMadeIntoSomethingElse(t *testing.T) {
	options := server(t)
	s := open(t, options)
	object := attachment.Object{Size: 6, ContentType: "image/png"}
	upload := func(link string, header http.Header, body string) int {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, link, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header = header
		request.Header.Set("Content-Type", object.ContentType)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	sign := func(key string) string {
		t.Helper()
		link, err := s.SignPut(t.Context(), key, object, attachment.UploadTTL)
		if err != nil {
			t.Fatal(err)
		}
		return link
	}

	theirs := newKey()
	if status := upload(sign(theirs), http.Header{}, "theirs"); status != http.StatusOK {
		t.Fatalf("a plain upload: %d", status)
	}
	for name, row := range map[string]struct {
		header http.Header
		body   string
	}{
		"a copy of another's file": {http.Header{"X-Amz-Copy-Source": {"/" + options.Bucket + "/" + theirs}}, "mine.."},
		"more than was sent":       {http.Header{"Content-Encoding": {"gzip"}}, "packed"},
	} {
		mine := newKey()
		if status := upload(sign(mine), row.header, row.body); status != http.StatusForbidden {
			t.Errorf("%s: %d, want 403", name, status)
		}
		if _, err := s.Stat(t.Context(), mine); apierr.KindOf(err) != apierr.NotFound {
			t.Errorf("%s: %v, want NotFound", name, err)
		}
	}
}

// An S3 that takes connections and never answers is the worst kind of away.
func TestSilentAndDeadServersAreAway(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	for name, address := range map[string]net.Addr{"silent": silent.Addr(), "dead": dead.Addr()} {
		began := time.Now()
		_, err := s3store.Open(t.Context(), s3store.Options{
			Endpoint: "http://" + address.String(), AccessKey: "someone", SecretKey: hidden, Bucket: "files", Timeout: 300 * time.Millisecond,
		})
		if apierr.KindOf(err) != apierr.Unavailable {
			t.Errorf("%s: %v, want Unavailable", name, err)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
		keepsSecret(t, err)
	}
}

func TestAServerThatGoesAwayIsAwayAndComesBack(t *testing.T) {
	options := server(t)
	proxy := newProxy(t, options.Endpoint)
	options.Endpoint = "http://" + proxy.address()
	options.Timeout = 500 * time.Millisecond
	s := open(t, options)
	proxy.cut()
	key := newKey()
	_, statErr := s.Stat(t.Context(), key)
	for what, err := range map[string]error{"stat": statErr, "delete": s.Delete(t.Context(), key), "ping": s.Ping(t.Context())} {
		if apierr.KindOf(err) != apierr.Unavailable {
			t.Errorf("%s: %v, want Unavailable", what, err)
		}
		keepsSecret(t, err)
	}
	proxy.mend()
	if _, err := s.Stat(t.Context(), key); apierr.KindOf(err) != apierr.NotFound {
		t.Errorf("after the server came back: %v, want NotFound", err)
	}
}

func TestABucketThatVanishesIsNoFileMissing(t *testing.T) {
	options := server(t)
	s := open(t, options)
	if err := admin(t, options).RemoveBucket(t.Context(), options.Bucket); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("ping: %v, want Unavailable", err)
	}
	if _, err := s.Stat(t.Context(), newKey()); apierr.KindOf(err) != apierr.Internal {
		t.Errorf("stat: %v, want Internal", err)
	}
}

func TestWrongSettingsAreRefusedWithoutRepeatingSecrets(t *testing.T) {
	good := s3store.Options{Endpoint: "http://127.0.0.1:1", AccessKey: "someone", SecretKey: hidden, Bucket: "files"}
	for name, spoil := range map[string]func(*s3store.Options){
		"no endpoint":             func(o *s3store.Options) { o.Endpoint = "" },
		"another scheme":          func(o *s3store.Options) { o.Endpoint = "ftp://s3.example.com" },
		"a path":                  func(o *s3store.Options) { o.Endpoint = "https://s3.example.com/files" },
		"credentials":             func(o *s3store.Options) { o.Endpoint = "https://someone:" + hidden.Reveal() + "@s3.example.com" },
		"malformed, credentials":  func(o *s3store.Options) { o.Endpoint = "https://someone:" + hidden.Reveal() + "@s3.example.com:port" },
		"a malformed public one":  func(o *s3store.Options) { o.PublicEndpoint = "https://" },
		"a bucket S3 cannot have": func(o *s3store.Options) { o.Bucket = "No Bucket" },
		"a bucket without a name": func(o *s3store.Options) { o.Bucket = "" },
	} {
		options := good
		spoil(&options)
		_, err := s3store.Open(t.Context(), options)
		if err == nil || apierr.KindOf(err) != apierr.Internal {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
		keepsSecret(t, err)
	}

	options := server(t)
	options.SecretKey = hidden
	_, err := s3store.Open(t.Context(), options)
	if err == nil {
		t.Error("a wrong secret key was accepted")
	}
	keepsSecret(t, err)
}

const hidden = secret.String("not-to-be-read-anywhere")

func keepsSecret(t *testing.T, err error) {
	t.Helper()
	if err != nil && strings.Contains(err.Error(), hidden.Reveal()) {
		t.Errorf("the error gives the secret away: %v", err)
	}
}

// server names the S3 of this test run, with a bucket of the test's own that is gone when it ends.
func server(t *testing.T) s3store.Options {
	t.Helper()
	endpoint := os.Getenv("HEARD_TEST_S3_ENDPOINT")
	if endpoint == "" {
		t.Skip("HEARD_TEST_S3_ENDPOINT is not set")
	}
	options := s3store.Options{
		Endpoint:  endpoint,
		AccessKey: os.Getenv("HEARD_TEST_S3_ACCESS_KEY"),
		SecretKey: secret.String(os.Getenv("HEARD_TEST_S3_SECRET_KEY")),
		Bucket:    "heard-test-" + strings.ToLower(rand.Text()),
	}
	t.Cleanup(func() {
		err := admin(t, options).RemoveBucketWithOptions(context.Background(), options.Bucket, minio.RemoveBucketOptions{ForceDelete: true})
		if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchBucket {
			t.Errorf("the bucket stays behind: %v", err)
		}
	})
	return options
}

func admin(t *testing.T, o s3store.Options) *minio.Client {
	t.Helper()
	endpoint, err := url.Parse(o.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	client, err := minio.New(endpoint.Host, &minio.Options{Creds: credentials.NewStaticV4(o.AccessKey, o.SecretKey.Reveal(), "")})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func open(t *testing.T, o s3store.Options) *s3store.Store {
	t.Helper()
	s, err := s3store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func newKey() string {
	return attachment.NewKey(id.ID{1}, attachment.Screenshot, "image/png", rand.Reader)
}
