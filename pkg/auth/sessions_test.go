package auth_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

// open starts a session.
func (h *house) open(m tenant.Member) session.Session {
	h.Helper()
	now := h.clock.Now()
	s := session.Session{
		ID: h.manager.IDs.New(), Org: m.Org, Member: m.ID, CreatedAt: now, RefreshedAt: now, ExpiresAt: now.Add(session.RefreshLife),
	}
	h.must(h.directory.CreateSession(h.Context(), m.Org, s))
	return s
}

func (h *house) access(s session.Session) string {
	h.Helper()
	token, err := h.Keyring.SignAccess(s, h.clock.Now())
	h.must(err)
	return token.Reveal()
}

// logIn gives the access token of a new session.
func (h *house) logIn(m tenant.Member) string {
	h.Helper()
	return h.access(h.open(m))
}

// logOut ends a session as its member does.
func (h *house) logOut(s session.Session) error {
	issuer := signin.New(signin.Deps{
		Store: h.directory.Store, Gate: h.manager.Gate, Keyring: h.Keyring, Journal: h.manager.Journal, IDs: h.manager.IDs, Now: h.clock.Now,
	})
	return issuer.Logout(context.Background(), audit.Actor{Kind: audit.ByMember, ID: s.Member}, s.Org, s.ID)
}

func memberDoor() auth.SessionDoor { return auth.SessionDoor{Budget: ample("member")} }

// ways are how a session ends, or may do less.
func (h *house) ways() map[string]func(tenant.Member, session.Session) error {
	demoted, suspended := access.Member, tenant.Suspended
	return map[string]func(tenant.Member, session.Session) error{
		"logged out": func(_ tenant.Member, s session.Session) error { return h.logOut(s) },
		"suspended": func(m tenant.Member, _ session.Session) error {
			return h.update(m, manage.MemberChange{Status: &suspended})()
		},
		"removed": func(m tenant.Member, _ session.Session) error {
			_, err := h.manager.RemoveMember(context.Background(), byTest(), h.org.ID, m.ID)
			return err
		},
		"demoted": func(m tenant.Member, _ session.Session) error {
			return h.update(m, manage.MemberChange{Role: &demoted})()
		},
	}
}

func TestTheEndOfASessionIsHeardEverywhereAtOnce(t *testing.T) {
	for name, cut := range map[string]bool{"": false, ", without the gate": true} {
		h := newHouse(t)
		elsewhere := h.replica()
		h.member("owner@a.example", access.Owner)
		for way, end := range h.ways() {
			m := h.member(strings.ReplaceAll(way, " ", ".")+"@a.example", access.Admin)
			s := h.open(m)
			door := memberDoor()
			door.Right = access.KeysManage
			cred := auth.Credential{Token: h.access(s)}
			for range 2 {
				h.admitted(second(elsewhere.Session(t.Context(), cred, door)))
			}
			if cut {
				h.shared.cut.Store(true)
				h.admitted(second(elsewhere.Session(t.Context(), cred, door)))
			}
			if err := end(m, s); cut != (apierr.KindOf(err) == apierr.Unavailable && err != nil) || err != nil && !cut {
				t.Errorf("%s%s: %v", way, name, err)
			}
			want := apierr.CodeInvalidAuthorization
			if way == "demoted" {
				want = apierr.CodeForbidden
			}
			ask := func() (auth.Principal, gate.Verdict, error) { return elsewhere.Session(t.Context(), cred, door) }
			_, verdict, err := ask()
			if err == nil || apierr.Of(err).Code != want || way != "demoted" && len(verdict.Decisions) > 0 {
				t.Errorf("%s%s: answered %v, drew %v", way, name, err, verdict.Decisions)
			}
			if way == "demoted" {
				h.free(ask)
			}
			h.shared.cut.Store(false)
			h.clock.Advance(probeAfter)
			if err := second(elsewhere.Session(t.Context(), cred, door)); err == nil || apierr.Of(err).Code != want {
				t.Errorf("%s%s: afterwards %v", way, name, err)
			}
		}
	}
}

