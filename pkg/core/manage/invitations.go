package manage

import (
	"context"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// Invite asks a person to become a member. The token is shown once, to be passed on. Who is a member already, or invited, is
// apierr.Conflict.
func (m *Manager) Invite(ctx context.Context, by By, org id.ID, email string, role access.Role) (tenant.Invitation, secret.String, error) {
	if faults := apierr.Issues(checkEmail(email), checkRole(role)); len(faults) > 0 {
		return tenant.Invitation{}, "", apierr.Body(faults...)
	}
	if !by.Role.Over(role) {
		return tenant.Invitation{}, "", above()
	}
	if err := m.freeEmail(ctx, org, email); err != nil {
		return tenant.Invitation{}, "", err
	}
	token := apikey.NewInvitation(m.Random)
	invitation := tenant.Invitation{
		ID: m.IDs.New(), Org: org, Email: email, Role: role, Hash: m.Hasher.Hash(token.Reveal()), InvitedBy: by.Name,
		CreatedAt: m.now(), ExpiresAt: m.now().Add(tenant.InvitationLife),
	}
	what := audit.Change{Action: "invitation.create", Target: invitationTarget(invitation), After: map[string]any{
		"email": email, "role": role, "expiresAt": spell(invitation.ExpiresAt),
	}}
	return invitation, token, m.change(ctx, org, by, what, func() error { return m.Store.CreateInvitation(ctx, org, invitation) })
}

// Withdraw takes an invitation back.
func (m *Manager) Withdraw(ctx context.Context, by By, org, invitation id.ID) error {
	stored, err := m.Store.Invitation(ctx, org, invitation)
	if err != nil {
		return err
	}
	what := audit.Change{Action: "invitation.delete", Target: invitationTarget(stored)}
	return m.change(ctx, org, by, what, func() error { return m.Store.DeleteInvitation(ctx, org, invitation) })
}

// Accept makes whoever holds an invitation's token a member; the address counts as verified, because the token reached it.
// A token that is unknown, used, withdrawn or expired is apierr.NotFound.
func (m *Manager) Accept(ctx context.Context, token secret.String, name string, password secret.String, address string) (tenant.Member, error) {
	invitation, err := m.Store.InvitationByHash(ctx, m.Hasher.Hash(token.Reveal()))
	if err != nil {
		return tenant.Member{}, err
	}
	if !m.now().Before(invitation.ExpiresAt) {
		return tenant.Member{}, apierr.Missing("invitation")
	}
	if faults := apierr.Issues(checkName(name), m.Passwords.Check(password, invitation.Email, name)); len(faults) > 0 {
		return tenant.Member{}, apierr.Body(faults...)
	}
	hash, err := m.Passwords.Hash(ctx, password)
	if err != nil {
		return tenant.Member{}, err
	}
	member := tenant.Member{
		ID: m.IDs.New(), Org: invitation.Org, Email: invitation.Email, Name: strings.TrimSpace(name), Role: invitation.Role,
		Status: tenant.Active, EmailVerified: true, PasswordHash: hash, CreatedAt: m.now(), UpdatedAt: m.now(), Version: 1,
	}
	by := By{Actor: audit.Actor{
		Kind: audit.ByMember, ID: member.ID, Name: member.Email, Credential: "invitation:" + invitation.ID.String(), Address: address,
	}}
	what := audit.Change{Action: "invitation.accept", Target: memberTarget(member), After: memberFacts(member)}
	return member, m.change(ctx, member.Org, by, what, func() error {
		if err := m.Store.CreateMember(ctx, member.Org, member); err != nil {
			return err
		}
		return m.Store.DeleteInvitation(ctx, member.Org, invitation.ID)
	})
}

func invitationTarget(i tenant.Invitation) audit.Target {
	return audit.Target{Kind: "invitation", ID: i.ID.String(), Name: i.Email}
}
