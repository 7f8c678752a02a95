// Package quota is how much an Org may still bring in this month.
package quota

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/id"
)

// Counter counts exactly what an Org brought in.
type Counter interface {
	CountEvents(ctx context.Context, org id.ID, since time.Time) (int64, error)
}

// Meter draws from monthly quotas. What is drawn before it is stored is never more than the quota, however many draw at once;
// what was not stored after all is given back.
//
// The gate may lose its memory, the store does not. So each draw names as its floor what the store counted under the Org's
// present generation, which a gate that lost its memory has not. Short of the store's count falls only what was under way
// when the memory was lost, and that for floorLife at most. Beyond it goes what was under way in a process that died.
type Meter struct {
	gate    gate.Gate
	counter Counter
	now     func() time.Time
	floors  floors
	counts  singleflight.Group
}

// NewMeter makes a Meter.
func NewMeter(g gate.Gate, counter Counter, now func() time.Time) *Meter {
	return &Meter{gate: g, counter: counter, now: now, floors: floors{known: map[id.ID]floor{}}}
}

// tries bounds the repeats of a draw while the Org's generation, or what is left, keeps changing under it.
const tries = 8

var errRestless = errors.New("quota: what is left keeps changing")

// Share is what was drawn for one caller: Room, until it is settled.
type Share struct {
	Room   int64
	meter  *Meter
	org    id.ID
	policy gate.Policy
	at     time.Time
}

// Draw takes n of what the policy leaves the Org this month, or as much as is left.
func (m *Meter) Draw(ctx context.Context, org id.ID, policy gate.Policy, n int64) (Share, error) {
	share := Share{Room: n, meter: m, org: org, policy: policy, at: m.now()}
	for range tries {
		if share.Room == 0 {
			return share, nil
		}
		met, err := m.check(ctx, org, policy, share.Room, share.at)
		if err != nil || met.Allowed {
			return share, err
		}
		share.Room = min(share.Room, met.Remaining)
	}
	return Share{}, apierr.Away(errRestless)
}

// Look tells what is left without drawing.
func (m *Meter) Look(ctx context.Context, org id.ID, policy gate.Policy) (gate.Decision, error) {
	return m.check(ctx, org, policy, 0, m.now())
}

// Settle gives back what was not used. When it is not sure that the rest was not stored, the store is asked before the next
// draw.
func (s Share) Settle(ctx context.Context, used int64, sure bool) {
	if unused := s.Room - used; unused > 0 {
		// Should it fail, less is left than could be: no reason to turn anybody away who was served.
		_, _ = s.meter.check(context.WithoutCancel(ctx), s.org, s.policy, -unused, s.at)
	}
	if !sure {
		s.meter.floors.forget(s.org)
	}
}

// Spent refuses what has no room: it names the day from which there is room again (D25).
func (s Share) Spent() error {
	ends := gate.Month(s.at).AddDate(0, 1, 0)
	refusal := apierr.New(apierr.Limited, apierr.CodeQuotaExceeded, "This month's events are used up until "+ends.Format(time.DateOnly)+".")
	refusal.RetryAfter = ends.Sub(s.at)
	refusal.Details = map[string]any{"policy": s.policy.Name, "limit": s.policy.Limit, "resets_at": ends.Format(time.RFC3339)}
	return refusal
}

// check makes one draw from the month that it was at that time.
func (m *Meter) check(ctx context.Context, org id.ID, policy gate.Policy, cost int64, at time.Time) (gate.Decision, error) {
	for range tries {
		f, err := m.floor(ctx, org, at)
		if err != nil {
			return gate.Decision{}, err
		}
		draws := []gate.Draw{gate.Monthly(policy, cost, f.count, at)}
		verdict, err := m.gate.Check(ctx, gate.Ask{Org: org, Generation: f.generation, Draws: draws})
		if err != nil {
			return gate.Decision{}, apierr.Away(err)
		}
		former := verdict.Degraded && f.generation != 0 // the count is older than the absence of the shared gate
		if verdict.Stale || former {
			m.floors.forget(org)
		}
		if !verdict.Stale && (!former || verdict.Allowed()) {
			return verdict.Decisions[0], nil
		}
	}
	return gate.Decision{}, apierr.Away(errRestless)
}

// floor is what is known to have been brought in, as the store says it. First the generation, then the count that it shall
// vouch for.
func (m *Meter) floor(ctx context.Context, org id.ID, at time.Time) (floor, error) {
	month, now := gate.Month(at), m.now()
	if f, ok := m.floors.find(org, month, now); ok {
		return f, nil
	}
	counted, err, _ := m.counts.Do(org.String()+month.String(), func() (any, error) {
		ctx := context.WithoutCancel(ctx) // others wait for it
		generation, err := m.gate.Generation(ctx, org)
		if err != nil {
			return floor{}, apierr.Away(err)
		}
		count, err := m.counter.CountEvents(ctx, org, month)
		f := floor{month: month, at: now, generation: generation, count: count}
		if err == nil {
			m.floors.keep(org, f)
		}
		return f, err
	})
	return counted.(floor), err
}
