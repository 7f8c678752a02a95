package redisstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/heard-dev/heard/pkg/store/redisstore"
)

func TestInstancesCountEachOther(t *testing.T) {
	s := redisServer(t)
	run := func(group, instance string) (g *redisstore.Gate, leave func()) {
		g = s.open(t, func(o *redisstore.Options) { o.Group, o.Instance, o.Heartbeat = group, instance, 50*time.Millisecond })
		if n := g.Replicas(); n != 1 {
			t.Fatalf("%d replicas before the first heartbeat", n)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.Run(ctx) }()
		leave = sync.OnceFunc(func() {
			stop()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		t.Cleanup(leave)
		return g, leave
	}
	one, _ := run("ingest", "a")
	two, _ := run("ingest", "b")
	_, leave := run("ingest", "c")
	other, _ := run("read", "a")
	await(t, func() bool { return one.Replicas() == 3 && two.Replicas() == 3 && other.Replicas() == 1 })
	leave()
	group := s.prefix + "instances:ingest"
	if err := s.ZScore(t.Context(), group, "c").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("one that left is still there: %v", err)
	}
	await(t, func() bool { return one.Replicas() == 2 && two.Replicas() == 2 })
	// One that died without a word is missed after three heartbeats.
	await(t, func() bool {
		s.ZAdd(t.Context(), group, redis.Z{Score: float64(time.Now().UnixMilli()), Member: "dead"})
		return one.Replicas() == 3
	})
	await(t, func() bool { return one.Replicas() == 2 })
}

func await(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come to pass")
		}
	}
}
