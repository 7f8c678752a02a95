package quota_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/quota"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/memgate"
)

// installation is a store that counts, a gate that forgets and can be cut off, and a clock.
type installation struct {
	*testing.T
	stored atomic.Int64
	counts atomic.Int64
	at     atomic.Pointer[time.Time]
	shared atomic.Pointer[memgate.Gate]
	cut    atomic.Bool
}

func newInstallation(t *testing.T) *installation {
	i := &installation{T: t}
	i.moveTo(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	i.forget()
	return i
}

func (i *installation) now() time.Time     { return *i.at.Load() }
func (i *installation) moveTo(t time.Time) { i.at.Store(&t) }
func (i *installation) forget()            { i.shared.Store(memgate.New(memgate.Options{Now: i.now})) }

func (i *installation) CountEvents(_ context.Context, _ id.ID, since time.Time) (int64, error) {
	if !since.Equal(gate.Month(i.now())) {
		i.Errorf("counts from %v", since)
	}
	i.counts.Add(1)
	return i.stored.Load(), nil
}

var errCut = errors.New("cut off")

func (i *installation) Check(ctx context.Context, ask gate.Ask) (gate.Verdict, error) {
	if i.cut.Load() {
		return gate.Verdict{}, errCut
	}
	return i.shared.Load().Check(ctx, ask)
}

func (i *installation) Generation(ctx context.Context, org id.ID) (gate.Generation, error) {
	if i.cut.Load() {
		return 0, errCut
	}
	return i.shared.Load().Generation(ctx, org)
}

func (i *installation) Bump(ctx context.Context, org id.ID) error {
	return i.shared.Load().Bump(ctx, org)
}

const replicas = 4

// meters are those of as many processes.
func (i *installation) meters() (all [replicas]*quota.Meter) {
	for n := range all {
		local := memgate.New(memgate.Options{Now: i.now, Share: func() int { return replicas }})
		all[n] = quota.NewMeter(gate.NewFallback(i, local, gate.FallbackOptions{Now: i.now}), i, i.now)
	}
	return all
}

var org = id.ID{1}

func monthly(limit int64) gate.Policy {
	policy := gate.EventsByMonth()
	policy.Limit = limit
	return policy
}

// bring draws n, stores what there is room for but for the last lost, and tells how much was stored.
func (i *installation) bring(m *quota.Meter, limit, n, lost int64) int64 {
	i.Helper()
	share, err := m.Draw(i.Context(), org, monthly(limit), n)
	if err != nil {
		i.Fatal(err)
	}
	stored := max(0, share.Room-lost)
	i.stored.Add(stored)
	share.Settle(i.Context(), stored, true)
	return stored
}

func (i *installation) left(m *quota.Meter, limit int64) int64 {
	i.Helper()
	met, err := m.Look(i.Context(), org, monthly(limit))
	if err != nil {
		i.Fatal(err)
	}
	return met.Remaining
}

func TestAQuotaIsGivenExactlyWhoeverDraws(t *testing.T) {
	i := newInstallation(t)
	const limit = 1000
	var all sync.WaitGroup
	for n, m := range i.meters() {
		for worker := range int64(4) {
			all.Go(func() {
				for round := range int64(50) {
					i.bring(m, limit, 1+(round+worker)%9, round%3)
					if round == 25 && n == 0 {
						if err := i.Bump(t.Context(), org); err != nil {
							t.Error(err)
						}
					}
					if stored := i.stored.Load(); stored > limit {
						t.Errorf("%d stored of %d", stored, limit)
					}
				}
			})
		}
	}
	all.Wait()
	m := i.meters()[0]
	i.bring(m, limit, 9, 0)
	if stored := i.stored.Load(); stored != limit || i.left(m, limit) != 0 {
		t.Errorf("%d stored of %d, and %d left", stored, limit, i.left(m, limit))
	}
}

func TestALostMemoryIsMadeGoodFromTheStore(t *testing.T) {
	i := newInstallation(t)
	meters := i.meters()
	i.stored.Store(40) // before anybody was there
	if got := i.bring(meters[0], 100, 20, 5); got != 15 || i.left(meters[1], 100) != 45 {
		t.Errorf("%d stored, %d left", got, i.left(meters[1], 100))
	}
	counts := i.counts.Load()
	i.bring(meters[0], 100, 5, 0)
	if i.counts.Load() != counts {
		t.Error("the store counted without need")
	}
	i.moveTo(i.now().Add(time.Millisecond))
	i.forget()
	for n, m := range meters {
		if left := i.left(m, 100); left != 40 {
			t.Errorf("%d: %d left", n, left)
		}
	}
	if got := i.bring(meters[2], 100, 50, 0); got != 40 || i.left(meters[3], 100) != 0 {
		t.Errorf("%d stored", got)
	}
	if left := i.left(meters[0], 50); left != 0 {
		t.Errorf("of a smaller quota %d are left", left)
	}
	i.moveTo(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	i.stored.Store(0)
	if left := i.left(meters[0], 100); left != 100 {
		t.Errorf("in the next month %d are left", left)
	}
}

func TestWhatMayBeStoredIsCountedBeforeTheNextDraw(t *testing.T) {
	i := newInstallation(t)
	m := i.meters()[0]
	share, err := m.Draw(t.Context(), org, monthly(100), 30)
	if err != nil {
		t.Fatal(err)
	}
	i.stored.Store(10) // and nobody was told
	share.Settle(t.Context(), 0, false)
	if left := i.left(m, 100); left != 90 {
		t.Errorf("%d left", left)
	}
}

// Each of the replicas stores its share of what is left, as the store has it, again and again.
func TestWithoutTheSharedGateTheQuotaHolds(t *testing.T) {
	i := newInstallation(t)
	meters := i.meters()
	for _, m := range meters {
		i.bring(m, 1000, 100, 0)
	}
	i.cut.Store(true)
	for range 40 {
		for _, m := range meters {
			i.bring(m, 1000, 50, 0)
		}
		i.moveTo(i.now().Add(500 * time.Millisecond))
	}
	if stored := i.stored.Load(); stored < 990 || stored > 1000+replicas {
		t.Errorf("%d stored of 1000", stored)
	}
	i.cut.Store(false)
	i.moveTo(i.now().Add(2 * time.Second))
	for _, m := range meters {
		i.bring(m, 1000, 50, 0)
	}
	if stored := i.stored.Load(); stored < 1000 || stored > 1000+replicas {
		t.Errorf("%d stored of 1000 when it is back", stored)
	}
}

func TestWhoIsRefusedHearsTheDay(t *testing.T) {
	i := newInstallation(t)
	share, err := i.meters()[0].Draw(t.Context(), org, monthly(0), 3)
	if err != nil || share.Room != 0 {
		t.Fatalf("%+v, %v", share, err)
	}
	refusal := apierr.Of(share.Spent())
	if refusal.Code != apierr.CodeQuotaExceeded || refusal.Kind != apierr.Limited || refusal.RetryAfter != 252*time.Hour ||
		refusal.Message != "This month's events are used up until 2026-12-01." || refusal.Details["resets_at"] != "2026-12-01T00:00:00Z" {
		t.Errorf("%+v", refusal)
	}
}
