package signin_test

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

func TestASecondFactorIsAskedForAfterThePassword(t *testing.T) {
	h := newHall(t)
	key, _ := h.protect()
	first := h.in()
	if !first.Requires2FA() || first.Access != "" || first.Refresh != "" || !first.Session.ID.IsZero() {
		t.Fatalf("a password alone opened %+v", first)
	}
	if !first.ExpiresAt.Equal(h.at.Truncate(time.Millisecond).Add(session.PartialLife)) {
		t.Errorf("it may be completed until %v", first.ExpiresAt)
	}
	if _, err := h.Keyring.VerifyAccess(first.Partial.Reveal(), h.at); err == nil {
		t.Error("a partial token opens what an access token does")
	}
	login, err := h.VerifySecondFactor(t.Context(), from(), first.Partial, h.code(key, 0))
	h.must(err)
	if _, err := h.Keyring.VerifyAccess(login.Access.Reveal(), h.at); err != nil || login.Requires2FA() || login.Member.ID != h.ann.ID {
		t.Errorf("%+v, %v", login, err)
	}
	_, err = h.try("wrong", h.code(key, 1))
	h.is("a code without the password", err, apierr.CodeInvalidCredentials)
	if login, err = h.try(password, h.code(key, 1)); err != nil || login.Access == "" {
		t.Errorf("both at once: %v", err)
	}
	last := h.entries()[len(h.entries())-1]
	if last.Action != "session.create" || !strings.Contains(string(last.After), `"secondFactor":"totp"`) {
		t.Errorf("%s %s", last.Action, last.After)
	}
}

func TestOnlyPresentCodesAreTakenAndEachOnce(t *testing.T) {
	h := newHall(t)
	key, _ := h.protect()
	h.at = h.at.Add(time.Hour)
	try := func(code secret.String) error { _, err := h.try(password, code); return err }
	for what, code := range map[string]secret.String{
		"two steps old": h.code(key, -2), "two steps ahead": h.code(key, 2), "five digits": h.code(key, 0)[1:], "no digits": "abcdef",
		"seven digits": h.code(key, 0) + "0", "a recovery code that is none": "aaaaa-aaaaa",
	} {
		h.is(what, try(code), apierr.CodeInvalidCode)
	}
	h.must(try(h.code(key, -1)))
	h.is("the same again", try(h.code(key, -1)), apierr.CodeInvalidCode)
	h.must(try(h.code(key, 0)[:3] + " " + h.code(key, 0)[3:]))
	h.must(try(h.code(key, 1)))
	h.is("one older than the last", try(h.code(key, 0)), apierr.CodeInvalidCode)
	h.at = h.at.Add(time.Minute)
	h.must(try(h.code(key, 0)))
}

func TestARecoveryCodeWorksOnceHoweverItIsTyped(t *testing.T) {
	h := newHall(t)
	_, recovery := h.protect()
	form := regexp.MustCompile(`^[a-z2-9]{5}-[a-z2-9]{5}$`)
	if len(recovery) != 10 || len(h.stored(h.ann.ID).TwoFactor.Recovery) != 10 {
		t.Fatalf("%d codes", len(recovery))
	}
	for n, code := range recovery {
		typed := code
		switch n {
		case 1:
			typed = secret.String(strings.ToUpper(strings.ReplaceAll(code.Reveal(), "-", "")))
		case 2:
			typed = " " + code + " "
		}
		if _, err := h.try(password, typed); err != nil || !form.MatchString(code.Reveal()) || slices.Index(recovery, code) != n {
			t.Errorf("%d: %s: %v", n, code.Reveal(), err)
		}
		_, err := h.try(password, code)
		if n < 9 { // ten wrong codes would be too many
			h.is("a second time", err, apierr.CodeInvalidCode)
		}
	}
	if left := h.stored(h.ann.ID).TwoFactor.Recovery; len(left) != 0 {
		t.Errorf("%d are left", len(left))
	}
}

