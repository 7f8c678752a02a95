package signin

import (
	"context"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// ChangePassword gives a member another password, for who proves the present one. All of the member's sessions end, the one
// that asks too.
func (i *Issuer) ChangePassword(ctx context.Context, by audit.Actor, org, member id.ID, current, fresh secret.String) error {
	return i.guarded(ctx, by, org, member, func(stored tenant.Member) error {
		if err := i.verify(ctx, stored, current); err != nil {
			return err
		}
		if err := i.Passwords.Check(fresh, stored.Email, stored.Name); err != nil {
			return renamed(err, "newPassword")
		}
		hash, err := i.Passwords.Hash(ctx, fresh)
		if err != nil {
			return err
		}
		_, err = i.change(ctx, by, org, member, "member.change_password", func(m *tenant.Member) error {
			if m.PasswordHash != stored.PasswordHash {
				return apierr.New(apierr.Conflict, apierr.CodeChanged, "The password was changed meanwhile.")
			}
			m.PasswordHash, m.UpdatedAt = hash, i.now()
			return nil
		})
		if err != nil {
			return err
		}
		if err := i.Store.EndSessions(ctx, org, member, i.now(), "password_changed"); err != nil {
			return err
		}
		return i.announce(ctx, org)
	})
}

// renamed is a refusal whose issues are of another field than they were found in.
func renamed(err error, field string) error {
	refusal := apierr.Of(err)
	for n := range refusal.Issues {
		refusal.Issues[n].Path = []any{field}
	}
	return refusal
}