func TestASessionIsRefusedFromTheMomentThatItsLogoutReturns(t *testing.T) {
	h := newHouse(t)
	elsewhere := h.replica()
	s := h.open(h.member("ann@a.example", access.Member))
	cred := auth.Credential{Token: h.access(s)}
	h.hotUntil(
		func() error { return second(elsewhere.Session(context.Background(), cred, memberDoor())) },
		func() error { return h.logOut(s) },
	)
}

func TestASessionSaysWhoCallsAndHowFarThatGoes(t *testing.T) {
	h := newHouse(t)
	for _, role := range []access.Role{access.Owner, access.Admin, access.Member} {
		m := h.member(string(role)+"@a.example", role)
		s := h.open(m)
		cred := auth.Credential{Token: h.access(s), Address: netip.MustParseAddr("192.0.2.1")}
		caller, verdict, err := h.Session(t.Context(), cred, memberDoor())
		h.admitted(err)
		want := slices.DeleteFunc(access.Of(role), func(r access.Right) bool { return r == access.OrgsAdminister })
		if caller.Member.ID != m.ID || caller.Session.ID != s.ID || caller.Key != nil || !slices.Equal(caller.Rights, want) || caller.Address != cred.Address {
			t.Errorf("%s: %+v", role, caller)
		}
		if len(verdict.Decisions) != 1 || verdict.Decisions[0].Policy.Name != "member" {
			t.Errorf("%s: %+v", role, verdict)
		}
	}
	if len(h.used) > 0 {
		t.Error("a session is noted as a credential that was used")
	}
}

