package auth_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// member makes one without the cost of a password.
func (h *house) member(email string, role access.Role) tenant.Member {
	h.Helper()
	m := tenant.Member{
		ID: h.manager.IDs.New(), Org: h.org.ID, Email: email, Role: role, Status: tenant.Active,
		CreatedAt: h.clock.Now(), UpdatedAt: h.clock.Now(), Version: 1,
	}
	h.must(h.directory.CreateMember(h.Context(), h.org.ID, m))
	return m
}

// byMember is a member who changes things.
func byMember(m tenant.Member) manage.By {
	return manage.By{Actor: audit.Actor{Kind: audit.ByMember, ID: m.ID, Name: m.Email}, Role: m.Role, Rights: access.Of(m.Role)}
}

// rights are what a key may do at a process's door that asks for none in particular.
func (h *house) rights(door *auth.Authenticator, token string) []access.Right {
	h.Helper()
	caller, _, err := door.Key(h.Context(), auth.Credential{Token: token}, serverDoor())
	h.must(err)
	return caller.Rights
}

// A key may do what its scopes say as far as the present role of the member who made it goes, everywhere and at once.
func TestAKeyShrinksWithWhoMadeIt(t *testing.T) {
	h := newHouse(t)
	elsewhere := h.replica()
	h.member("owner@a.example", access.Owner)
	ann := h.member("ann@a.example", access.Admin)
	scopes := []access.Right{access.FeedbackRead, access.TokensMint}
	_, text := h.keyOf(byMember(ann), manage.KeyDraft{Scopes: scopes})
	_, operators := h.keyOf(byTest(), manage.KeyDraft{Scopes: scopes})
	door := serverDoor()
	door.Right = access.TokensMint

	demoted, admin := access.Member, access.Admin
	suspended, active := tenant.Suspended, tenant.Active
	for _, step := range []struct {
		name   string
		change func() error
		want   []access.Right
	}{
		{"as it was made", func() error { return nil }, scopes},
		{"demoted", h.update(ann, manage.MemberChange{Role: &demoted}), []access.Right{access.FeedbackRead}},
		{"promoted", h.update(ann, manage.MemberChange{Role: &admin}), scopes},
		{"suspended", h.update(ann, manage.MemberChange{Status: &suspended}), nil},
		{"taken back", h.update(ann, manage.MemberChange{Status: &active}), scopes},
		{"removed", func() error {
			_, err := h.manager.RemoveMember(t.Context(), byTest(), h.org.ID, ann.ID)
			return err
		}, nil},
	} {
		h.must(step.change())
		if got := h.rights(elsewhere, text); !slices.Equal(got, step.want) {
			t.Errorf("%s: %v", step.name, got)
		}
		ask := func() (auth.Principal, gate.Verdict, error) {
			return elsewhere.Key(t.Context(), auth.Credential{Token: text}, door)
		}
		_, _, err := ask()
		if may := slices.Contains(step.want, access.TokensMint); may != (err == nil) || !may && apierr.Of(err).Code != apierr.CodeForbidden {
			t.Errorf("%s: asked for a right: %v", step.name, err)
		}
		if err != nil {
			h.free(ask)
		}
		if got := h.rights(elsewhere, operators); !slices.Equal(got, scopes) {
			t.Errorf("%s: the operator's key: %v", step.name, got)
		}
	}
}

func (h *house) update(m tenant.Member, change manage.MemberChange) func() error {
	return func() error {
		_, err := h.manager.UpdateMember(h.Context(), byTest(), h.org.ID, m.ID, change)
		return err
	}
}

// Whatever opens nothing is refused alike, so that nobody learns which keys there ever were.
func TestKeysThatOpenNothingAreRefusedAlike(t *testing.T) {
	h := newHouse(t)
	now := h.clock.Now()
	revoked, text := h.key()
	_, err := h.manager.RevokeKey(t.Context(), byTest(), h.org.ID, revoked.ID)
	h.must(err)
	_, unknown := apikey.Secret().Draw(h.manager.Random, h.Hasher, apikey.Key{})
	_, early := h.keyOf(byTest(), manage.KeyDraft{NotBefore: now.Add(time.Hour)})
	expired := h.keyUntil(now.Add(time.Minute))
	_, typo := h.key()
	h.clock.Advance(time.Minute)
	want := h.server(unknown.Reveal())
	h.refused(want, apierr.CodeInvalidKey)
	for name, token := range map[string]string{
		"revoked": text, "not valid yet": early, "expired": expired, "mistyped": typo[:len(typo)-1] + string(typo[len(typo)-1]^1),
	} {
		for range 2 { // from the store, and from the cache
			if err := h.server(token); err == nil || err.Error() != want.Error() {
				t.Errorf("%s: %v, not %v", name, err, want)
			}
		}
	}
	h.clock.Advance(time.Hour - time.Minute - 1)
	h.refused(h.server(early), apierr.CodeInvalidKey)
	h.clock.Advance(1)
	h.admitted(h.server(early))
}

