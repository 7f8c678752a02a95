package signin

import (
	"context"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// Refresh gives a session's next tokens for its refresh token, which works once. One that worked before was stolen, from the
// member or by whoever used it first, so it ends the session. Of two who race with the same token one is served, and the
// other ends the session: nobody can tell which of them is the thief.
func (i *Issuer) Refresh(ctx context.Context, from From, token secret.String) (Login, error) {
	said, err := i.Keyring.ReadRefresh(token.Reveal())
	if err != nil {
		return Login{}, err
	}
	stored, err := i.live(ctx, said)
	if err != nil {
		return Login{}, err
	}
	org, member, err := i.named(ctx, from, said.Org, stored.Member)
	if err != nil {
		return Login{}, err
	}
	if said.Rotation != stored.Rotation {
		return Login{}, i.replayed(ctx, from, stored, member)
	}
	if admit(org, member) != nil {
		return Login{}, refused()
	}
	next := stored
	next.Rotation++
	next.RefreshedAt = i.now()
	next.ExpiresAt = next.RefreshedAt.Add(session.RefreshLife)
	switch err := i.Store.RotateSession(ctx, said.Org, next, said.Rotation); {
	case err == nil:
		return i.issue(org, member, next)
	case apierr.KindOf(err) != apierr.Conflict:
		return Login{}, err
	}
	if stored, err = i.live(ctx, said); err != nil {
		return Login{}, err
	}
	return Login{}, i.replayed(ctx, from, stored, member)
}

// Logout ends a session: when it returns, none of its tokens opens anything anywhere. It is safe to repeat.
func (i *Issuer) Logout(ctx context.Context, by audit.Actor, org, s id.ID) error {
	stored, err := i.Store.Session(ctx, org, s)
	if err != nil {
		return err
	}
	if !stored.EndedAt.IsZero() { // perhaps by a call that could not announce it
		return i.announce(ctx, org)
	}
	return i.end(ctx, by, stored, audit.Change{Action: "session.end", Target: target(stored, tenant.Member{})}, "logout")
}

// live finds the session of a refresh token, while it can be refreshed.
func (i *Issuer) live(ctx context.Context, said session.Refresh) (session.Session, error) {
	stored, err := i.Store.Session(ctx, said.Org, said.Session)
	if err != nil && apierr.KindOf(err) == apierr.NotFound || err == nil && !stored.Live(i.Now()) {
		err = refused()
	}
	return stored, err
}

// replayed ends a session whose refresh token came twice.
func (i *Issuer) replayed(ctx context.Context, from From, stored session.Session, member tenant.Member) error {
	by := audit.System("refresh token replay")
	by.Address = spell(from.Address)
	if err := i.end(ctx, by, stored, audit.Change{Action: "session.replay", Target: target(stored, member)}, "replay"); err != nil {
		return err
	}
	return refused()
}

func (i *Issuer) end(ctx context.Context, by audit.Actor, s session.Session, what audit.Change, reason string) error {
	err := i.Journal.Record(ctx, s.Org, by, what, func() error {
		return i.Store.EndSession(ctx, s.Org, s.ID, i.now(), reason)
	})
	if err != nil {
		return err
	}
	return i.announce(ctx, s.Org)
}
