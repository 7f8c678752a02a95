package subject

import (
	"context"
	"errors"

	"github.com/heard-dev/heard/hack/stack"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform"
)

// settle makes an Org without limits that matter, its two Apps, its key and its items.
func settle(ctx context.Context, p *platform.Platform, items int) (tenant.Org, Doors, error) {
	org := tenant.Org{
		ID: p.IDs.New(), Slug: "bench", Name: "Bench", Plan: tenant.DefaultPlan, CreatedAt: p.Now(),
	}
	if err := errors.Join(p.Store.CreateOrg(ctx, org), stack.Unlimit(ctx, p.Store, org.Slug)); err != nil {
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
