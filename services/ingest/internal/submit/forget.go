package submit

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/core/idempotency"
)

const (
	// forgetEvery and forgetAtOnce pace the forgetting of old claims; an old claim that is still there does no harm.
	forgetEvery  = 10 * time.Minute
	forgetAtOnce = 1000
)

// ForgetClaims removes expired claims until ctx is done. What fails now is removed the next time.
func (s *Submitter) ForgetClaims(ctx context.Context) error {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		s.forget(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *Submitter) forget(ctx context.Context) {
	for {
		n, err := s.Store.SweepClaims(ctx, s.Now().Add(-idempotency.Kept), forgetAtOnce)
		if err != nil || n < forgetAtOnce {
			return
		}
	}
}
