package manage

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// SetPlan puts the Org on a plan.
func (m *Manager) SetPlan(ctx context.Context, by By, org id.ID, plan string) (tenant.Org, error) {
	if _, ok := m.Plans[plan]; !ok && plan != tenant.DefaultPlan {
		return tenant.Org{}, invalid("invalid_value", "must be one of "+strings.Join(m.Plans.Names(), ", "), "plan")
	}
	return m.changeOrg(ctx, by, org, "org.plan", func(o *tenant.Org) error {
		o.Plan = plan
		return nil
	})
}

// Effect is what a change of overrides makes of one policy for one Org.
type Effect struct {
	Org      tenant.Org
	From, To gate.Policy
}

// PutOverride stores an override in place of any of the same name, and gives its effects, by Org. On trial nothing changes.
// The entry in the audit log is the operator's Org's.
func (m *Manager) PutOverride(ctx context.Context, by By, operator id.ID, o limit.Override, trial bool) (limit.Override, []Effect, error) {
	o.CreatedBy, o.CreatedAt = by.Name, m.now()
	if err := o.Check(); err != nil {
		return o, nil, err
	}
	effects, err := m.override(ctx, by, operator, "override.put", o.Name, &o, trial)
	return o, effects, err
}

// DeleteOverride forgets the override, and gives the effects. On trial nothing changes.
func (m *Manager) DeleteOverride(ctx context.Context, by By, operator id.ID, name string, trial bool) ([]Effect, error) {
	return m.override(ctx, by, operator, "override.delete", name, nil, trial)
}

// override puts next in the place of the override of that name; nothing, when it is nil.
func (m *Manager) override(ctx context.Context, by By, operator id.ID, action, name string, next *limit.Override, trial bool) ([]Effect, error) {
	before, err := m.Store.Overrides(ctx)
	if err != nil {
		return nil, err
	}
	orgs, err := m.Store.Orgs(ctx)
	if err != nil {
		return nil, err
	}
	var former *limit.Override
	after := []limit.Override{}
	for i, o := range before {
		if o.Name == name {
			former = &before[i]
		} else {
			after = append(after, o)
		}
	}
	if next != nil {
		after = append(after, *next)
	}
	if next == nil && former == nil {
		return nil, apierr.Missing("override")
	}
	effects := m.effects(orgs, before, after)
	if trial {
		return effects, nil
	}
	what := audit.Change{Action: action, Target: audit.Target{Kind: "override", ID: name, Name: name}}
	what.Before, what.After = overrideFacts(former), overrideFacts(next)
	if err := m.Journal.Record(ctx, operator, by.Actor, what, func() error {
		if next == nil {
			return m.Store.DeleteOverride(ctx, name)
		}
		return m.Store.PutOverride(ctx, *next)
	}); err != nil {
		return nil, err
	}
	return effects, m.announceTo(ctx, slices.DeleteFunc(orgs, func(o tenant.Org) bool {
		return (former == nil || !former.For(o.Slug)) && (next == nil || !next.For(o.Slug))
	}))
}

// announceTo is announce for each of the Orgs, even if it fails for some.
func (m *Manager) announceTo(ctx context.Context, orgs []tenant.Org) error {
	var failed error
	for _, org := range orgs {
		failed = errors.Join(failed, m.announce(ctx, org.ID))
	}
	return failed
}

// effects lists what becomes different.
func (m *Manager) effects(orgs []tenant.Org, before, after []limit.Override) []Effect {
	effects := []Effect{}
	for _, org := range orgs {
		was, will := limit.Of(org, m.Plans, before), limit.Of(org, m.Plans, after)
		for _, p := range gate.Policies() {
			if from, to := was.Policy(p), will.Policy(p); from != to {
				effects = append(effects, Effect{Org: org, From: from, To: to})
			}
		}
	}
	return effects
}

func overrideFacts(o *limit.Override) map[string]any {
	if o == nil {
		return nil
	}
	return map[string]any{"org": o.Org, "policy": o.Policy, "limit": o.Rate.Limit, "burst": o.Rate.Burst}
}
