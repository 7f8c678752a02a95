package heard_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/v2/event"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/store/memgate"
	"github.com/heard-dev/heard/pkg/store/redisstore"
)

// probeAfter is how long a process leaves an absent Redis alone.
const probeAfter = 400 * time.Millisecond

// deployment is a database, a Redis behind a proxy and the keys that processes share.
type deployment struct {
	parts    platform.Parts
	database string
	prefix   string
	redis    *proxy
}

func deploy(t *testing.T) *deployment {
	t.Helper()
	address := os.Getenv("HEARD_TEST_REDIS_URL")
	if address == "" {
		t.Skip("HEARD_TEST_REDIS_URL names no Redis")
	}
	d := &deployment{database: database(t), prefix: "heard-test-" + rand.Text() + ":"}
	d.parts.Opened = keys(t)
	d.redis = newProxy(t, address)
	t.Cleanup(func() {
		options, err := redis.ParseURL(address)
		must(t, err)
		client := redis.NewClient(options)
		ctx := context.Background()
		for keys := client.Scan(ctx, 0, d.prefix+"*", 1000).Iterator(); keys.Next(ctx); {
			must(t, client.Del(ctx, keys.Val()).Err())
		}
		must(t, client.Close())
	})
	return d
}

// process is one of the deployment's: with clients, a gate and a cache of its own.
func (d *deployment) process(t *testing.T, monitor *event.CommandMonitor, hooks ...redis.Hook) *installation {
	t.Helper()
	shared, err := redisstore.Open(t.Context(), redisstore.Options{URL: d.redis.url, Prefix: d.prefix, Hooks: hooks})
	must(t, err)
	t.Cleanup(func() { must(t, shared.Close()) })
	parts := embedded(t, mongo(t, mongoURI(t), d.database, monitor), time.Now)
	parts.Opened = d.parts.Opened
	local := memgate.New(memgate.Options{Now: time.Now, Share: shared.Replicas})
	parts.Gate = gate.NewFallback(shared, local, gate.FallbackOptions{Now: time.Now, ProbeAfter: probeAfter})
	return serve(t, parts, time.Now)
}

// proxy stands between processes and Redis. Cut, it breaks connections and refuses new ones.
type proxy struct {
	url, target string

	mu    sync.Mutex
	gone  bool
	conns []net.Conn
}

func newProxy(t *testing.T, address string) *proxy {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &proxy{target: u.Host}
	u.Host = listener.Addr().String()
	p.url = u.String()
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { p.join(client) })
		}
	})
	t.Cleanup(func() {
		must(t, listener.Close())
		p.cut(true)
		serving.Wait()
	})
	return p
}

func (p *proxy) join(client net.Conn) {
	defer client.Close() //nolint:errcheck // either end may have closed it
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close() //nolint:errcheck // either end may have closed it
	p.mu.Lock()
	if p.gone {
		p.mu.Unlock()
		return
	}
	p.conns = append(p.conns, client, server)
	p.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
	_ = client.Close()
	<-done
}

func (p *proxy) cut(gone bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = gone
	for _, conn := range p.conns {
		_ = conn.Close()
	}
	p.conns = nil
}

// hotUntil keeps requests on one key going from many sides and revokes it in their midst. Before that all succeed; of
// those that start after it, not one.
func hotUntil(t *testing.T, request func() int, revoke func()) {
	t.Helper()
	var revoking, revoked atomic.Bool
	var before, after atomic.Int64
	hot, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		var wg sync.WaitGroup
		for range racers {
			wg.Go(func() {
				for late := 0; late < 20; {
					started := revoked.Load()
					switch code := request(); {
					case code == http.StatusOK && started:
						t.Error("a request was admitted after the revocation")
						return
					case code == http.StatusOK:
						if before.Add(1) == 10*racers {
							close(hot)
						}
					case code != http.StatusUnauthorized || !revoking.Load():
						t.Errorf("a request was answered %d", code)
						return
					default:
						after.Add(1)
					}
					if started {
						late++
					}
				}
			})
		}
		wg.Wait()
	}()
	select {
	case <-hot:
	case <-done:
	}
	revoking.Store(true)
	revoke()
	revoked.Store(true)
	<-done
	t.Logf("%d requests before, %d refused", before.Load(), after.Load())
}

