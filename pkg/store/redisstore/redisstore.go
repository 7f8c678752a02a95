// Package redisstore keeps the gate's generations and buckets in Redis 7 or later, alone or as a cluster.
package redisstore

import (
	"context"
	_ "embed" // the scripts
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"go.opentelemetry.io/otel/trace"

	"github.com/heard-dev/heard/pkg/core/gate"
)

const (
	defaultTimeout   = 300 * time.Millisecond
	defaultHeartbeat = 2 * time.Second
	// bufferSize holds an Ask and its answer many times over; the driver's own 32 KiB would be paid twice per connection.
	bufferSize = 4 << 10
	// connectionsPerCPU lets the requests of one processor wait for Redis side by side; more would only queue there.
	connectionsPerCPU = 16
)

// Options say where Redis is and how long it may take.
type Options struct {
	// URL is redis://[user:password@]host:port[/database], or rediss:// for TLS. Further nodes of a Redis Cluster are named
	// by query parameters addr=host:port.
	URL string
	// Prefix begins every key. It holds no braces: what stands in braces decides where a cluster keeps a key.
	Prefix string
	// Timeout bounds each call as a whole, connecting included; 0 means 300 ms. Nothing is sent twice on one's own account.
	Timeout time.Duration
	// Group and Instance tell who shares the limits while Redis is away: processes that draw from the same buckets name the
	// same Group, and each of them its own Instance. Only Run needs them.
	Group, Instance string
	// Heartbeat is how often Run speaks up; 0 means every 2 s.
	Heartbeat time.Duration
	// Hooks see every command that is sent.
	Hooks []redis.Hook
	// Tracer makes a span of every command; there are none without.
	Tracer trace.TracerProvider
}

// Gate is a gate.Gate shared by all processes of a deployment. It is safe for concurrent use.
type Gate struct {
	options                      Options
	client                       redis.UniversalClient
	check, generation, heartbeat *redis.Script
	replicas                     atomic.Int64
}

var _ gate.Gate = (*Gate)(nil)

var (
	//go:embed check.lua
	checkSource string
	//go:embed generation.lua
	generationSource string
	//go:embed heartbeat.lua
	heartbeatSource string
)

// Open makes a Gate. Only Options that can never work are an error: for a Redis that is away, now or later, there is
// gate.Fallback. The context bounds a first visit that teaches Redis the scripts, so that no request has to.
func Open(ctx context.Context, options Options) (*Gate, error) {
	if strings.ContainsAny(options.Prefix, "{}") {
		return nil, errors.New("redisstore: the key prefix must not hold braces")
	}
	if options.Timeout == 0 {
		options.Timeout = defaultTimeout
	}
	if options.Heartbeat == 0 {
		options.Heartbeat = defaultHeartbeat
	}
	client, err := dial(options)
	if err != nil {
		return nil, err
	}
	for _, hook := range options.Hooks {
		client.AddHook(hook)
	}
	if options.Tracer != nil {
		// Arguments stay out of spans: they name who draws.
		err := redisotel.InstrumentTracing(client, redisotel.WithTracerProvider(options.Tracer), redisotel.WithDBStatement(false), redisotel.WithCallerEnabled(false))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("redisstore: %w", err), client.Close())
		}
	}
	g := &Gate{
		options: options, client: client,
		check: redis.NewScript(checkSource), generation: redis.NewScript(generationSource), heartbeat: redis.NewScript(heartbeatSource),
	}
	for _, script := range []*redis.Script{g.check, g.generation, g.heartbeat} {
		if script.Load(ctx, client).Err() != nil {
			break // whoever needs a script that Redis does not know sends it along
		}
	}
	return g, nil
}

// dial makes the client, which connects when it is first used. What the parsers say of a bad URL may quote its password.
func dial(options Options) (redis.UniversalClient, error) {
	malformed := errors.New("redisstore: the Redis URL is malformed")
	u, err := url.Parse(options.URL)
	if err != nil {
		return nil, malformed
	}
	query := u.Query()
	u.RawQuery = ""
	node, err := redis.ParseURL(u.String())
	if err != nil {
		return nil, malformed
	}
	others := query["addr"]
	if delete(query, "addr"); len(query) > 0 {
		return nil, malformed
	}
	return redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs:    append([]string{node.Addr}, others...),
		Username: node.Username, Password: node.Password, TLSConfig: node.TLSConfig, DB: node.DB,

		DialTimeout: options.Timeout, ReadTimeout: options.Timeout, WriteTimeout: options.Timeout, PoolTimeout: options.Timeout,
		ContextTimeoutEnabled: true,
		MaxRetries:            -1,
		DialerRetries:         1,

		PoolSize:       connectionsPerCPU * runtime.GOMAXPROCS(0),
		ReadBufferSize: bufferSize, WriteBufferSize: bufferSize,

		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}), nil
}

// Close gives up the connections. Nothing may be asked afterwards.
func (g *Gate) Close() error { return g.client.Close() }
