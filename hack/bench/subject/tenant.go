package subject

import (
	"context"

	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform"
)

// unreached is a rate, per minute, that no load of ours comes near.
const unreached = gate.Unlimited

// settle makes an Org without limits that matter, its two Apps, its key and its items.
func settle(ctx context.Context, p *platform.Platform, items int) (tenant.Org, Doors, error) {
	org := tenant.Org{
		ID: p.IDs.New(), Slug: "bench", Name: "Bench", Plan: tenant.DefaultPlan, Limits: map[string]tenant.Rate{}, CreatedAt: p.Now(),
	}
	for _, policy := range gate.Policies() {
		org.Limits[policy.Name] = tenant.Rate{Limit: unreached, Burst: unreached}
	}
	if err := p.Store.CreateOrg(ctx, org); err != nil {
		return org, Doors{}, err
	}
	m := p.Manager
	var apps [2]tenant.App
	for i, slug := range [...]string{"shop", "help"} {
		app, _, err := m.CreateApp(ctx, manage.Operator("make bench"), org.ID, manage.AppDraft{Slug: slug, Name: slug, PublicSubmission: true})
		if err != nil {
			return org, Doors{}, err
		}
		apps[i] = app
	}
	_, key, err := m.CreateKey(ctx, manage.Operator("make bench"), org.ID, manage.KeyDraft{Name: "bench"})
	if err != nil {
		return org, Doors{}, err
	}
	_, events, err := m.CreateKey(ctx, manage.Operator("make bench"), org.ID, manage.KeyDraft{Name: "events", Format: apikey.UserBoostLive().Name})
	if err != nil {
		return org, Doors{}, err
	}
	middle, err := fill(ctx, p.Store, p.IDs, org.ID, [2]id.ID{apps[0].ID, apps[1].ID}, items)
	return org, Doors{
		PublicKey: apps[0].PublicKey, SecretKey: key.Reveal(), EventKey: events.Reveal(), App: apps[0].ID.String(), Middle: middle.String(),
	}, err
}
