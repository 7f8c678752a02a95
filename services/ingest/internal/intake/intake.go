// Package intake takes in events as far as their Org's quota goes.
package intake

import (
	"context"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/quota"
	"github.com/heard-dev/heard/pkg/id"
)

// Intake takes in events. Met hears of whom they are, but for tests.
type Intake struct {
	Taker *event.Taker
	Meter *quota.Meter
	Met   *enduser.Recorder
}

// ample is more room than events need.
const ample = -1

// Take is event.Taker's, with the room that the month leaves the Org. An Org without a quota is not metered, and a test event
// takes no room (D19). What has none fails with the day from which there is room again.
func (i *Intake) Take(ctx context.Context, org id.ID, numbers limit.Numbers, drafts []event.Draft) ([]event.Verdict, error) {
	verdicts, err := i.take(ctx, org, numbers, drafts)
	for n, v := range verdicts {
		if who := drafts[n].User; v.Err == nil && !v.Duplicate && !drafts[n].Test {
			i.Met.Saw(org, enduser.Sighting{ExternalID: who.ID, Email: who.Email, Source: enduser.FromEvents})
		}
	}
	return verdicts, err
}

func (i *Intake) take(ctx context.Context, org id.ID, numbers limit.Numbers, drafts []event.Draft) ([]event.Verdict, error) {
	policy, metered := numbers.Policy(gate.EventsByMonth()), int64(0)
	for _, draft := range drafts {
		if !draft.Test {
			metered++
		}
	}
	if policy.Limit >= gate.Unlimited || metered == 0 {
		return i.Taker.Take(ctx, org, drafts, ample)
	}
	share, err := i.Meter.Draw(ctx, org, policy, metered)
	if err != nil {
		return nil, err
	}
	verdicts, err := i.Taker.Take(ctx, org, drafts, share.Room)
	stored, sure := int64(0), err == nil
	for n, v := range verdicts {
		sure = sure && !v.Retryable
		if v.Err == nil && !v.Duplicate && !drafts[n].Test {
			stored++
		}
		if v.Err != nil && apierr.Of(v.Err).Code == apierr.CodeQuotaExceeded {
			verdicts[n].Err = share.Spent()
		}
	}
	share.Settle(ctx, stored, sure)
	return verdicts, err
}