func TestOnlyAnAccessTokenOfALivingSessionOpensItsDoor(t *testing.T) {
	h := newHouse(t)
	ann := h.member("ann@a.example", access.Owner)
	s := h.open(ann)
	token := h.access(s)
	partial, err := h.Keyring.SignPartial(h.org.ID, ann.ID, h.clock.Now())
	h.must(err)
	_, key := h.key()
	stranger := s
	stranger.ID[0]++
	moved := s
	moved.Org[0]++
	if n := h.reads(func() {
		for name, token := range map[string]string{
			"none": "", "garbage": "a.b.c", "a key": key, "partial": partial.Reveal(),
			"refresh": h.Keyring.SignRefresh(s).Reveal(), "forged": token[:len(token)-4] + "AAAA",
		} {
			if err := second(h.Session(t.Context(), auth.Credential{Token: token}, memberDoor())); err == nil || apierr.Of(err).Code != apierr.CodeInvalidAuthorization {
				t.Errorf("%s: %v", name, err)
			}
		}
	}); n != 0 {
		t.Errorf("what can be refused offline took %d reads", n)
	}
	for name, token := range map[string]string{"no such session": h.access(stranger), "another Org's": h.access(moved)} {
		if err := second(h.Session(t.Context(), auth.Credential{Token: token}, memberDoor())); err == nil || apierr.Of(err).Code != apierr.CodeInvalidAuthorization {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.admitted(second(h.Session(t.Context(), auth.Credential{Token: token}, memberDoor())))
	h.clock.Advance(session.AccessLife)
	h.refused(second(h.Session(t.Context(), auth.Credential{Token: token}, memberDoor())), apierr.CodeTokenExpired)
	fresh := h.access(s)
	h.admitted(second(h.Session(t.Context(), auth.Credential{Token: fresh}, memberDoor())))
	door := memberDoor()
	door.Slug = true
	h.refused(second(h.Session(t.Context(), auth.Credential{Token: fresh, OrgSlug: "other"}, door)), apierr.CodeForbidden)
	h.admitted(second(h.Session(t.Context(), auth.Credential{Token: fresh, OrgSlug: "acme"}, door)))
	h.clock.Advance(session.RefreshLife)
	h.refused(second(h.Session(t.Context(), auth.Credential{Token: h.access(s)}, door)), apierr.CodeInvalidAuthorization)
}

func TestManagersComeWithALogInOrAKey(t *testing.T) {
	h := newHouse(t)
	_, key := h.key()
	token := h.logIn(h.member("ann@a.example", access.Owner))
	for credential, bySession := range map[string]bool{key: false, token: true} {
		caller, _, err := h.Manage(t.Context(), auth.Credential{Token: credential}, memberDoor(), serverDoor())
		h.admitted(err)
		if (caller.Session != nil) != bySession || (caller.Key != nil) == bySession {
			t.Errorf("%+v", caller)
		}
	}
	h.refused(second(h.Manage(t.Context(), auth.Credential{Token: "a.b.c"}, memberDoor(), serverDoor())), apierr.CodeInvalidAuthorization)
	h.refused(second(h.Manage(t.Context(), auth.Credential{Token: "hello"}, memberDoor(), serverDoor())), apierr.CodeInvalidKeyFormat)
}

// Asking about a token costs the gate nothing, and once the token is known the store neither; what ended before the asker was
// admitted has ended.
func TestAskingAboutATokenCostsNothingMoreAndIsUpToDate(t *testing.T) {
	h := newHouse(t)
	h.member("owner@a.example", access.Owner)
	_, key := h.key()
	for way, end := range h.ways() {
		m := h.member(strings.ReplaceAll(way, " ", ".")+"@a.example", access.Admin)
		s := h.open(m)
		token := h.access(s)
		asker := func() auth.Principal {
			t.Helper()
			caller, _, err := h.Key(t.Context(), auth.Credential{Token: key}, serverDoor())
			h.admitted(err)
			return caller
		}
		caller := asker()
		checks := h.shared.checks.Load()
		about, err := h.Verify(t.Context(), caller, token)
		h.admitted(err)
		if about.Member.ID != m.ID || about.Session.ID != s.ID || !about.May(access.KeysManage) {
			t.Errorf("%s: %+v", way, about)
		}
		if n := h.reads(func() { h.admitted(second2(h.Verify(t.Context(), caller, token))) }); n != 0 {
			t.Errorf("%s: asking again took %d reads", way, n)
		}
		if n := h.shared.checks.Load() - checks; n != 0 {
			t.Errorf("%s: asking took %d questions to the gate", way, n)
		}
		h.must(end(m, s))
		about, err = h.Verify(t.Context(), asker(), token)
		if way == "demoted" {
			h.admitted(err)
			if about.May(access.KeysManage) {
				t.Error("a demotion was not heard")
			}
			continue
		}
		if err == nil || apierr.Of(err).Code != apierr.CodeInvalidAuthorization {
			t.Errorf("%s: %v", way, err)
		}
	}
}

func TestWithoutTheGateEveryQuestionAboutATokenIsTheStores(t *testing.T) {
	h := newHouse(t)
	_, key := h.key()
	s := h.open(h.member("ann@a.example", access.Owner))
	token := h.access(s)
	caller, _, err := h.Key(t.Context(), auth.Credential{Token: key}, serverDoor())
	h.admitted(err)
	h.admitted(second2(h.Verify(t.Context(), caller, token)))
	h.shared.cut.Store(true)
	caller, _, err = h.Key(t.Context(), auth.Credential{Token: key}, serverDoor())
	h.admitted(err)
	if n := h.reads(func() { h.admitted(second2(h.Verify(t.Context(), caller, token))) }); n == 0 {
		t.Error("the cache was believed")
	}
	if err := h.logOut(s); apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("logged out without the gate: %v", err)
	}
	h.refused(second2(h.Verify(t.Context(), caller, token)), apierr.CodeInvalidAuthorization)
}

func TestNobodyAsksAboutAnotherOrgsToken(t *testing.T) {
	h := newHouse(t)
	token := h.logIn(h.member("ann@a.example", access.Owner))
	other, err := h.manager.CreateOrg(t.Context(), byTest(), manage.OrgDraft{Slug: "other", Name: "Other"})
	h.must(err)
	h.org = other
	_, key := h.key()
	caller, _, err := h.Key(t.Context(), auth.Credential{Token: key}, serverDoor())
	h.admitted(err)
	if n := h.reads(func() {
		h.refused(second2(h.Verify(t.Context(), caller, token)), apierr.CodeInvalidAuthorization)
	}); n != 0 {
		t.Errorf("took %d reads", n)
	}
	h.clock.Advance(time.Hour)
	h.refused(second2(h.Verify(t.Context(), caller, token)), apierr.CodeTokenExpired)
}

func second2[A any](_ A, err error) error { return err }
