// Package s3store keeps attached files in a bucket of any S3, to which clients upload and from which they download directly.
package s3store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/secret"
)

// Options say where the bucket is. Endpoints are URLs without a path (https://s3.example.com) or bare hosts, which are
// spoken to over https. Give keys that open this bucket only: on an S3 that is neither Amazon's nor MinIO, whoever holds an
// upload URL may be able to copy into it whatever those keys can read.
type Options struct {
	Endpoint       string
	PublicEndpoint string // what browsers reach the same S3 under; Endpoint when empty
	AccessKey      string
	SecretKey      secret.String
	Bucket         string
	Region         string               // us-east-1 when empty
	Timeout        time.Duration        // for any one call, all its attempts together; 5 s when zero
	Tracer         trace.TracerProvider // makes a span of every request; there are none when nil
}

const (
	defaultRegion  = "us-east-1"
	defaultTimeout = 5 * time.Second

	// attempts ride out a restart of one S3 node; more would only keep a caller waiting for an S3 that is gone.
	attempts = 3

	// dialTimeout leaves time for a second attempt within defaultTimeout.
	dialTimeout = 2 * time.Second

	// idleConnections suits the few small calls a submission makes: one Stat a cited file.
	idleConnections = 32

	// bucketRaces is how often Open looks again when others are making the bucket at the same moment.
	bucketRaces = 5
)

// Store is an attachment.Blobs. It is safe for concurrent use.
type Store struct {
	s3        *minio.Client
	signer    *minio.Client
	transport *http.Transport
	bucket    string
	timeout   time.Duration
	minIO     bool
}

var _ attachment.Blobs = (*Store)(nil)

// Open reaches the S3 and makes the bucket if it is missing. Browsers upload to the bucket themselves: an S3 that, unlike
// MinIO, does not allow other origins by default needs a CORS rule for PUT and GET on it. MinIO before RELEASE.2026-04-11
// stores unsigned uploads of whoever knows the access key, which every link names (CVE-2026-41145): what stands between it
// and the public must refuse requests whose X-Amz-Content-Sha256 is STREAMING-UNSIGNED-PAYLOAD-TRAILER.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Region == "" {
		o.Region = defaultRegion
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.PublicEndpoint == "" {
		o.PublicEndpoint = o.Endpoint
	}
	if err := s3utils.CheckValidBucketNameStrict(o.Bucket); err != nil {
		return nil, fmt.Errorf("s3store: bucket %q: %w", o.Bucket, err)
	}
	s := &Store{transport: newTransport(o.Timeout), bucket: o.Bucket, timeout: o.Timeout}
	var err error
	if s.s3, err = o.client(o.Endpoint, s.transport); err != nil {
		return nil, err
	}
	// A signature covers the host, so links need a client of the public name. With its region fixed it never dials.
	if s.signer, err = o.client(o.PublicEndpoint, s.transport); err != nil {
		return nil, err
	}
	if err := s.ensureBucket(ctx, o.Region); err != nil {
		s.Close()
		return nil, err
	}
	if s.minIO, err = s.isMinIO(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close lets go of idle connections.
func (s *Store) Close() { s.transport.CloseIdleConnections() }

// Ping tells whether the bucket can be reached; apierr.Away when it cannot.
func (s *Store) Ping(ctx context.Context) error {
	exists, err := s.exists(ctx)
	if err == nil && !exists {
		err = apierr.Away(fmt.Errorf("s3store: there is no bucket %q", s.bucket))
	}
	return err
}

func (s *Store) exists(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	exists, err := s.s3.BucketExists(ctx, s.bucket)
	return exists, failure(err)
}

// ensureBucket asks before it makes: credentials that may only use a bucket are enough when it is there.
func (s *Store) ensureBucket(ctx context.Context, region string) error {
	var made error
	for range bucketRaces {
		exists, err := s.exists(ctx)
		if err != nil || exists {
			return err
		}
		if made = s.makeBucket(ctx, region); made == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return apierr.Away(ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
	return made
}

func (s *Store) makeBucket(ctx context.Context, region string) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return failure(s.s3.MakeBucket(ctx, s.bucket, minio.MakeBucketOptions{Region: region}))
}

func (o Options) client(endpoint string, transport *http.Transport) (*minio.Client, error) {
	host, secure, err := parseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	client, err := minio.New(host, &minio.Options{
		Creds:      credentials.NewStaticV4(o.AccessKey, o.SecretKey.Reveal(), ""),
		Secure:     secure,
		Transport:  o.traced(transport),
		Region:     o.Region,
		MaxRetries: attempts,
	})
	if err != nil {
		return nil, fmt.Errorf("s3store: %w", err)
	}
	return client, nil
}

// traced makes spans of requests, which are signed in a header: no URL that is sent from here opens anything.
func (o Options) traced(transport *http.Transport) http.RoundTripper {
	if o.Tracer == nil {
		return transport
	}
	return otelhttp.NewTransport(transport, otelhttp.WithTracerProvider(o.Tracer), otelhttp.WithMeterProvider(noop.NewMeterProvider()),
		otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator())) // S3 is told nothing
}

// errEndpoint repeats nothing of what it refuses: people do put credentials into URLs.
var errEndpoint = errors.New("s3store: an endpoint must be http(s)://host[:port], without credentials, path or query")

func parseEndpoint(endpoint string) (host string, secure bool, err error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		u, err = url.Parse("https://" + endpoint)
	}
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Path != "" && u.Path != "/") {
		return "", false, errEndpoint
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "", false, errEndpoint
	}
	return u.Host, u.Scheme == "https", nil
}

func newTransport(timeout time.Duration) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: timeout,
		MaxIdleConns:          idleConnections,
		MaxIdleConnsPerHost:   idleConnections,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true,
	}
}
