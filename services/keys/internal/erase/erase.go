// Package erase carries out erasures, a stretch at a time, and writes their receipts.
package erase

import (
	"context"
	"errors"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	// every is how often an Eraser looks for what is due.
	every = 3 * time.Second
	// lease is how long an erasure is left to whoever claimed it; each stretch takes less, and renews it.
	lease = 2 * time.Minute
	// retryAfter is how long an erasure that failed waits.
	retryAfter = 15 * time.Second
	// atOnce bounds one stretch: fifty items have at most 550 files.
	atOnce = 50
	// eventsAtOnce bounds it where there are no files.
	eventsAtOnce = 500
)

// Store is what is erased from.
type Store interface {
	erasure.Store
	enduser.Store
	vote.Store
	comment.Store
	Org(ctx context.Context, org id.ID) (tenant.Org, error)
	App(ctx context.Context, org, app id.ID) (tenant.App, error)
	ReplaceApp(ctx context.Context, org id.ID, app tenant.App) error
}

// Deps are what an Eraser works with.
type Deps struct {
	Store Store
	Blobs attachment.Blobs
	// Announce makes everything stale that was loaded of an Org.
	Announce func(ctx context.Context, org id.ID) error
	Now      func() time.Time
	// Failed hears of an erasure that could not be carried out; it is tried again.
	Failed func(error)
}

// Eraser carries out what is due. Any number of them may run at once, and each may die at any moment: whoever comes next goes
// on where it was.
type Eraser struct {
	Deps
	asked chan struct{}
}

// New makes an Eraser.
func New(deps Deps) *Eraser { return &Eraser{Deps: deps, asked: make(chan struct{}, 1)} }

// Asked says that something is due: Run need not wait until it looks again.
func (e *Eraser) Asked() {
	select {
	case e.asked <- struct{}{}:
	default:
	}
}

// Run erases until ctx is done.
func (e *Eraser) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := e.Once(ctx); err != nil && ctx.Err() == nil {
			e.Failed(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-e.asked:
		}
	}
}

// Once carries out all that is due now, or says what kept it from that.
func (e *Eraser) Once(ctx context.Context) error {
	var failed error
	for {
		now := e.now()
		claimed, err := e.Store.ClaimErasure(ctx, now, now.Add(lease))
		if err != nil {
			if apierr.KindOf(err) == apierr.NotFound {
				return failed
			}
			return errors.Join(failed, err)
		}
		failed = errors.Join(failed, e.carryOut(ctx, claimed))
	}
}

func (e *Eraser) carryOut(ctx context.Context, claimed erasure.Erasure) error {
	j := &job{Eraser: e, Erasure: claimed}
	wait, err := j.erase(ctx)
	switch {
	case errors.Is(err, errOver):
		return nil
	case err != nil:
		return errors.Join(err, j.handOver(ctx))
	case !wait.IsZero():
		j.LeaseUntil = wait
	default:
		// The receipt says what was removed, and no longer of whom.
		j.DoneAt, j.LeaseUntil, j.Subject = e.now(), time.Time{}, erasure.Subject{App: j.Subject.App}
	}
	if err := j.save(ctx); !errors.Is(err, errOver) {
		return err
	}
	return nil
}

// now is the time as stores keep it.
func (e *Eraser) now() time.Time { return e.Now().UTC().Truncate(time.Millisecond) }
