package manage_test

import (
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

func TestAccessIsResetByThoseAboveAndEndsWhatWasOpen(t *testing.T) {
	o := newOffice(t)
	ann, bob, eve := o.member("ann", access.Owner), o.member("bob", access.Admin), o.member("eve", access.Admin)
	bob.TwoFactor = &tenant.TwoFactor{Sealed: []byte("sealed"), EnabledAt: o.Now()}
	o.must(o.store.ReplaceMember(t.Context(), o.org.ID, bob))
	open := session.Session{ID: o.IDs.New(), Org: o.org.ID, Member: bob.ID, CreatedAt: o.Now(), ExpiresAt: o.Now().Add(session.RefreshLife)}
	o.must(o.store.CreateSession(t.Context(), o.org.ID, open))

	for name, by := range map[string]tenant.Member{"a peer": eve, "the member": bob} {
		_, _, err := o.ResetAccess(t.Context(), as(by), o.org.ID, bob.ID)
		o.is(name, err, apierr.CodeForbidden)
	}
	_, _, err := o.ResetAccess(t.Context(), as(ann), o.IDs.New(), bob.ID)
	o.is("another Org", err, apierr.CodeNotFound)

	reset, password, err := o.ResetAccess(t.Context(), as(ann), o.org.ID, bob.ID)
	o.must(err)
	if reset.TwoFactor.Enabled() || !tenant.VerifyPassword(reset.PasswordHash, password) {
		t.Errorf("%+v", reset)
	}
	left, err := o.store.Sessions(t.Context(), o.org.ID, bob.ID)
	if err != nil || len(left) > 0 {
		t.Errorf("%d sessions are left, %v", len(left), err)
	}
	if e := o.last(); e.Action != "member.reset_access" || e.Target.ID != bob.ID.String() {
		t.Errorf("%+v", e)
	}
}
