package signin_test

import (
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/secret"
)

func TestALoginOpensASessionThatIsStoredAndWrittenDown(t *testing.T) {
	h := newHall(t)
	login := h.in()
	claims, err := h.Keyring.VerifyAccess(login.Access.Reveal(), h.at)
	h.must(err)
	stored, err := h.store.Session(t.Context(), h.org.ID, login.Session.ID)
	h.must(err)
	if claims.Org != h.org.ID || claims.Member != h.ann.ID || claims.Session != stored.ID || login.Requires2FA() || login.Org.Slug != "acme" {
		t.Errorf("%+v, %+v", claims, login)
	}
	if stored.Member != h.ann.ID || stored.Address != "192.0.2.7" || stored.UserAgent != "a browser" || !stored.Live(h.at) ||
		!stored.ExpiresAt.Equal(login.Session.ExpiresAt) || stored.ExpiresAt.Sub(stored.CreatedAt) != session.RefreshLife {
		t.Errorf("stored %+v", stored)
	}
	if !login.ExpiresAt.Equal(stored.CreatedAt.Add(session.AccessLife)) {
		t.Errorf("the access token ends %v", login.ExpiresAt)
	}
	entries := h.entries()
	if len(entries) != 1 {
		t.Fatalf("%d entries", len(entries))
	}
	want := audit.Actor{Kind: audit.ByMember, ID: h.ann.ID, Name: h.ann.Email, Credential: "session:" + stored.ID.String(), Address: "192.0.2.7"}
	if e := entries[0]; e.Action != "session.create" || e.Actor != want || e.Target.ID != stored.ID.String() || e.Outcome != audit.Done {
		t.Errorf("%+v", e)
	}
}

// The same text to everybody, and the work of one hash, which takes 19 MiB: on a busy machine memory can be told apart, and
// time cannot.
func TestNobodyLearnsWhetherAnAccountIsThere(t *testing.T) {
	h := newHall(t)
	hash, err := h.Passwords.Hash(t.Context(), "correct horse")
	h.must(err)
	h.change(h.ann.ID, func(m *tenant.Member) { m.PasswordHash = hash })
	elsewhere := from()
	elsewhere.Org = "nowhere"
	texts := map[string]bool{}
	for name, try := range map[string]func() error{
		"a wrong password":  func() error { _, err := h.try("wrong", ""); return err },
		"an unknown e-mail": func() error { _, err := h.Login(t.Context(), from(), "bob@example.com", "wrong", ""); return err },
		"an unknown Org":    func() error { _, err := h.Login(t.Context(), elsewhere, "ann@example.com", "wrong", ""); return err },
		"no Org":            func() error { _, err := h.Login(t.Context(), signin.From{}, "", "", ""); return err },
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := try()
		runtime.ReadMemStats(&after)
		h.is(name, err, apierr.CodeInvalidCredentials)
		texts[err.Error()] = true
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took < 19 || took > 20 {
			t.Errorf("%s takes %d MiB", name, took)
		}
	}
	if len(texts) != 1 {
		t.Errorf("different answers: %v", texts)
	}
}

func TestASuspensionIsToldOnlyToWhoKnowsThePassword(t *testing.T) {
	h := newHall(t)
	h.change(h.ann.ID, func(m *tenant.Member) { m.Status = tenant.Suspended })
	_, err := h.try("wrong", "")
	h.is("with a wrong password", err, apierr.CodeInvalidCredentials)
	_, err = h.try(password, "")
	h.is("with the right one", err, apierr.CodeForbidden)
	if apierr.KindOf(err) != apierr.Forbidden || len(h.entries()) != 0 {
		t.Errorf("%v, %v", err, h.actions())
	}
}

func TestAnOrgThatWasGivenUpLetsInItsOwnersAlone(t *testing.T) {
	h := newHall(t)
	h.member("ada@example.com", access.Admin)
	admin := func() (signin.Login, error) { return h.Login(t.Context(), from(), "ada@example.com", password, "") }
	before, err := admin()
	h.must(err)
	h.org.ClosesAt = h.at.Add(time.Hour)
	h.must(h.store.ReplaceOrg(t.Context(), h.org))
	_, err = admin()
	h.is("an admin", err, apierr.CodeOrgClosing)
	_, err = h.Refresh(t.Context(), from(), before.Refresh)
	h.is("an admin who is in", err, apierr.CodeInvalidAuthorization)
	_, err = h.Login(t.Context(), from(), "ada@example.com", "wrong", "")
	h.is("a wrong password", err, apierr.CodeInvalidCredentials)
	_, err = h.Refresh(t.Context(), from(), h.in().Refresh)
	h.must(err)
}

