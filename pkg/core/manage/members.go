package manage

import (
	"context"
	"fmt"
	"net/mail"
	"unicode/utf8"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// MemberDraft is a member as it is asked for.
type MemberDraft struct {
	Email, Name string
	Role        access.Role
	Password    secret.String
	Hashed      func() (string, error) // of Password, for whoever began to hash it before; nil: hashed here
}

// AddMember makes a person a member of an Org. A taken e-mail address is apierr.Conflict; every fault of the draft is named
// at once.
func (m *Manager) AddMember(ctx context.Context, by By, org id.ID, draft MemberDraft) (tenant.Member, error) {
	member := tenant.Member{
		ID: m.IDs.New(), Org: org, Email: draft.Email, Name: draft.Name, Role: draft.Role, Status: tenant.Active,
		CreatedAt: m.now(), UpdatedAt: m.now(), Version: 1,
	}
	faults := apierr.Issues(checkEmail(draft.Email), checkMemberName(draft.Name), checkRole(draft.Role),
		m.Passwords.Check(draft.Password, draft.Email, draft.Name))
	if len(faults) > 0 {
		return tenant.Member{}, apierr.Body(faults...)
	}
	if !by.Role.Over(draft.Role) {
		return tenant.Member{}, above()
	}
	if _, err := m.Store.Org(ctx, org); err != nil {
		return tenant.Member{}, err
	}
	if err := m.freeEmail(ctx, org, draft.Email); err != nil { // before the costly hash
		return tenant.Member{}, err
	}
	if draft.Hashed == nil {
		draft.Hashed = func() (string, error) { return m.Passwords.Hash(ctx, draft.Password) }
	}
	var err error
	if member.PasswordHash, err = draft.Hashed(); err != nil {
		return tenant.Member{}, err
	}
	what := audit.Change{Action: "member.create", Target: memberTarget(member), After: memberFacts(member)}
	return member, m.change(ctx, org, by, what, func() error { return m.Store.CreateMember(ctx, org, member) })
}

// MemberChange names what becomes different; nil stays.
type MemberChange struct {
	Email, Name *string
	Role        *access.Role
	Status      *tenant.Status
}

// UpdateMember changes a member: never one above whoever asks, never to a role above theirs, never the last owner's.
func (m *Manager) UpdateMember(ctx context.Context, by By, org, member id.ID, change MemberChange) (changed tenant.Member, err error) {
	err = retried(func() error {
		stored, err := m.Store.Member(ctx, org, member)
		if err != nil {
			return err
		}
		changed = stored
		assign(&changed.Email, change.Email)
		assign(&changed.Name, change.Name)
		assign(&changed.Role, change.Role)
		assign(&changed.Status, change.Status)
		changed.UpdatedAt = m.now()
		if faults := apierr.Issues(checkEmail(changed.Email), checkMemberName(changed.Name), checkRole(changed.Role), checkStatus(changed.Status)); len(faults) > 0 {
			return apierr.Body(faults...)
		}
		if !by.Role.Over(stored.Role) || !by.Role.Over(changed.Role) {
			return above()
		}
		if changed.Email != stored.Email {
			changed.EmailVerified = false
		}
		if !owns(changed) {
			if err := m.anotherOwner(ctx, stored); err != nil {
				return err
			}
		}
		what := audit.Change{Action: "member.update", Target: memberTarget(stored)}
		what.Before, what.After = audit.Diff(memberFacts(stored), memberFacts(changed))
		return m.change(ctx, org, by, what, func() error { return m.replace(ctx, stored, changed) })
	})
	if err == nil && changed.Status != tenant.Active {
		err = m.Store.EndSessions(ctx, org, member, m.now(), "member_suspended")
	}
	return changed, err
}

// RemoveMember ends a membership: sessions, and the rights of every key the member made, are gone when this returns.
func (m *Manager) RemoveMember(ctx context.Context, by By, org, member id.ID) (removed tenant.Member, err error) {
	err = retried(func() error {
		removed, err = m.Store.Member(ctx, org, member)
		if err != nil {
			return err
		}
		if !by.Role.Over(removed.Role) {
			return above()
		}
		if err := m.anotherOwner(ctx, removed); err != nil {
			return err
		}
		what := audit.Change{Action: "member.delete", Target: memberTarget(removed), Before: memberFacts(removed)}
		return m.change(ctx, org, by, what, func() error { return m.remove(ctx, removed) })
	})
	return removed, err
}

func (m *Manager) remove(ctx context.Context, member tenant.Member) error {
	if owns(member) {
		resigned := member
		resigned.Role = access.Admin
		if err := m.replace(ctx, member, resigned); err != nil {
			return err
		}
	}
	if err := m.Store.EndSessions(ctx, member.Org, member.ID, m.now(), "member_removed"); err != nil {
		return err
	}
	return m.Store.DeleteMember(ctx, member.Org, member.ID)
}

// replace stores a changed member. Each of two owners who leave at the same moment still sees the other, so it looks again
// afterwards, and takes back what left the Org alone.
func (m *Manager) replace(ctx context.Context, former, changed tenant.Member) error {
	if err := m.Store.ReplaceMember(ctx, former.Org, changed); err != nil || !owns(former) || owns(changed) {
		return err
	}
	alone := m.anotherOwner(ctx, former)
	if alone == nil || apierr.Of(alone).Code != apierr.CodeLastOwner {
		return alone
	}
	former.Version++
	if err := m.Store.ReplaceMember(context.WithoutCancel(ctx), former.Org, former); err != nil {
		return err
	}
	return alone
}

// owns tells an active owner.
func owns(m tenant.Member) bool { return m.Role == access.Owner && m.Status == tenant.Active }

// anotherOwner refuses to lose the last active owner: nobody could make another.
func (m *Manager) anotherOwner(ctx context.Context, leaving tenant.Member) error {
	if leaving.Role != access.Owner {
		return nil
	}
	owners, err := m.Store.Owners(ctx, leaving.Org)
	if err != nil {
		return err
	}
	for _, owner := range owners {
		if owner.ID != leaving.ID && owns(owner) {
			return nil
		}
	}
	return apierr.New(apierr.Conflict, apierr.CodeLastOwner, "An Org keeps at least one active owner.")
}

func (m *Manager) freeEmail(ctx context.Context, org id.ID, email string) error {
	_, err := m.Store.MemberByEmail(ctx, org, email)
	switch {
	case err == nil:
		return apierr.New(apierr.Conflict, apierr.CodeAlreadyExists, "Email address is already in use.")
	case apierr.KindOf(err) == apierr.NotFound:
		return nil
	}
	return err
}

func above() error {
	return apierr.New(apierr.Forbidden, apierr.CodeForbidden, "Your role does not go that far.")
}

// maxEmail is the longest address, in bytes [RFC 5321].
const maxEmail = 254

func checkEmail(email string) error {
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email || len(email) > maxEmail {
		return invalid("invalid_format", "must be an e-mail address", "email")
	}
	return nil
}

// checkMemberName takes an empty name: an invited person may have none yet.
func checkMemberName(name string) error {
	if utf8.RuneCountInString(name) > maxName {
		return invalid("too_big", fmt.Sprintf("must have at most %d characters", maxName), "name")
	}
	return nil
}

func checkRole(role access.Role) error {
	if !role.Known() {
		return invalid("invalid_value", "must be owner, admin or member", "role")
	}
	return nil
}

func checkStatus(status tenant.Status) error {
	if !status.Known() {
		return invalid("invalid_value", "must be active or suspended", "status")
	}
	return nil
}

func memberTarget(m tenant.Member) audit.Target {
	return audit.Target{Kind: "member", ID: m.ID.String(), Name: m.Email}
}

func memberFacts(m tenant.Member) map[string]any {
	return map[string]any{
		"email": m.Email, "name": m.Name, "role": m.Role, "status": m.Status, "twoFactorEnabled": m.TwoFactor.Enabled(),
	}
}
