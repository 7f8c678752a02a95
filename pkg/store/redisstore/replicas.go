package redisstore

import (
	"context"
	"errors"
	"time"
)

// silence is after how many heartbeats unheard an instance no longer counts.
const silence = 3

// Run tells the Group that this Instance lives and learns who else does, until the context ends. While Redis is away the
// last count stands.
func (g *Gate) Run(ctx context.Context) error {
	if g.options.Group == "" || g.options.Instance == "" {
		return errors.New("redisstore: a heartbeat needs a group and an instance")
	}
	beat := time.NewTicker(g.options.Heartbeat)
	defer beat.Stop()
	for {
		g.beat(ctx)
		select {
		case <-ctx.Done():
			g.leave(context.WithoutCancel(ctx))
			return nil
		case <-beat.C:
		}
	}
}

// Replicas is how many instances of the Group live, this one included; at least 1.
func (g *Gate) Replicas() int { return int(max(1, g.replicas.Load())) }

func (g *Gate) beat(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, g.options.Timeout)
	defer cancel()
	alive := (silence * g.options.Heartbeat).Milliseconds()
	if n, err := g.heartbeat.Run(ctx, g.client, []string{g.groupKey()}, g.options.Instance, alive).Int64(); err == nil {
		g.replicas.Store(n)
	}
}

// leave spares the others the wait until they notice the silence; if it fails, they wait.
func (g *Gate) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, g.options.Timeout)
	defer cancel()
	_ = g.client.ZRem(ctx, g.groupKey(), g.options.Instance).Err()
}

func (g *Gate) groupKey() string { return g.options.Prefix + "instances:" + g.options.Group }