func TestRacingGuessesCannotPassTogether(t *testing.T) {
	h := newHall(t)
	fared := h.race(30, func() error { _, err := h.try("wrong", ""); return err })
	if fared[apierr.CodeInvalidCredentials] != 10 || fared[apierr.CodeRateLimited] != 20 {
		t.Errorf("%v", fared)
	}
	_, err := h.try(password, "")
	h.is("the right password, too late", err, apierr.CodeRateLimited)
	if wait := apierr.Of(err).RetryAfter; apierr.KindOf(err) != apierr.Limited || wait <= 0 || wait > 15*time.Minute {
		t.Errorf("wait %v", wait)
	}
	bob := h.member("bob@example.com", access.Member)
	_, err = h.Login(t.Context(), from(), bob.Email, password, "")
	h.must(err) // others are not locked out
	_, err = h.Login(t.Context(), signin.From{Org: "acme", Address: netip.MustParseAddr("198.51.100.1")}, h.ann.Email, password, "")
	h.is("from elsewhere", err, apierr.CodeRateLimited)
	h.at = h.at.Add(15 * time.Minute)
	h.in()
}

func TestAnAccountThatIsNotThereIsLimitedLikeOneThatIs(t *testing.T) {
	h := newHall(t)
	h.limit("login.account", 3)
	for name, who := range map[string]signin.From{"an unknown e-mail": from(), "an unknown Org": {Org: "nowhere", Address: home}} {
		for n := range 4 {
			_, err := h.Login(t.Context(), who, []string{"Bob@example.com", "bob@EXAMPLE.com"}[n%2], "wrong", "")
			want := apierr.CodeInvalidCredentials
			if n == 3 {
				want = apierr.CodeRateLimited
			}
			h.is(name, err, want)
		}
	}
}

// limit gives everybody another number for a policy.
func (h *hall) limit(policy string, most int64) {
	h.Helper()
	h.must(h.store.PutOverride(h.Context(), limit.Override{Name: "few", Org: "*", Policy: policy, Rate: tenant.Rate{Limit: most}}))
}

func TestWhatWasNoWrongGuessCostsNoTry(t *testing.T) {
	h := newHall(t)
	h.limit("login.account", 3)
	wrong := func(code apierr.Code) {
		t.Helper()
		_, err := h.try("wrong", "")
		h.is("a wrong password", err, code)
	}
	for range 10 {
		h.in()
	}
	wrong(apierr.CodeInvalidCredentials)
	h.change(h.ann.ID, func(m *tenant.Member) { m.Status = tenant.Suspended })
	for range 5 {
		_, err := h.try(password, "")
		h.is("suspended", err, apierr.CodeForbidden)
	}
	wrong(apierr.CodeInvalidCredentials)
	wrong(apierr.CodeInvalidCredentials)
	wrong(apierr.CodeRateLimited)
}

func TestGuessesAtManyAccountsAreCountedByAddress(t *testing.T) {
	h := newHall(t)
	h.limit("login.address", 4)
	orgs := map[bool]string{true: "acme", false: "nowhere"}
	guess := func(address, email string) error {
		_, err := h.Login(t.Context(), signin.From{Org: orgs[len(email)%2 == 0], Address: netip.MustParseAddr(address)}, email, "wrong", "")
		return err
	}
	for n, address := range []string{"2001:db8::1", "2001:db8::ffff:1", "2001:db8::3%eth0", "2001:db8:0:0:ffff::"} {
		h.is(address, guess(address, strings.Repeat("x", n+1)), apierr.CodeInvalidCredentials)
	}
	h.is("a fifth account", guess("2001:db8::9", "another"), apierr.CodeRateLimited)
	h.is("a neighbour", guess("2001:db8:0:1::1", "another"), apierr.CodeInvalidCredentials)
	for range 4 {
		h.is("version 4", guess("192.0.2.1", "y"), apierr.CodeInvalidCredentials)
	}
	h.is("version 4 in version 6", guess("::ffff:192.0.2.1", "z"), apierr.CodeRateLimited)
	h.is("next door", guess("192.0.2.2", "z"), apierr.CodeInvalidCredentials)
}

func TestAnOddClientIsWrittenDownAsText(t *testing.T) {
	h := newHall(t)
	for _, agent := range []string{strings.Repeat("é", 1000), "\xff\xfe\x00", strings.Repeat("x", 511) + "é"} {
		login, err := h.Login(t.Context(), signin.From{Org: "acme", UserAgent: agent}, h.ann.Email, password, "")
		if err != nil || len(login.Session.UserAgent) > 512 || !utf8.ValidString(login.Session.UserAgent) || login.Session.Address != "" {
			t.Errorf("%d bytes: %+v, %v", len(agent), login.Session, err)
		}
	}
}

func TestAWrongPasswordOfAnyLengthIsWrong(t *testing.T) {
	h := newHall(t)
	for _, wrong := range []string{"", "Password", "password ", strings.Repeat("x", 1<<20)} {
		_, err := h.try(secret.String(wrong), "")
		h.is("a wrong password", err, apierr.CodeInvalidCredentials)
	}
	if slices.Contains(h.actions(), "session.create") {
		t.Error("somebody came in")
	}
}
