package networked

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/run"
)

const (
	// patience is how long a process that starts waits for a store that is away. Were it to end at once, whoever starts it
	// again would wait longer each time, and it would miss the store's return by minutes.
	patience = time.Minute
	// again is how long it waits between two attempts, each of which takes seconds of its own.
	again = time.Second
)

// patiently opens a store, and tries again while it is away.
func patiently[S any](ctx context.Context, env *run.Env, open func() (S, error)) (S, error) {
	for end := time.Now().Add(patience); ; {
		store, err := open()
		if err == nil || apierr.KindOf(err) != apierr.Unavailable || time.Now().After(end) {
			return store, err
		}
		env.Telemetry.Logger.WarnContext(ctx, "a store is away; this process waits for it before it starts", "cause", err)
		select {
		case <-ctx.Done():
			return store, ctx.Err()
		case <-time.After(again):
		}
	}
}