func TestOfManyWhoRaceWithOneCodeOneComesIn(t *testing.T) {
	h := newHall(t)
	key, recovery := h.protect()
	partial := h.in().Partial
	for what, code := range map[string]secret.String{"totp": h.code(key, 0), "recovery": recovery[0]} {
		fared := h.race(5, func() error { _, err := h.VerifySecondFactor(t.Context(), from(), partial, code); return err })
		if fared[""] != 1 || fared[apierr.CodeInvalidCode] != 4 {
			t.Errorf("%s: %v", what, fared)
		}
	}
}

func TestWrongCodesCountAsFailuresOfTheAccount(t *testing.T) {
	h := newHall(t)
	key, _ := h.protect()
	partial := h.in().Partial
	verify := func(code secret.String) error {
		_, err := h.VerifySecondFactor(t.Context(), from(), partial, code)
		return err
	}
	fared := h.race(8, func() error { return verify("aaaaa-aaaaa") })
	_, err := h.try(password, "bbbbb-bbbbb")
	h.is("within a log-in", err, apierr.CodeInvalidCode)
	h.is("the tenth", h.Disable(t.Context(), h.by(), h.org.ID, h.ann.ID, password, "ccccc-ccccc"), apierr.CodeInvalidCode)
	h.is("the right code, too late", verify(h.code(key, 0)), apierr.CodeRateLimited)
	_, err = h.try(password, "")
	h.is("the password", err, apierr.CodeRateLimited)
	if fared[apierr.CodeInvalidCode] != 8 {
		t.Errorf("%v", fared)
	}
}

func TestAPartialTokenIsForItsMemberAndAMoment(t *testing.T) {
	h := newHall(t)
	key, _ := h.protect()
	login := h.in()
	verify := func(partial secret.String) error {
		_, err := h.VerifySecondFactor(t.Context(), from(), partial, h.code(key, 0))
		return err
	}
	elsewhere := from()
	elsewhere.Org = "globex"
	_, err := h.VerifySecondFactor(t.Context(), elsewhere, login.Partial, h.code(key, 0))
	h.is("at another Org", err, apierr.CodeInvalidAuthorization)
	whole, err := h.try(password, h.code(key, 0))
	h.must(err)
	h.is("an access token", verify(whole.Access), apierr.CodeInvalidAuthorization)
	h.is("nonsense", verify("x"), apierr.CodeInvalidAuthorization)
	h.change(h.ann.ID, func(m *tenant.Member) { m.Status = tenant.Suspended })
	h.is("suspended meanwhile", verify(login.Partial), apierr.CodeForbidden)
	h.change(h.ann.ID, func(m *tenant.Member) { m.Status, m.TwoFactor = tenant.Active, nil })
	h.is("disabled meanwhile", verify(login.Partial), apierr.CodeInvalidAuthorization)
	h.must(h.store.DeleteMember(t.Context(), h.org.ID, h.ann.ID))
	h.is("removed meanwhile", verify(login.Partial), apierr.CodeInvalidAuthorization)
	h.at = h.at.Add(session.PartialLife)
	h.is("too late", verify(login.Partial), apierr.CodeTokenExpired)
}

