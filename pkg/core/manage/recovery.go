package manage

import (
	"context"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// ResetAccess gives a member who lost a password or a second factor a new password, to be passed on, and takes the second
// factor away; whoever was logged in as them is so no more. Owners do it for all, others for those below them.
func (m *Manager) ResetAccess(ctx context.Context, by By, org, member id.ID) (reset tenant.Member, password secret.String, err error) {
	password = NewPassword(m.Random)
	hash, err := m.Passwords.Hash(ctx, password)
	if err != nil {
		return tenant.Member{}, "", err
	}
	err = retried(func() error {
		stored, err := m.Store.Member(ctx, org, member)
		if err != nil {
			return err
		}
		if by.Role != access.Owner && stored.Role.Over(by.Role) {
			return above()
		}
		reset = stored
		reset.PasswordHash, reset.TwoFactor, reset.UpdatedAt = hash, nil, m.now()
		what := audit.Change{Action: "member.reset_access", Target: memberTarget(stored)}
		what.Before, what.After = audit.Diff(memberFacts(stored), memberFacts(reset))
		return m.change(ctx, org, by, what, func() error {
			if err := m.Store.ReplaceMember(ctx, org, reset); err != nil {
				return err
			}
			return m.Store.EndSessions(ctx, org, member, m.now(), "access_reset")
		})
	})
	return reset, password, err
}
