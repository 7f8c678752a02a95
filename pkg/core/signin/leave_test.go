package signin_test

import (
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/secret"
)

func TestWhoeverHoldsEitherTokenCanLeave(t *testing.T) {
	for name, leave := range map[string]func(h *hall, access, refresh secret.String) error{
		"with both": func(h *hall, access, refresh secret.String) error {
			return h.Leave(h.Context(), from(), access, refresh)
		},
		"with the access token": func(h *hall, access, _ secret.String) error { return h.Leave(h.Context(), from(), access, "") },
		"with the refresh token when the access token is too old": func(h *hall, access, refresh secret.String) error {
			h.at = h.at.Add(2 * session.AccessLife)
			return h.Leave(h.Context(), from(), access, refresh)
		},
		"with a refresh token that was used": func(h *hall, _, refresh secret.String) error {
			_, err := h.refresh(refresh)
			h.must(err)
			return h.Leave(h.Context(), from(), "", refresh)
		},
		"whose account is gone": func(h *hall, access, _ secret.String) error {
			h.must(h.store.DeleteMember(h.Context(), h.org.ID, h.ann.ID))
			return h.Leave(h.Context(), from(), access, "")
		},
	} {
		h := newHall(t)
		login := h.in()
		h.must(leave(h, login.Access, login.Refresh))
		entries := h.entries()
		if last := entries[len(entries)-1]; h.ended(login.Session) != "logout" || last.Action != "session.end" || last.Actor.ID != h.ann.ID {
			t.Errorf("%s: ended for %q, written down as %+v", name, h.ended(login.Session), last)
		}
	}
}

func TestLeavingWithoutASessionIsNoErrorAndEndsNone(t *testing.T) {
	h := newHall(t)
	login := h.in()
	forged := login.Refresh[:len(login.Refresh)-2] + "AA"
	for _, pair := range [][2]secret.String{{"", ""}, {"nonsense", "rt_nonsense"}, {login.Refresh, login.Access}, {"", forged}} {
		h.must(h.Leave(t.Context(), from(), pair[0], pair[1]))
	}
	elsewhere := from()
	elsewhere.Org = "globex"
	h.is("at another Org", h.Leave(t.Context(), elsewhere, login.Access, login.Refresh), apierr.CodeForbidden)
	if reason := h.ended(login.Session); reason != "" {
		t.Errorf("it ended for %q", reason)
	}
	h.must(h.store.EndSession(t.Context(), h.org.ID, login.Session.ID, h.at, "logout"))
	_, err := h.store.SweepSessions(t.Context(), h.at.Add(session.RefreshLife+1), 10)
	h.must(err)
	h.must(h.Leave(t.Context(), from(), login.Access, ""))
	if member := h.stored(h.ann.ID); member.Status != tenant.Active {
		t.Errorf("%v", member.Status)
	}
}
