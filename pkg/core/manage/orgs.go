package manage

import (
	"context"
	"net/url"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// Grace is how long an Org that was given up can be taken back, before everything of it is erased.
const Grace = 14 * 24 * time.Hour

// OrgDraft is an Org as it is asked for.
type OrgDraft struct {
	Slug, Name string
	Operator   bool
}

// CreateOrg makes a tenant. A taken slug is apierr.Conflict.
func (m *Manager) CreateOrg(ctx context.Context, by By, draft OrgDraft) (tenant.Org, error) {
	if err := tenant.CheckSlug(draft.Slug); err != nil {
		return tenant.Org{}, err
	}
	if err := checkName(draft.Name); err != nil {
		return tenant.Org{}, err
	}
	org := tenant.Org{
		ID: m.IDs.New(), Slug: draft.Slug, Name: draft.Name, Plan: tenant.DefaultPlan, LeakPolicy: tenant.NotifyLeaks,
		Operator: draft.Operator, CreatedAt: m.now(), Version: 1,
	}
	what := audit.Change{Action: "org.create", Target: orgTarget(org), After: orgFacts(org)}
	return org, m.change(ctx, org.ID, by, what, func() error { return m.Store.CreateOrg(ctx, org) })
}

// OrgChange names what becomes different; nil stays.
type OrgChange struct {
	Name, AppURL *string
	LeakPolicy   *tenant.LeakPolicy
}

// UpdateOrg changes the Org's own description.
func (m *Manager) UpdateOrg(ctx context.Context, by By, org id.ID, change OrgChange) (tenant.Org, error) {
	return m.changeOrg(ctx, by, org, "org.update", func(o *tenant.Org) error {
		change.apply(o)
		return checkOrg(*o)
	})
}

// Check names every fault of the change at once.
func (c OrgChange) Check() error {
	org := tenant.Org{Name: "Org", LeakPolicy: tenant.NotifyLeaks}
	c.apply(&org)
	return checkOrg(org)
}

func (c OrgChange) apply(o *tenant.Org) {
	assign(&o.Name, c.Name)
	assign(&o.AppURL, c.AppURL)
	assign(&o.LeakPolicy, c.LeakPolicy)
}

// checkOrg names every fault of an Org's description at once.
func checkOrg(o tenant.Org) error {
	faults := apierr.Issues(checkName(o.Name))
	if o.AppURL != "" && !isWebURL(o.AppURL) {
		faults = append(faults, apierr.Issue{Path: []any{"appUrl"}, Code: "invalid_format", Message: "must be an http or https URL"})
	}
	if !o.LeakPolicy.Known() {
		faults = append(faults, apierr.Issue{Path: []any{"leakPolicy"}, Code: "invalid_value", Message: "must be notify or revoke"})
	}
	if len(faults) > 0 {
		return apierr.Body(faults...)
	}
	return nil
}

// CloseOrg gives the Org up: its keys and tokens are dead when this returns, and after Grace everything of it is erased.
// Closing it again changes nothing.
func (m *Manager) CloseOrg(ctx context.Context, by By, org id.ID) (tenant.Org, error) {
	closed, err := m.changeOrg(ctx, by, org, "org.close", func(o *tenant.Org) error {
		if o.Open() {
			o.ClosesAt = m.now().Add(Grace)
		}
		return nil
	})
	if err != nil {
		return closed, err
	}
	// Only now, so that nothing erases an Org that is still open because the call broke off.
	_, err = m.erase(ctx, by, org, erasure.OfOrg, erasure.Subject{}, closed.ClosesAt)
	return closed, err
}

// ReopenOrg takes back CloseOrg within its grace.
func (m *Manager) ReopenOrg(ctx context.Context, by By, org id.ID) (tenant.Org, error) {
	stored, err := m.Store.Org(ctx, org)
	if err != nil {
		return tenant.Org{}, err
	}
	if !stored.Open() && !m.now().Before(stored.ClosesAt) {
		return tenant.Org{}, apierr.New(apierr.Conflict, apierr.CodeChanged, "The Org is being erased already.")
	}
	pending, err := m.Store.Erasures(ctx, org)
	for _, e := range pending {
		if err == nil && e.Kind == erasure.OfOrg && e.DoneAt.IsZero() {
			err = m.Store.DropErasure(ctx, org, e.ID)
		}
	}
	if err != nil {
		return tenant.Org{}, err
	}
	return m.changeOrg(ctx, by, org, "org.reopen", func(o *tenant.Org) error {
		o.ClosesAt = time.Time{}
		return nil
	})
}

func (m *Manager) changeOrg(ctx context.Context, by By, org id.ID, action string, edit func(*tenant.Org) error) (changed tenant.Org, err error) {
	err = retried(func() error {
		stored, err := m.Store.Org(ctx, org)
		if err != nil {
			return err
		}
		changed = stored
		if err := edit(&changed); err != nil {
			return err
		}
		what := audit.Change{Action: action, Target: orgTarget(stored)}
		what.Before, what.After = audit.Diff(orgFacts(stored), orgFacts(changed))
		return m.change(ctx, org, by, what, func() error { return m.Store.ReplaceOrg(ctx, changed) })
	})
	return changed, err
}

func orgTarget(o tenant.Org) audit.Target {
	return audit.Target{Kind: "org", ID: o.ID.String(), Name: o.Slug}
}

func orgFacts(o tenant.Org) map[string]any {
	return map[string]any{
		"slug": o.Slug, "name": o.Name, "appUrl": o.AppURL, "plan": o.Plan, "leakPolicy": o.LeakPolicy, "operator": o.Operator,
		"closesAt": spell(o.ClosesAt),
	}
}

// spell writes a time for the audit log; nil when there is none.
func spell(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// assign sets what is to be changed.
func assign[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}

func isWebURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && len(text) <= 2048
}
