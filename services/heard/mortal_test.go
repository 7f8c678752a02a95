package heard_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform"
	service "github.com/heard-dev/heard/services/keys"
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

func (s mortalStore) DeleteEventsOf(ctx context.Context, org id.ID, subject erasure.Subject, limit int) (int, error) {
	return live(s.life, func() (int, error) { return s.Store.DeleteEventsOf(ctx, org, subject, limit) })
}

func (s mortalStore) DeleteProfilesOf(ctx context.Context, org id.ID, subject erasure.Subject, limit int) (int, error) {
	return live(s.life, func() (int, error) { return s.Store.DeleteProfilesOf(ctx, org, subject, limit) })
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

func (s mortalStore) MergedInto(ctx context.Context, org, person id.ID, limit int) ([]enduser.Person, error) {
	return live(s.life, func() ([]enduser.Person, error) { return s.Store.MergedInto(ctx, org, person, limit) })
}

func (s mortalStore) DeletePerson(ctx context.Context, org, person id.ID) error {
	return s.do(func() error { return s.Store.DeletePerson(ctx, org, person) })
}

func (s mortalStore) WithdrawVote(ctx context.Context, org id.ID, kind vote.Kind, subject, person id.ID) (bool, error) {
	return live(s.life, func() (bool, error) { return s.Store.WithdrawVote(ctx, org, kind, subject, person) })
}

func (s mortalStore) DeleteComment(ctx context.Context, org, comment id.ID) error {
	return s.do(func() error { return s.Store.DeleteComment(ctx, org, comment) })
}

func (b mortalBlobs) Delete(ctx context.Context, key string) error {
	return b.do(func() error { return b.Blobs.Delete(ctx, key) })
}

func (g mortalGate) Bump(ctx context.Context, org id.ID) error {
	return g.do(func() error { return g.Gate.Bump(ctx, org) })
}

// mortal is an installation whose eraser lives for as long as the life says: for ever, at first.
func mortal(t *testing.T) (*installation, *life) {
	t.Helper()
	clock, eraser := newClock(), new(life)
	eraser.steps.Store(endless)
	i := serve(t, embedded(t, sqlite(t), clock.Now), clock.Now)
	deps := service.On(i.Platform, slog.New(&i.logged))
	deps.Store, deps.Blobs = mortalStore{i.Store, eraser}, mortalBlobs{i.Blobs, eraser}
	deps.Manager, deps.Gate = manage.New(i.manager.Deps), mortalGate{i.Gate, eraser}
	deps.Manager.Gate = deps.Gate
	i.clock, i.loops = clock, service.New(deps).Loops()
	return i, eraser
}

// eraseFor has the eraser live so many steps, and then another finish what it has left; true if it died.
func (i *installation) eraseFor(steps int, eraser *life, org, watch id.ID) (died bool) {
	i.t.Helper()
	eraser.steps.Store(int64(steps))
	stop := i.run()
	await(i.t, func() bool { died = eraser.over(); return died || i.newest(org).DoneAt.Equal(i.clock.Now()) })
	stop()
	eraser.steps.Store(endless)
	i.clock.Advance(settled)
	i.eraseDue(watch)
	return died
}

// Whatever call an erasure dies at, before or after it took effect, the next one finishes it, and its receipt counts nothing
// twice.
func TestAnErasureThatDiesAnywhereIsFinished(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*installation, household) error{
		"an App": func(i *installation, h household) error {
			_, err := i.manager.DeleteApp(context.Background(), byTest(), h.org.ID, h.app.ID)
			i.clock.Advance(settled)
			return err
		},
		"an Org": func(i *installation, h household) error {
			_, err := i.manager.CloseOrg(context.Background(), byTest(), h.org.ID)
			i.clock.Advance(manage.Grace)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, eraser := mortal(t)
			watch := i.found("watch")
			var receipts []erasure.Receipt
			for died := true; died; {
				h := i.found(fmt.Sprintf("acme-%d", len(receipts)))
				files := []file{i.upload(h.app, "attached"), i.upload(h.app, "shown"), i.upload(h.app, "uncited")}
				i.by(h.app, nil, files[0])
				i.stored(i.citeTarget(h.app, files[1].Key))
				i.happened(h.org.ID, h.app.ID, "u1")
				must(t, end(i, h))
				died = i.eraseFor(len(receipts), eraser, h.org.ID, watch.org.ID)
				i.holds(h.org.ID, 0)
				i.gone(h.org.ID, files...)
				i.users(h.org.ID)
				if _, err := i.Store.App(t.Context(), h.org.ID, h.app.ID); apierr.KindOf(err) != apierr.NotFound {
					t.Errorf("died at step %d: the App: %v", len(receipts), err)
				}
				receipt := i.newest(h.org.ID)
				if receipt.DoneAt.IsZero() {
					t.Errorf("died at step %d: %+v", len(receipts), receipt)
				}
				receipts = append(receipts, receipt.Receipt)
			}
			whole := receipts[len(receipts)-1]
			if len(receipts) < 20 || whole.Feedback != 2 || whole.Attachments != 3 || whole.Events != 1 || whole.Records == 0 {
				t.Errorf("undisturbed, after %d steps: %+v", len(receipts), whole)
			}
			for step, r := range receipts {
				if r.Feedback > whole.Feedback || r.Attachments > whole.Attachments || r.Events > whole.Events || r.Records > whole.Records {
					t.Errorf("died at step %d: counts %+v, of %+v", step, r, whole)
				}
			}
		})
	}
}
