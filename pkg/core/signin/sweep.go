package signin

import (
	"context"
	"time"
)

// sweepEvery and sweepAtOnce pace the forgetting of expired sessions.
const (
	sweepEvery  = time.Hour
	sweepAtOnce = 1000
)

// Run forgets sessions that nobody can refresh any more, until ctx is done.
func (i *Issuer) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		i.sweep(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// sweep leaves to the next time what fails now.
func (i *Issuer) sweep(ctx context.Context) {
	for {
		n, err := i.Store.SweepSessions(ctx, i.now(), sweepAtOnce)
		if err != nil || n < sweepAtOnce {
			return
		}
	}
}
