package signin_test

import (
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/secret"
)

func TestAPasswordIsChangedByWhoKnowsItAndEndsEverySession(t *testing.T) {
	h := newHall(t)
	login := h.in()
	by := audit.Actor{Kind: audit.ByMember, ID: h.ann.ID, Address: home.String()}
	change := func(current, fresh secret.String) error {
		return h.ChangePassword(t.Context(), by, h.org.ID, h.ann.ID, current, fresh)
	}
	for _, row := range []struct {
		current, fresh secret.String
		code           apierr.Code
	}{
		{"wrong", "fjord-lantern-42", apierr.CodeInvalidCredentials},
		{password, "password1", apierr.CodeInvalidBody},
	} {
		if err := change(row.current, row.fresh); apierr.Of(err).Code != row.code {
			t.Errorf("%v, want %s", err, row.code)
		}
	}
	if _, err := h.Refresh(t.Context(), from(), login.Refresh); err != nil {
		t.Errorf("a change that was refused ended the session: %v", err)
	}
	bumps := h.gate.bumps.Load()
	h.must(change(password, "fjord-lantern-42"))
	stored, err := h.store.Session(t.Context(), h.org.ID, login.Session.ID)
	h.must(err)
	if stored.Live(h.at) || h.gate.bumps.Load() == bumps {
		t.Error("the session outlived its password")
	}
	if _, err := h.try(password, ""); apierr.Of(err).Code != apierr.CodeInvalidCredentials {
		t.Errorf("the former password: %v", err)
	}
	_, err = h.try("fjord-lantern-42", "")
	h.must(err)
}
