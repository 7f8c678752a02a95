// Package networked opens the MongoDB, Redis and S3 that a deployment's environment names.
package networked

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/memgate"
	"github.com/heard-dev/heard/pkg/store/mongostore"
	"github.com/heard-dev/heard/pkg/store/redisstore"
	"github.com/heard-dev/heard/pkg/store/s3store"
)

// Stores name the MongoDB and the Redis, and hold the installation's keys and plans.
type Stores struct {
	MongoURI      secret.String `env:"HEARD_MONGO_URI,required"`
	MongoDatabase string        `env:"HEARD_MONGO_DATABASE" envDefault:"heard"`
	RedisURL      secret.String `env:"HEARD_REDIS_URL,required"`
	RedisPrefix   string        `env:"HEARD_REDIS_PREFIX" envDefault:"heard:"`
	Keys          platform.Keys
	Plans         platform.Plans
}

// Config is what a service is told by its environment.
type Config struct {
	run.Config
	Stores
	TrustedProxies []netip.Prefix `env:"HEARD_TRUSTED_PROXIES"`
}

// FilesConfig is the Config of a service that keeps files.
type FilesConfig struct {
	Config
	S3 S3
}

// S3 names the bucket of attachments. PublicEndpoint is what browsers reach it under.
type S3 struct {
	Endpoint       string        `env:"HEARD_S3_ENDPOINT,required"`
	PublicEndpoint string        `env:"HEARD_S3_PUBLIC_ENDPOINT"`
	AccessKey      string        `env:"HEARD_S3_ACCESS_KEY,required"`
	SecretKey      secret.String `env:"HEARD_S3_SECRET_KEY,required"`
	Bucket         string        `env:"HEARD_S3_BUCKET" envDefault:"heard"`
	Region         string        `env:"HEARD_S3_REGION" envDefault:"us-east-1"`
}

// Open opens the database and the gate for the service of that name. When it fails it has closed what it opened.
func Open(ctx context.Context, name string, cfg Config, env *run.Env) (*platform.Platform, error) {
	parts, err := cfg.Stores.open(ctx, name, env)
	if err != nil {
		return nil, err
	}
	parts.TrustedProxies = cfg.TrustedProxies
	return platform.New(name, parts), nil
}

// OpenWithFiles is Open, and the bucket.
func OpenWithFiles(ctx context.Context, name string, cfg FilesConfig, env *run.Env) (*platform.Platform, error) {
	p, err := Open(ctx, name, cfg.Config, env)
	if err != nil {
		return nil, err
	}
	blobs, err := patiently(ctx, env, func() (*s3store.Store, error) {
		return s3store.Open(ctx, s3store.Options{
			Endpoint: cfg.S3.Endpoint, PublicEndpoint: cfg.S3.PublicEndpoint, Bucket: cfg.S3.Bucket, Region: cfg.S3.Region,
			AccessKey: cfg.S3.AccessKey, SecretKey: cfg.S3.SecretKey, Tracer: env.Telemetry.WithinRequests(),
		})
	})
	if err != nil {
		return nil, errors.Join(err, p.Close(ctx))
	}
	p.Blobs = blobs
	return p, nil
}

// Migrate brings the database to what this version wants, one process at a time, and closes it.
func Migrate(ctx context.Context, s Stores) error {
	store, err := mongostore.Open(ctx, mongostore.Options{URI: s.MongoURI, Database: s.MongoDatabase, Alone: time.Now})
	if err != nil {
		return err
	}
	return store.Close(ctx)
}

func (s Stores) open(ctx context.Context, name string, env *run.Env) (platform.Parts, error) {
	keys, err := s.Keys.Open()
	if err != nil {
		return platform.Parts{}, err
	}
	plans, err := s.Plans.Open()
	if err != nil {
		return platform.Parts{}, err
	}
	store, err := patiently(ctx, env, func() (*mongostore.Store, error) {
		return mongostore.Open(ctx, mongostore.Options{URI: s.MongoURI, Database: s.MongoDatabase, Tracer: env.Telemetry.WithinRequests()})
	})
	if err != nil {
		return platform.Parts{}, err
	}
	shared, err := redisstore.Open(ctx, redisstore.Options{
		URL: s.RedisURL.Reveal(), Prefix: s.RedisPrefix, Group: name, Instance: instance(), Tracer: env.Telemetry.WithinRequests(),
	})
	if err != nil {
		return platform.Parts{}, errors.Join(err, store.Close(ctx))
	}
	local := memgate.New(memgate.Options{Now: time.Now, Share: shared.Replicas})
	logger := env.Telemetry.Logger
	admission := gate.NewFallback(shared, local, gate.FallbackOptions{
		Now: time.Now,
		OnChange: func(degraded bool, cause error) {
			if degraded {
				logger.Warn("Redis is away: limits are shared out and credentials read from the store", "cause", cause)
				return
			}
			logger.Info("Redis is back")
		},
	})
	return platform.Parts{
		Store: store, Gate: admission, Opened: keys, Plans: plans, Degraded: admission.Probe,
		Loops:   []func(context.Context) error{shared.Run},
		Closers: []func(context.Context) error{store.Close, func(context.Context) error { return shared.Close() }},
	}, nil
}

// instance tells this process from the others that share its limits.
func instance() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%s-%d", host, strconv.FormatInt(time.Now().UnixNano(), 36), os.Getpid())
}
