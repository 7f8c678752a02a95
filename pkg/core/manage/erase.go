package manage

import (
	"context"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/id"
)

// EraseEndUser asks for everything of an end user to be erased: what the id, the e-mail or the record names, in one App or in all.
func (m *Manager) EraseEndUser(ctx context.Context, by By, org id.ID, subject erasure.Subject) (erasure.Erasure, error) {
	subject.Email = strings.ToLower(subject.Email)
	if subject.ExternalUserID == "" && subject.Email == "" && subject.Person.IsZero() {
		return erasure.Erasure{}, required("externalUserId")
	}
	if !subject.App.IsZero() {
		if _, err := m.Store.App(ctx, org, subject.App); err != nil {
			return erasure.Erasure{}, err
		}
	}
	return m.erase(ctx, by, org, erasure.OfEndUser, subject, m.now())
}

// erase asks for a removal. One that was asked for before and is not done yet is given instead of another.
func (m *Manager) erase(ctx context.Context, by By, org id.ID, kind erasure.Kind, subject erasure.Subject, due time.Time) (erasure.Erasure, error) {
	asked := erasure.Erasure{
		ID: m.IDs.New(), Org: org, Kind: kind, Subject: subject, RequestedBy: by.Name, RequestedAt: m.now(), DueAt: due, Version: 1,
	}
	what := audit.Change{Action: string(kind) + ".erase", Target: audit.Target{Kind: "erasure", ID: asked.ID.String()}, After: map[string]any{
		"appId": spellID(subject.App), "dueAt": spell(due),
	}}
	err := m.change(ctx, org, by, what, func() error { return m.Store.CreateErasure(ctx, org, asked) })
	if err == nil || apierr.Of(err).Code != apierr.CodeAlreadyExists {
		return asked, err
	}
	pending, listed := m.Store.Erasures(ctx, org)
	for _, e := range pending {
		if e.Kind == kind && e.Subject == subject && e.DoneAt.IsZero() {
			return e, nil
		}
	}
	if listed != nil {
		return asked, listed
	}
	return asked, err
}

func spellID(i id.ID) any {
	if i.IsZero() {
		return nil
	}
	return i.String()
}
