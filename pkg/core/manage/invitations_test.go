package manage_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

const eve = "eve@example.com"

func (o *office) invite(email string) (tenant.Invitation, secret.String) {
	o.Helper()
	invitation, token, err := o.Invite(o.Context(), o.shell, o.org.ID, email, access.Admin)
	o.must(err)
	return invitation, token
}

func (o *office) accept(token secret.String) (tenant.Member, error) {
	return o.Accept(o.Context(), token, " Eve ", password, "192.0.2.1")
}

func TestWhoAcceptsAnInvitationIsAMemberOnce(t *testing.T) {
	o := newOffice(t)
	invitation, token := o.invite(eve)
	if bytes.Contains(invitation.Hash[:], []byte(token.Reveal())) || invitation.ExpiresAt.Sub(invitation.CreatedAt) != 7*24*time.Hour {
		t.Errorf("%+v", invitation)
	}
	fared := race(16, func(int) error { _, err := o.accept(token); return err })
	if fared[""] != 1 || fared[""]+fared[apierr.CodeAlreadyExists]+fared[apierr.CodeNotFound] != 16 {
		t.Errorf("%v", fared)
	}
	members, err := o.store.Members(t.Context(), o.org.ID, 0, 0)
	o.must(err)
	if len(members) != 1 {
		t.Fatalf("%d members", len(members))
	}
	if m := members[0]; m.Email != eve || m.Name != "Eve" || m.Role != access.Admin || !m.EmailVerified || m.Status != tenant.Active ||
		!tenant.VerifyPassword(m.PasswordHash, password) {
		t.Errorf("%+v", m)
	}
	_, err = o.accept(token)
	o.is("again", err, apierr.CodeNotFound)
	if left, err := o.store.Invitations(t.Context(), o.org.ID); err != nil || len(left) != 0 {
		t.Errorf("%d invitations are left, %v", len(left), err)
	}
	var done int
	for _, e := range o.entries() {
		if e.Action == "invitation.accept" && e.Outcome == audit.Done && e.Actor.Credential == "invitation:"+invitation.ID.String() && e.Actor.Address == "192.0.2.1" {
			done++
		}
	}
	if done == 0 {
		t.Error("not written down")
	}
}

func TestAnInvitationIsForOnePersonAndAWeek(t *testing.T) {
	o := newOffice(t)
	o.member("ann", access.Owner)
	_, token := o.invite(eve)
	for what, email := range map[string]string{"a member": "Ann@example.com", "who is invited": "Eve@example.com"} {
		_, _, err := o.Invite(t.Context(), o.shell, o.org.ID, email, access.Member)
		o.is(what, err, apierr.CodeAlreadyExists)
	}
	_, _, err := o.Invite(t.Context(), o.shell, o.org.ID, "eve@", "boss")
	o.issue("an odd e-mail", err, "invalid_format", "email")
	o.issue("an odd role", err, "invalid_value", "role")
	_, err = o.Accept(t.Context(), token, " ", "eve@example.com", "")
	o.issue("no name", err, "required", "name")
	o.issue("a weak password", err, "too_weak", "password")
	_, err = o.accept("inv_nonsense")
	o.is("nobody's token", err, apierr.CodeNotFound)
	o.at = o.at.Add(tenant.InvitationLife)
	_, err = o.accept(token)
	o.is("too late", err, apierr.CodeNotFound)
	o.at = o.at.Add(time.Second)
	_, fresh := o.invite(eve) // in place of the expired one
	_, err = o.accept(token)
	o.is("the former one", err, apierr.CodeNotFound)
	_, err = o.accept(fresh)
	o.must(err)
}

func TestAWithdrawnInvitationIsGone(t *testing.T) {
	o := newOffice(t)
	invitation, token := o.invite(eve)
	o.is("another Org's", o.Withdraw(t.Context(), o.shell, id.ID{9}, invitation.ID), apierr.CodeNotFound)
	o.must(o.Withdraw(t.Context(), o.shell, o.org.ID, invitation.ID))
	_, err := o.accept(token)
	o.is("accepted all the same", err, apierr.CodeNotFound)
	o.is("again", o.Withdraw(t.Context(), o.shell, o.org.ID, invitation.ID), apierr.CodeNotFound)
	_, token = o.invite(eve)
	_, err = o.accept(token)
	o.must(err)
}