func TestEnrollingAsksForNothingUntilACodeProvesIt(t *testing.T) {
	h := newHall(t)
	ctx := t.Context()
	enable := func(code secret.String) error { _, err := h.Enable(ctx, h.by(), h.org.ID, h.ann.ID, code); return err }
	h.is("enabling what was never enrolled", enable("123456"), apierr.CodeChanged)
	former, _, err := h.Enroll(ctx, h.by(), h.org.ID, h.ann.ID)
	h.must(err)
	key, link, err := h.Enroll(ctx, h.by(), h.org.ID, h.ann.ID)
	h.must(err)
	parsed, err := otp.NewKeyFromURL(link.Reveal())
	h.must(err)
	if parsed.Secret() != key.Reveal() || parsed.AccountName() != h.ann.Email || parsed.Issuer() != "Heard (acme)" || parsed.Type() != "totp" ||
		parsed.Period() != 30 || parsed.Digits() != 6 || strings.Contains(link.Reveal(), "+") {
		t.Errorf("%s", link.Reveal())
	}
	if h.in().Requires2FA() {
		t.Error("a second factor is asked for that nobody proved to have")
	}
	h.is("the code of a former secret", enable(h.code(former, 0)), apierr.CodeInvalidCode)
	bumps := h.gate.bumps.Load()
	h.must(enable(h.code(key, 0)))
	if h.gate.bumps.Load() == bumps || !h.in().Requires2FA() {
		t.Error("enabled, but not announced, or not asked for")
	}
	h.is("enabling again", enable(h.code(key, 1)), apierr.CodeAlreadyExists)
	_, _, err = h.Enroll(ctx, h.by(), h.org.ID, h.ann.ID)
	h.is("enrolling while enabled", err, apierr.CodeAlreadyExists)
	_, err = h.try(password, h.code(key, 0))
	h.is("the code that enabled it", err, apierr.CodeInvalidCode)
	want := []string{"two_factor.enroll", "two_factor.enroll", "session.create", "two_factor.enable"}
	if !slices.Equal(h.actions(), want) {
		t.Errorf("%v", h.actions())
	}
	_, _, err = h.Enroll(ctx, h.by(), id.ID{9}, h.ann.ID)
	h.is("another Org's", err, apierr.CodeNotFound)
}

func TestDisablingTakesPasswordAndCode(t *testing.T) {
	h := newHall(t)
	key, recovery := h.protect()
	disable := func(password, code secret.String) error {
		return h.Disable(t.Context(), h.by(), h.org.ID, h.ann.ID, password, code)
	}
	h.is("a wrong password", disable("wrong", h.code(key, 0)), apierr.CodeInvalidCredentials)
	h.is("no code", disable(password, ""), apierr.CodeInvalidCode)
	h.is("a code that was used", disable(password, h.code(key, -1)), apierr.CodeInvalidCode)
	h.gate.away.Store(true)
	if err := disable(password, recovery[3]); apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("unannounced: %v", err)
	}
	h.gate.away.Store(false)
	h.is("again with a wrong password", disable("wrong", recovery[3]), apierr.CodeInvalidCredentials)
	h.must(disable(password, recovery[3]))
	if h.in().Requires2FA() || h.stored(h.ann.ID).TwoFactor != nil {
		t.Error("a second factor is still asked for")
	}
	if !slices.Contains(h.actions(), "two_factor.disable") {
		t.Errorf("%v", h.actions())
	}
}

// What somebody may read who has the database alone, or the audit log, is no way in; nor can it be moved to another member.
func TestASecondFactorLiesSealedAndBound(t *testing.T) {
	h := newHall(t)
	key, recovery := h.protect()
	bob := h.member("bob@example.com", access.Member)
	f := h.stored(h.ann.ID).TwoFactor
	for _, code := range recovery {
		for _, stored := range append(f.Recovery, f.Sealed) {
			if bytes.Contains(stored, []byte(code.Reveal())) || bytes.Contains(stored, []byte(strings.ReplaceAll(code.Reveal(), "-", ""))) {
				t.Error("a recovery code lies open")
			}
		}
	}
	h.change(bob.ID, func(m *tenant.Member) { m.TwoFactor = f })
	if _, err := h.Login(t.Context(), from(), bob.Email, password, h.code(key, 0)); err == nil {
		t.Error("a sealed secret opens as another member's")
	}
	_, err := h.Login(t.Context(), from(), bob.Email, password, recovery[0])
	h.is("another member's recovery code", err, apierr.CodeInvalidCode)
	login, err := h.try(password, recovery[0])
	h.must(err)
	shown := append([]secret.String{key, password, login.Access, login.Refresh, secret.String(url.QueryEscape(key.Reveal()))}, recovery...)
	for _, e := range h.entries() {
		for _, text := range shown {
			if strings.Contains(string(e.Before)+string(e.After)+e.Target.Name+e.Actor.Name+e.Actor.Credential, text.Reveal()) {
				t.Errorf("%s shows a secret", e.Action)
			}
		}
	}
}