// How long a refusal takes depends on what is asked for it: of a key that ended, no more than of one that never was. Whose it
// was is known nevertheless.
func TestAKeyThatEndedIsLookedUpLikeOneThatNeverWas(t *testing.T) {
	h := newHouse(t)
	ended, revoked := h.key()
	_, err := h.manager.RevokeKey(t.Context(), byTest(), h.org.ID, ended.ID)
	h.must(err)
	used, cached := h.key()
	h.admitted(h.server(cached))
	_, err = h.manager.RevokeKey(t.Context(), byTest(), h.org.ID, used.ID)
	h.must(err)
	h.refused(h.server(cached), apierr.CodeInvalidKey)
	h.clock.Advance(time.Minute) // both are forgotten
	_, unknown := apikey.Secret().Draw(h.manager.Random, h.Hasher, apikey.Key{})
	for name, token := range map[string]string{"unknown": unknown.Reveal(), "revoked": revoked, "revoked while it was known": cached} {
		for _, want := range []int64{1, 0} {
			checks := h.shared.checks.Load()
			reads := h.reads(func() {
				caller, _, err := h.Key(t.Context(), auth.Credential{Token: token}, serverDoor())
				h.refused(err, apierr.CodeInvalidKey)
				if (caller.Org.ID == h.org.ID && caller.Key != nil) != (name != "unknown") || len(caller.Rights) > 0 {
					t.Errorf("%s: %+v", name, caller)
				}
			})
			if asked := h.shared.checks.Load() - checks; reads != want || asked != 0 {
				t.Errorf("%s: %d reads, not %d, and the gate is asked %d times", name, reads, want, asked)
			}
		}
	}
}

func TestAKeyIsUsedFromItsNetworksAlone(t *testing.T) {
	h := newHouse(t)
	key, text := h.keyOf(byTest(), manage.KeyDraft{Networks: []netip.Prefix{
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32"),
	}})
	for address, inside := range map[string]bool{
		"192.0.2.7": true, "::ffff:192.0.2.7": true, "2001:db8::1": true, "192.0.3.1": false, "2001:db9::1": false, "0.0.0.0": false,
	} {
		cred := auth.Credential{Token: text, Address: netip.MustParseAddr(address)}
		ask := func() (auth.Principal, gate.Verdict, error) { return h.Key(t.Context(), cred, serverDoor()) }
		caller, _, err := ask()
		switch {
		case inside:
			h.admitted(err)
			if caller.Address != cred.Address || caller.Key.ID != key.ID {
				t.Errorf("%s: %+v", address, caller)
			}
		default:
			h.refused(err, apierr.CodeAddressNotAllowed)
			h.free(ask)
		}
	}
	h.refused(h.server(text), apierr.CodeAddressNotAllowed) // from nobody knows where
}

func TestAKeyOfOneAppKnowsNoOther(t *testing.T) {
	h := newHouse(t)
	app, _ := h.app(manage.AppDraft{})
	_, text := h.keyOf(byTest(), manage.KeyDraft{App: app.ID})
	_, free := h.key()
	bound, _, err := h.Key(t.Context(), auth.Credential{Token: text}, serverDoor())
	h.must(err)
	if bound.Only() != app.ID || !bound.Reaches(app.ID) || bound.Reaches(id.ID{9}) {
		t.Errorf("bound to %v", bound.Only())
	}
	unbound, _, err := h.Key(t.Context(), auth.Credential{Token: free}, serverDoor())
	h.must(err)
	if !unbound.Only().IsZero() || !unbound.Reaches(app.ID) {
		t.Errorf("bound to %v", unbound.Only())
	}
}

