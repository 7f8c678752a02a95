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

// Leave is Logout for whoever may hold no live token any more: it ends the session that the access token names, or else the
// refresh token. Where neither names one there is nothing to end, which is no error. A session of another Org than From says
// stays, and is apierr.Forbidden.
func (i *Issuer) Leave(ctx context.Context, from From, access, refresh secret.String) error {
	org, s, ok := i.holder(access, refresh)
	if !ok {
		return nil
	}
	owned, errOrg := i.Store.Org(ctx, org)
	stored, errSession := i.Store.Session(ctx, org, s)
	for _, err := range []error{errOrg, errSession} {
		switch {
		case err == nil:
		case apierr.KindOf(err) == apierr.NotFound:
			return nil
		default:
			return err
		}
	}
	if owned.Slug != from.Org {
		return apierr.New(apierr.Forbidden, apierr.CodeForbidden, "This session is another organisation's.")
	}
	by, err := i.leaver(ctx, from, stored)
	if err != nil {
		return err
	}
	return i.Logout(ctx, by, org, s)
}

// holder tells of which session the tokens are.
func (i *Issuer) holder(access, refresh secret.String) (org, s id.ID, ok bool) {
	if claims, err := i.Keyring.VerifyAccess(access.Reveal(), i.Now()); err == nil {
		return claims.Org, claims.Session, true
	}
	said, err := i.Keyring.ReadRefresh(refresh.Reveal())
	return said.Org, said.Session, err == nil
}

// leaver is whose session it is; a member who is gone has no name any more.
func (i *Issuer) leaver(ctx context.Context, from From, s session.Session) (audit.Actor, error) {
	member, err := i.Store.Member(ctx, s.Org, s.Member)
	if err != nil && apierr.KindOf(err) != apierr.NotFound {
		return audit.Actor{}, err
	}
	return actor(s, tenant.Member{ID: s.Member, Email: member.Email}, from), nil
}
