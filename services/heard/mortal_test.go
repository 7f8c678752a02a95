package heard_test

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"time"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform"
)

// life is how many steps an eraser lives. Each call that it makes is two: one before the call takes effect and one after, when
// its answer is lost. Once it is over no call takes effect any more.
type life struct{ steps atomic.Int64 }

const endless = math.MaxInt32

var errKilled = errors.New("killed")

func (l *life) step() error {
	if l.steps.Add(-1) < 0 {
		return errKilled
	}
	return nil
}

func (l *life) over() bool { return l.steps.Load() < 0 }

func live[T any](l *life, call func() (T, error)) (T, error) {
	var none T
	if err := l.step(); err != nil {
		return none, err
	}
	value, err := call()
	if dead := l.step(); dead != nil {
		return none, dead
	}
	return value, err
}

func (l *life) do(call func() error) error {
	_, err := live(l, func() (struct{}, error) { return struct{}{}, call() })
	return err
}

// mortalStore, mortalBlobs and mortalGate are what an eraser calls, while it lives.
type mortalStore struct {
	platform.Store
	*life
}

type mortalBlobs struct {
	attachment.Blobs
	*life
}

type mortalGate struct {
	gate.Gate
	*life
}

func (s mortalStore) ClaimErasure(ctx context.Context, now, lease time.Time) (erasure.Erasure, error) {
	return live(s.life, func() (erasure.Erasure, error) { return s.Store.ClaimErasure(ctx, now, lease) })
}

func (s mortalStore) ReplaceErasure(ctx context.Context, org id.ID, e erasure.Erasure) error {
	return s.do(func() error { return s.Store.ReplaceErasure(ctx, org, e) })
}

func (s mortalStore) ReplaceApp(ctx context.Context, org id.ID, app tenant.App) error {
	return s.do(func() error { return s.Store.ReplaceApp(ctx, org, app) })
}

func (s mortalStore) FeedbackOf(ctx context.Context, org id.ID, subject erasure.Subject, limit int) ([]feedback.Item, error) {
	return live(s.life, func() ([]feedback.Item, error) { return s.Store.FeedbackOf(ctx, org, subject, limit) })
}

func (s mortalStore) DeleteFeedback(ctx context.Context, org id.ID, items []id.ID) error {
	return s.do(func() error { return s.Store.DeleteFeedback(ctx, org, items) })
}

func (s mortalStore) SlotsOf(ctx context.Context, org, app id.ID, limit int) ([]attachment.Slot, error) {
	return live(s.life, func() ([]attachment.Slot, error) { return s.Store.SlotsOf(ctx, org, app, limit) })
}

func (s mortalStore) DeleteSlots(ctx context.Context, org id.ID, keys []string) error {
	return s.do(func() error { return s.Store.DeleteSlots(ctx, org, keys) })
}

func (s mortalStore) DeleteApp(ctx context.Context, org, app id.ID) (int, error) {
	return live(s.life, func() (int, error) { return s.Store.DeleteApp(ctx, org, app) })
}

func (s mortalStore) DeleteOrg(ctx context.Context, org id.ID) (int, error) {
	return live(s.life, func() (int, error) { return s.Store.DeleteOrg(ctx, org) })
}

func (b mortalBlobs) Delete(ctx context.Context, key string) error {
	return b.do(func() error { return b.Blobs.Delete(ctx, key) })
}

func (g mortalGate) Bump(ctx context.Context, org id.ID) error {
	return g.do(func() error { return g.Gate.Bump(ctx, org) })
}