func TestOnlyTheOperatorsOrgSeesOthers(t *testing.T) {
	h := newHouse(t)
	all := access.Rights()
	_, text := h.keyOf(byTest(), manage.KeyDraft{Scopes: all})
	if rights := h.rights(h.Authenticator, text); slices.Contains(rights, access.OrgsAdminister) || len(rights) != len(all)-1 {
		t.Errorf("a tenant's key: %v", rights)
	}
	operators, err := h.manager.CreateOrg(t.Context(), byTest(), manage.OrgDraft{Slug: "operators", Name: "Operators", Operator: true})
	h.must(err)
	h.org = operators
	_, text = h.keyOf(byTest(), manage.KeyDraft{Scopes: all})
	if rights := h.rights(h.Authenticator, text); !slices.Equal(rights, all) {
		t.Errorf("the operator's key: %v", rights)
	}
}

// Where a request names its Org, it names the credential's; of what another Org is called nothing is told.
func TestTheOrgThatIsNamedIsTheCredentialsOwn(t *testing.T) {
	h := newHouse(t)
	_, err := h.manager.CreateOrg(t.Context(), byTest(), manage.OrgDraft{Slug: "other", Name: "Other"})
	h.must(err)
	door := serverDoor()
	door.Slug = true
	_, text := h.key()
	_, _, err = h.Key(t.Context(), auth.Credential{Token: text, OrgSlug: "acme"}, door)
	h.admitted(err)
	var told string
	for _, slug := range []string{"other", "nobody", "", "ACME"} {
		ask := func() (auth.Principal, gate.Verdict, error) {
			return h.Key(t.Context(), auth.Credential{Token: text, OrgSlug: slug}, door)
		}
		h.free(ask)
		_, _, err := ask()
		h.refused(err, apierr.CodeForbidden)
		if told == "" {
			told = err.Error()
		}
		if err.Error() != told {
			t.Errorf("%q: %v", slug, err)
		}
	}
}

func TestAKeyInABrowserIsFlaggedUntilThatIsKnown(t *testing.T) {
	h := newHouse(t)
	key, text := h.key()
	door := serverDoor()
	cred := auth.Credential{Token: text, Origin: "https://page.example"}
	ask := func(cred auth.Credential, door auth.KeyDoor) int {
		t.Helper()
		before := len(h.leaked)
		_, _, err := h.Key(t.Context(), cred, door)
		h.admitted(err)
		return len(h.leaked) - before
	}
	if n := ask(cred, door); n != 0 {
		t.Error("flagged at a door whose keys browsers hold")
	}
	door.Secret = true
	if n := ask(auth.Credential{Token: text}, door); n != 0 {
		t.Error("flagged although no browser sent it")
	}
	if n := ask(cred, door); n != 1 || h.leaked[0].ID != key.ID {
		t.Errorf("flagged %d times", n)
	}
	h.must(h.manager.NoteLeak(t.Context(), key, apikey.Leak{Source: "browser", URL: cred.Origin}))
	if n := ask(cred, door); n != 0 {
		t.Error("flagged again")
	}
}

// An Org that was given up is shut in the moment the call returns, and open in the moment that it is taken back.
func TestAnOrgThatWasGivenUpIsShut(t *testing.T) {
	h := newHouse(t)
	elsewhere := h.replica()
	_, text := h.key()
	app, _ := h.app(manage.AppDraft{PublicSubmission: true})
	ann := h.member("ann@a.example", access.Owner)
	token := h.logIn(ann)
	key := func() error { return second(elsewhere.Key(t.Context(), auth.Credential{Token: text}, serverDoor())) }
	widget := func() error {
		cred := auth.Credential{Token: app.PublicKey, Address: netip.MustParseAddr("192.0.2.1")}
		return second(elsewhere.Widget(t.Context(), cred, ampleBudget()))
	}
	session := func(closed bool) error {
		return second(elsewhere.Session(t.Context(), auth.Credential{Token: token}, auth.SessionDoor{Budget: ample("member"), Closed: closed}))
	}
	open := func() {
		t.Helper()
		for _, err := range []error{key(), widget(), session(false), session(true)} {
			h.admitted(err)
		}
	}
	open()
	_, err := h.manager.CloseOrg(t.Context(), byTest(), h.org.ID)
	h.must(err)
	h.refused(key(), apierr.CodeInvalidKey)
	h.refused(widget(), apierr.CodeUnknownApp)
	h.refused(session(false), apierr.CodeOrgClosing)
	h.admitted(session(true))
	_, err = h.manager.ReopenOrg(t.Context(), byTest(), h.org.ID)
	h.must(err)
	open()
}

func second[A, B any](_ A, _ B, err error) error { return err }
