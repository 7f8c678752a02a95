package signin_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

func (h *hall) refresh(token secret.String) (signin.Login, error) {
	return h.Refresh(h.Context(), from(), token)
}

// ended tells why a session ended; empty while it has not.
func (h *hall) ended(s session.Session) string {
	h.Helper()
	stored, err := h.store.Session(h.Context(), h.org.ID, s.ID)
	h.must(err)
	return stored.EndReason
}

func TestASessionGoesOnAsLongAsItIsRefreshed(t *testing.T) {
	h := newHall(t)
	first := h.in()
	login, seen := first, map[secret.String]bool{first.Refresh: true, first.Access: true}
	for range 4 {
		h.at = h.at.Add(session.RefreshLife - time.Minute)
		next, err := h.refresh(login.Refresh)
		h.must(err)
		if seen[next.Refresh] || seen[next.Access] || next.Session.ID != first.Session.ID || !next.Session.CreatedAt.Equal(first.Session.CreatedAt) {
			t.Errorf("%+v", next)
		}
		if !next.Session.ExpiresAt.Equal(h.at.Truncate(time.Millisecond).Add(session.RefreshLife)) {
			t.Errorf("it expires %v", next.Session.ExpiresAt)
		}
		claims, err := h.Keyring.VerifyAccess(next.Access.Reveal(), h.at)
		if err != nil || claims.Session != first.Session.ID {
			t.Errorf("%+v, %v", claims, err)
		}
		seen[next.Refresh], seen[next.Access], login = true, true, next
	}
	h.at = h.at.Add(session.RefreshLife)
	_, err := h.refresh(login.Refresh)
	h.is("too late", err, apierr.CodeInvalidAuthorization)
	if h.ended(first.Session) != "" {
		t.Error("an expired token was taken for a stolen one")
	}
}

func TestARefreshTokenThatComesTwiceEndsTheSession(t *testing.T) {
	h := newHall(t)
	first := h.in()
	other := h.in()
	second, err := h.refresh(first.Refresh)
	h.must(err)
	third, err := h.refresh(second.Refresh)
	h.must(err)
	before, err := h.gate.Generation(t.Context(), h.org.ID)
	h.must(err)
	_, err = h.refresh(first.Refresh)
	h.is("the first again", err, apierr.CodeInvalidAuthorization)
	after, err := h.gate.Generation(t.Context(), h.org.ID)
	h.must(err)
	if h.ended(first.Session) != "replay" || before == after {
		t.Errorf("ended for %q, announced: %t", h.ended(first.Session), before != after)
	}
	_, err = h.refresh(third.Refresh)
	h.is("the present one", err, apierr.CodeInvalidAuthorization)
	_, err = h.refresh(first.Refresh)
	h.is("the first once more", err, apierr.CodeInvalidAuthorization)
	if n := len(slices.DeleteFunc(h.actions(), func(a string) bool { return a != "session.replay" })); n != 1 {
		t.Errorf("written down %d times: %v", n, h.actions())
	}
	if _, err := h.refresh(other.Refresh); err != nil {
		t.Errorf("another session of the member: %v", err)
	}
}

func TestOfRacingRefreshesOneIsServedAndTheSessionEnds(t *testing.T) {
	h := newHall(t)
	login := h.in()
	fared := h.race(8, func() error { _, err := h.refresh(login.Refresh); return err })
	if fared[""] != 1 || fared[apierr.CodeInvalidAuthorization] != 7 || h.ended(login.Session) != "replay" {
		t.Errorf("%v, ended for %q", fared, h.ended(login.Session))
	}
}

func TestWhatMayNotGoOnIsNotRefreshed(t *testing.T) {
	for name, spoil := range map[string]func(*hall, signin.Login){
		"suspended": func(h *hall, _ signin.Login) {
			h.change(h.ann.ID, func(m *tenant.Member) { m.Status = tenant.Suspended })
		},
		"removed": func(h *hall, _ signin.Login) { h.must(h.store.DeleteMember(h.Context(), h.org.ID, h.ann.ID)) },
		"logged out": func(h *hall, l signin.Login) {
			h.must(h.Logout(h.Context(), h.by(), h.org.ID, l.Session.ID))
		},
		"swept": func(h *hall, _ signin.Login) {
			_, err := h.store.SweepSessions(h.Context(), h.at.Add(session.RefreshLife+time.Second), 100)
			h.must(err)
		},
	} {
		h := newHall(t)
		login := h.in()
		spoil(h, login)
		_, err := h.refresh(login.Refresh)
		h.is(name, err, apierr.CodeInvalidAuthorization)
	}
	h := newHall(t)
	login := h.in()
	elsewhere := from()
	elsewhere.Org = "globex"
	_, err := h.Refresh(t.Context(), elsewhere, login.Refresh)
	h.is("at another Org", err, apierr.CodeInvalidAuthorization)
	for _, text := range []secret.String{"", "rt_x", login.Access, login.Refresh + "A"} {
		_, err := h.refresh(text)
		h.is("nonsense", err, apierr.CodeInvalidAuthorization)
	}
	if _, err := h.refresh(login.Refresh); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

func TestALogoutIsStoredAnnouncedAndSafeToRepeat(t *testing.T) {
	h := newHall(t)
	login := h.in()
	logout := func(org id.ID) error { return h.Logout(t.Context(), h.by(), org, login.Session.ID) }
	h.is("another Org's", logout(id.ID{9}), apierr.CodeNotFound)
	h.gate.away.Store(true)
	if err := logout(h.org.ID); apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("unannounced: %v", err)
	}
	h.gate.away.Store(false)
	before, err := h.gate.Generation(t.Context(), h.org.ID)
	h.must(err)
	h.must(logout(h.org.ID))
	after, err := h.gate.Generation(t.Context(), h.org.ID)
	h.must(err)
	if h.ended(login.Session) != "logout" || before == after {
		t.Errorf("ended for %q, announced: %t", h.ended(login.Session), before != after)
	}
	if want := []string{"session.create", "session.end"}; !slices.Equal(h.actions(), want) {
		t.Errorf("%v", h.actions())
	}
}

func TestExpiredSessionsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		h.Deps.Now = time.Now
		h.Journal = audit.NewJournal(h.store, make([]byte, 32), h.IDs, time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.Issuer.Run(ctx) }()
		old := h.in()
		time.Sleep(session.RefreshLife - time.Minute)
		fresh := h.in()
		if _, err := h.store.Session(t.Context(), h.org.ID, old.Session.ID); err != nil {
			t.Errorf("forgotten too early: %v", err)
		}
		time.Sleep(2 * time.Hour)
		if _, err := h.store.Session(t.Context(), h.org.ID, old.Session.ID); apierr.KindOf(err) != apierr.NotFound {
			t.Errorf("kept: %v", err)
		}
		if _, err := h.store.Session(t.Context(), h.org.ID, fresh.Session.ID); err != nil {
			t.Errorf("the other one: %v", err)
		}
		cancel()
		h.must(<-ended)
	})
}