// Revoked in one process, a key is dead in all of them when the call returns, however hot it was. With Redis away the
// call cannot promise that, and says so; where nobody can vouch for a key, it is dead all the same.
func TestAKeyRevokedInOneProcessIsDeadInAll(t *testing.T) {
	d := deploy(t)
	first, second := d.process(t, nil), d.process(t, nil)
	list := func(i *installation, key string) int {
		return i.call(http.MethodGet, "/v1/feedback?limit=1", key, "").Code
	}
	acme, other := first.found("acme"), first.found("other")

	hotUntil(t, func() int { return list(first, acme.sk) }, func() {
		_, err := second.manager.RevokeKey(t.Context(), byTest(), acme.org.ID, acme.key.ID)
		must(t, err)
	})
	if code := list(second, acme.sk); code != http.StatusUnauthorized {
		t.Errorf("where it was revoked: %d", code)
	}

	for _, i := range []*installation{first, second} {
		if code := list(i, other.sk); code != http.StatusOK {
			t.Fatalf("answered %d", code)
		}
	}
	d.redis.cut(true)
	hotUntil(t, func() int { return list(first, other.sk) }, func() {
		if _, err := second.manager.RevokeKey(t.Context(), byTest(), other.org.ID, other.key.ID); apierr.KindOf(err) != apierr.Unavailable {
			t.Errorf("revoked without Redis: %v", err)
		}
	})
	d.redis.cut(false)
	for deadline := time.Now().Add(3 * probeAfter); time.Now().Before(deadline); time.Sleep(probeAfter / 10) {
		for _, i := range []*installation{first, second} {
			if code := list(i, other.sk); code != http.StatusUnauthorized {
				t.Fatalf("after Redis came back: %d", code)
			}
		}
	}
	_, err := second.manager.RevokeKey(t.Context(), byTest(), other.org.ID, other.key.ID) // safe to repeat, and now a promise
	must(t, err)
}

// trips counts what is sent to Redis.
type trips struct{ atomic.Int64 }

func (*trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (n *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		n.Add(1)
		return next(ctx, cmd)
	}
}

func (n *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		n.Add(1)
		return next(ctx, cmds)
	}
}

// commands notes what is sent to MongoDB.
type commands struct {
	mu    sync.Mutex
	names []string
}

func (c *commands) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.names = append(c.names, e.CommandName)
	}}
}

func (c *commands) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.names
	c.names = nil
	return taken
}

func TestAWarmRequestIsOneRoundTripToEach(t *testing.T) {
	var toRedis trips
	var toMongo commands
	i := deploy(t).process(t, toMongo.monitor(), &toRedis)
	h := i.found("acme")
	claims := i.call(http.MethodPost, "/v1/tokens/mint?appId="+h.app.ID.String(), h.sk, `{"sub":"ann"}`)
	var minted struct{ Token string }
	i.answer(claims, http.StatusOK, &minted)
	for name, row := range map[string]struct {
		request func() int
		want    []string
	}{
		"a public submission": {func() int {
			return i.call(http.MethodPost, "/v1/feedback", h.app.PublicKey, submission).Code
		}, []string{"insert"}},
		"a private submission": {func() int {
			return i.call(http.MethodPost, "/v1/feedback", h.app.PublicKey, `{"text":"x"}`, "X-Userz-User-Token", minted.Token).Code
		}, []string{"insert"}},
		"a submission with a key": {func() int {
			return i.call(http.MethodPost, "/v1/feedback", h.app.PublicKey, `{"text":"x"}`, "Idempotency-Key", rand.Text()).Code
		}, []string{"findAndModify", "insert"}},
		"a list":          {func() int { return i.call(http.MethodGet, "/v1/feedback?limit=50", h.sk, "").Code }, []string{"find"}},
		"a refused body":  {func() int { return i.call(http.MethodPost, "/v1/feedback", h.app.PublicKey, `{}`).Code }, nil},
		"a reserved file": {func() int { return len(i.upload(h.app, "content").Key) }, []string{"insert"}},
	} {
		row.request()
		toMongo.take()
		before := toRedis.Load()
		code := row.request()
		if got := toMongo.take(); !slices.Equal(got, row.want) {
			t.Errorf("%s (%d) asked MongoDB %v, want %v", name, code, got, row.want)
		}
		if n := toRedis.Load() - before; n != 1 {
			t.Errorf("%s (%d) took %d round trips to Redis", name, code, n)
		}
	}
	if len(i.incidents) > 0 {
		t.Error(errors.New(i.incidents[0].Cause))
	}
}
