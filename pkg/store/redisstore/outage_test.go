package redisstore_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/memgate"
	"github.com/heard-dev/heard/pkg/store/redisstore"
	"github.com/heard-dev/heard/pkg/store/storetest"
)

const (
	timeout    = 200 * time.Millisecond
	probeAfter = 300 * time.Millisecond
)

// outage is a gate whose Redis can be cut off.
type outage struct {
	*gate.Fallback
	*testing.T
	proxy    *proxy
	attempts *attempts
	ask      gate.Ask
}

func newOutage(t *testing.T) outage {
	t.Parallel()
	s := redisServer(t)
	options, err := redis.ParseURL(s.url)
	if err != nil {
		t.Fatal(err)
	}
	o := outage{T: t, proxy: startProxy(t, options.Addr), attempts: new(attempts)}
	shared := s.open(t, func(options *redisstore.Options) {
		options.URL, options.Timeout, options.Hooks = o.proxy.url(), timeout, []redis.Hook{o.attempts}
	})
	local := memgate.New(memgate.Options{Now: time.Now, Share: shared.Replicas})
	o.Fallback = gate.NewFallback(shared, local, gate.FallbackOptions{Now: time.Now, ProbeAfter: probeAfter})
	await(t, func() bool { // on a busy machine the first connection may take longer than the timeout
		generation, err := o.Generation(t.Context(), id.Zero)
		return err == nil && generation != 0
	})
	o.ask = ask(t, o, newID())
	return o
}

// attempts is a hook that counts what is sent, and how much of it at a time.
type attempts struct{ total, now, most atomic.Int64 }

func (a *attempts) DialHook(next redis.DialHook) redis.DialHook { return next }

func (a *attempts) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "evalsha" {
			a.total.Add(1)
			now := a.now.Add(1)
			defer a.now.Add(-1)
			for most := a.most.Load(); now > most && !a.most.CompareAndSwap(most, now); {
				most = a.most.Load()
			}
		}
		return next(ctx, cmd)
	}
}

func (a *attempts) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (o outage) away(org gate.Ask) {
	o.Helper()
	if v := check(o.T, o, org); !v.Degraded || !v.Allowed() {
		o.Fatalf("while Redis is away: %+v", v)
	}
}

func (o outage) comesBack() {
	o.Helper()
	await(o.T, func() bool { return !check(o.T, o, o.ask).Degraded })
	if v := check(o.T, o, ask(o.T, o, o.ask.Org)); v.Degraded || !v.Allowed() {
		o.Fatalf("after Redis is back: %+v", v)
	}
}

func TestACutRedisIsBridgedAtOnce(t *testing.T) {
	o := newOutage(t)
	for range 3 {
		o.proxy.setCut(true)
		for range 10 {
			o.away(o.ask)
		}
		if err := o.Bump(t.Context(), o.ask.Org); apierr.KindOf(err) != apierr.Unavailable {
			t.Fatalf("a bump that nobody heard: %v", err)
		}
		o.proxy.setCut(false)
		o.comesBack()
	}
}

func TestAHungRedisDelaysOneRequestAProbe(t *testing.T) {
	o := newOutage(t)
	o.proxy.swallow.Store(true)
	began := time.Now()
	o.away(o.ask)
	if took := time.Since(began); took > 10*timeout {
		t.Fatalf("gave up after %v", took)
	}
	o.attempts.total.Store(0)
	o.attempts.most.Store(0)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for o.attempts.total.Load() < 3 {
				if v := check(t, o, o.ask); !v.Degraded {
					t.Errorf("%+v", v)
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	wg.Wait()
	if most := o.attempts.most.Load(); most != 1 {
		t.Errorf("%d requests waited for Redis at once", most)
	}
	o.proxy.swallow.Store(false)
	o.proxy.setCut(true) // what hung is lost
	o.proxy.setCut(false)
	o.comesBack()
}

func TestACallerInAHurryIsNoOutage(t *testing.T) {
	o := newOutage(t)
	o.proxy.swallow.Store(true)
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), timeout/5)
		if _, err := o.Check(ctx, o.ask); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("told %v", err)
		}
		cancel()
	}
	if o.Degraded() {
		t.Error("Redis is taken to be away")
	}
}

// A revoked key must not come back with a Redis that forgot the revocation.
func TestARedisThatLostItsLastWritesMakesEverythingStale(t *testing.T) {
	t.Parallel()
	own := startRedis(t)
	s := reach(t, own.url())
	g := s.open(t, nil)
	ask := ask(t, g, newID())
	if err := s.Save(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := g.Bump(t.Context(), ask.Org); err != nil {
		t.Fatal(err)
	}
	own.kill()
	own.start()
	kept, err := s.Get(t.Context(), s.prefix+"{"+ask.Org.String()+"}:generation").Result()
	if err != nil || kept == "" {
		t.Fatalf("nothing was lost, or everything: %q, %v", kept, err)
	}
	if v := check(t, g, ask); !v.Stale {
		t.Fatalf("the generation before the bump is current again: %+v", v)
	}
	ask.Generation, err = g.Generation(t.Context(), ask.Org)
	if err != nil {
		t.Fatal(err)
	}
	if v := check(t, g, ask); v.Stale {
		t.Fatal("a generation of the server's new life is stale")
	}
}

func TestGateOnACluster(t *testing.T) {
	t.Parallel()
	own := startRedis(t, "--cluster-enabled", "yes")
	s := reach(t, own.url())
	if err := s.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool {
		info, err := s.ClusterInfo(t.Context()).Result()
		return err == nil && strings.Contains(info, "cluster_state:ok")
	})
	s.url = "redis://" + own.address() + "?addr=" + own.address()
	storetest.Gates(t, s.underTest)
}
