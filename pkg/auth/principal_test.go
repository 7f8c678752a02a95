package auth_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// Who is written down, and how far that goes, is who was admitted.
func TestACallerIsWrittenDownAsWhoeverWasAdmitted(t *testing.T) {
	h := newHouse(t)
	h.member("owner@a.example", access.Owner)
	ann := h.member("ann@a.example", access.Admin)
	s := h.open(ann)
	anns, annsText := h.keyOf(byMember(ann), manage.KeyDraft{Scopes: []access.Right{access.KeysManage, access.FeedbackRead}})
	operators, operatorsText := h.keyOf(byTest(), manage.KeyDraft{Scopes: []access.Right{access.KeysManage}})
	from := netip.MustParseAddr("2001:db8::1")
	for name, row := range map[string]struct {
		token string
		want  manage.By
	}{
		"a member": {h.access(s), manage.By{
			Actor: audit.Actor{Kind: audit.ByMember, ID: ann.ID, Name: ann.Email, Credential: "session:" + s.ID.String(), Address: "2001:db8::1"},
			Role:  access.Admin, Rights: access.Of(access.Admin),
		}},
		"a member's key": {annsText, manage.By{
			Actor: audit.Actor{Kind: audit.ByKey, ID: anns.ID, Name: "a key", Credential: "key:" + anns.ID.String(), Address: "2001:db8::1"},
			Role:  access.Admin, Rights: anns.Scopes, OnBehalf: ann.ID,
		}},
		"an operator's key": {operatorsText, manage.By{
			Actor: audit.Actor{Kind: audit.ByKey, ID: operators.ID, Name: "a key", Credential: "key:" + operators.ID.String(), Address: "2001:db8::1"},
			Role:  access.Admin, Rights: operators.Scopes, OnBehalf: id.Zero, // which may not end the Org, so is no owner
		}},
	} {
		caller, _, err := h.Manage(t.Context(), auth.Credential{Token: row.token, Address: from}, memberDoor(), serverDoor())
		h.admitted(err)
		got := caller.By()
		if got.Actor != row.want.Actor || got.Role != row.want.Role || got.OnBehalf != row.want.OnBehalf || !slices.Equal(got.Rights, row.want.Rights) {
			t.Errorf("%s: %+v, want %+v", name, got, row.want)
		}
	}
	suspended := tenant.Suspended
	h.must(h.update(ann, manage.MemberChange{Status: &suspended})())
	caller, _, err := h.Manage(t.Context(), auth.Credential{Token: annsText, Address: from}, memberDoor(), serverDoor())
	h.admitted(err)
	if by := caller.By(); len(by.Rights) > 0 {
		t.Errorf("a suspended member's key goes as far as %v", by.Rights)
	}
}

// Every credential that admits is noted as used, and none that does not.
func TestWhatAdmitsIsNotedAsUsed(t *testing.T) {
	h := newHouse(t)
	key, text := h.key()
	app, signing := h.app(manage.AppDraft{PublicSubmission: true})
	h.admitted(h.server(text))
	h.admitted(h.widget(auth.Credential{Token: app.PublicKey, UserToken: h.token("ann", app.ID, signing)}))
	h.admitted(h.widget(auth.Credential{Token: app.PublicKey}))
	if want := []id.ID{key.ID, app.Secrets[0].ID}; !slices.Equal(h.used, want) {
		t.Errorf("noted %v, want %v", h.used, want)
	}
	h.used = nil
	door := serverDoor()
	door.Right = access.OrgDelete
	if _, _, err := h.Key(t.Context(), auth.Credential{Token: text}, door); err == nil {
		t.Error("admitted")
	}
	_, err := h.manager.RevokeKey(t.Context(), byTest(), h.org.ID, key.ID)
	h.must(err)
	if h.server(text) == nil || h.widget(auth.Credential{Token: app.PublicKey, UserToken: "a.b.c"}) == nil {
		t.Error("admitted")
	}
	if len(h.used) > 0 {
		t.Errorf("refused, and noted %v", h.used)
	}
}
