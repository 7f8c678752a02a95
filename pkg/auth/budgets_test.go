package auth_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// left tells what a widget's request leaves of its budget.
func (h *house) left(app tenant.App, address, userToken string) (policy string, remaining int64) {
	h.Helper()
	cred := auth.Credential{Token: app.PublicKey, UserToken: userToken, Address: netip.MustParseAddr(address)}
	_, verdict, err := h.Widget(h.Context(), cred, auth.Budget{Address: gate.FeedbackByIP(), User: gate.FeedbackByUser()})
	h.admitted(err)
	if len(verdict.Decisions) != 1 {
		h.Fatalf("%d draws", len(verdict.Decisions))
	}
	return verdict.Decisions[0].Policy.Name, verdict.Decisions[0].Remaining
}

func TestABudgetIsOfOneAddressOrOneUserAndOneApp(t *testing.T) {
	h := newHouse(t)
	app, signing := h.app(manage.AppDraft{PublicSubmission: true})
	other, _ := h.app(manage.AppDraft{Slug: "other", PublicSubmission: true})
	ann, ben := h.token("ann", app.ID, signing), h.token("ben", app.ID, signing)
	for _, row := range []struct {
		app            tenant.App
		address, token string
		policy         string
		left           int64
	}{
		{app, "192.0.2.1", "", "feedback.ip", 59},
		{app, "192.0.2.1", "", "feedback.ip", 58},
		{app, "::ffff:192.0.2.1", "", "feedback.ip", 57},
		{app, "192.0.2.2", "", "feedback.ip", 59},
		{other, "192.0.2.1", "", "feedback.ip", 59},
		{app, "2001:db8:0:1::1", "", "feedback.ip", 59},
		{app, "2001:db8:0:1:ffff:ffff:ffff:ffff", "", "feedback.ip", 58},
		{app, "2001:db8:0:2::1", "", "feedback.ip", 59},
		{app, "192.0.2.1", ann, "feedback.user", 119},
		{app, "192.0.2.9", ann, "feedback.user", 118},
		{app, "192.0.2.1", ben, "feedback.user", 119},
		{app, "192.0.2.1", "", "feedback.ip", 56},
	} {
		policy, left := h.left(row.app, row.address, row.token)
		if policy != row.policy || left != row.left {
			t.Errorf("%s %s (token %t): %d left of %s, want %d of %s",
				row.app.Slug, row.address, row.token != "", left, policy, row.left, row.policy)
		}
	}
}

func TestARefusedCallerDrawsNothingAndIsShownWhatIsLeft(t *testing.T) {
	h := newHouse(t)
	app, _ := h.app(manage.AppDraft{PublicSubmission: true, AllowedOrigins: []string{"https://a.example"}})
	cred := auth.Credential{Token: app.PublicKey, Origin: "https://a.example", Address: netip.MustParseAddr("192.0.2.1")}
	budget := auth.Budget{Address: gate.FeedbackByIP()}
	stranger := cred
	stranger.Origin = "https://b.example"
	for want := int64(59); want > 56; want-- {
		_, verdict, err := h.Widget(t.Context(), cred, budget)
		h.admitted(err)
		if left := verdict.Decisions[0].Remaining; left != want {
			t.Errorf("%d left, want %d", left, want)
		}
		_, verdict, err = h.Widget(t.Context(), stranger, budget)
		h.refused(err, apierr.CodeOriginNotAllowed)
		if left := verdict.Decisions[0].Remaining; left != want {
			t.Errorf("%d left after a refusal, want %d", left, want)
		}
	}
}

func TestNumbersComeFromTheKeyThenTheOrgThenThePolicy(t *testing.T) {
	h := newHouse(t)
	custom := tenant.Org{ID: id.ID{7}, Slug: "custom", Name: "Custom"}
	h.must(h.directory.CreateOrg(t.Context(), custom))
	h.limit(custom, "reads.key", 1200)
	door := serverDoor()
	door.Budgets = []gate.Policy{gate.ByKey(gate.Reads)}
	for name, row := range map[string]struct {
		org    id.ID
		limit  *tenant.Rate
		source gate.Source
		burst  int64
	}{
		"plain":             {h.org.ID, nil, gate.FromDefault, 100},
		"the Org's":         {custom.ID, nil, gate.FromOrg, 200},
		"the key's":         {h.org.ID, &tenant.Rate{Limit: 60, Burst: 3}, gate.FromKey, 3},
		"the key's over it": {custom.ID, &tenant.Rate{Limit: 60, Burst: 2}, gate.FromKey, 2},
	} {
		key, text, err := h.manager.CreateKey(t.Context(), byTest(), row.org, manage.KeyDraft{Name: name, Limit: row.limit})
		h.must(err)
		cred := auth.Credential{Token: text.Reveal()}
		for n := range row.burst {
			caller, verdict, err := h.Key(t.Context(), cred, door)
			h.admitted(err)
			met := verdict.Decisions[0]
			if met.Policy.Source != row.source || met.Remaining != row.burst-1-n || caller.Key.ID != key.ID || caller.Org.ID != row.org {
				t.Fatalf("%s: %+v", name, met)
			}
		}
		_, verdict, err := h.Key(t.Context(), cred, door)
		h.refused(err, apierr.CodeRateLimited)
		if wait := apierr.Of(err).RetryAfter; wait <= 0 || wait != verdict.Decisions[0].RetryAfter {
			t.Errorf("%s: to wait %v, verdict %+v", name, wait, verdict)
		}
	}
}

func TestAnOrgsOwnNumbersBindItsWidgets(t *testing.T) {
	h := newHouse(t)
	h.org = tenant.Org{ID: id.ID{7}, Slug: "custom", Name: "Custom"}
	h.must(h.directory.CreateOrg(t.Context(), h.org))
	h.limit(h.org, "feedback.ip", 7)
	h.limit(h.org, "feedback.user", 9)
	app, signing := h.app(manage.AppDraft{PublicSubmission: true})
	if _, left := h.left(app, "192.0.2.1", ""); left != 6 {
		t.Errorf("%d left for the address", left)
	}
	if _, left := h.left(app, "192.0.2.1", h.token("ann", app.ID, signing)); left != 8 {
		t.Errorf("%d left for the user", left)
	}
}

// A caller who has spent one of two windows is refused by it, and the other keeps what it had.
func TestTwoWindowsAreDrawnFromTogether(t *testing.T) {
	h := newHouse(t)
	_, text := h.key()
	window := func(name string, limit int64) gate.Policy {
		return gate.Policy{Name: name, Algorithm: gate.FixedWindow, Limit: limit, Period: 24 * time.Hour, Source: gate.FromDefault}
	}
	door := serverDoor()
	door.Budgets = []gate.Policy{window("short", 3), window("long", 10)}
	cred := auth.Credential{Token: text}
	for n := int64(1); n <= 3; n++ {
		checks := h.shared.checks.Load()
		_, verdict, err := h.Key(t.Context(), cred, door)
		h.admitted(err)
		if d := verdict.Decisions; len(d) != 2 || d[0].Remaining != 3-n || d[1].Remaining != 10-n {
			t.Fatalf("request %d: %+v", n, d)
		}
		if n > 1 && h.shared.checks.Load()-checks != 1 {
			t.Errorf("request %d asked the gate %d times", n, h.shared.checks.Load()-checks)
		}
		if tightest, _ := verdict.Tightest(); tightest.Policy.Name != "short" {
			t.Errorf("request %d: the tighter is %s", n, tightest.Policy.Name)
		}
	}
	_, verdict, err := h.Key(t.Context(), cred, door)
	h.refused(err, apierr.CodeRateLimited)
	if verdict.Decisions[0].Allowed || !verdict.Decisions[1].Allowed || verdict.Decisions[1].Remaining != 7 {
		t.Errorf("%+v", verdict.Decisions)
	}
}

func TestKeysOfOneOrgShareABudgetWhereTheSurfaceSaysSo(t *testing.T) {
	h := newHouse(t)
	_, first := h.key()
	_, second := h.key()
	for perOrg, left := range map[bool]int64{true: 98, false: 99} {
		door := serverDoor()
		door.PerOrg, door.Budgets = perOrg, []gate.Policy{gate.ByKey(gate.Reads)}
		_, _, err := h.Key(t.Context(), auth.Credential{Token: first}, door)
		h.admitted(err)
		_, verdict, err := h.Key(t.Context(), auth.Credential{Token: second}, door)
		h.admitted(err)
		if got := verdict.Decisions[0].Remaining; got != left {
			t.Errorf("shared %t: %d left", perOrg, got)
		}
		h.clock.Advance(time.Minute) // full again
	}
}

func TestAKeysOwnLimitBindsItWithinTheBudgetThatAllShare(t *testing.T) {
	h := newHouse(t)
	door := serverDoor()
	door.PerOrg, door.Budgets = true, []gate.Policy{gate.EventsByOrg()}
	_, text, err := h.manager.CreateKey(t.Context(), byTest(), h.org.ID, manage.KeyDraft{Name: "slow", Limit: &tenant.Rate{Limit: 2}})
	h.must(err)
	slow := auth.Credential{Token: text.Reveal()}
	for left := int64(1); left >= 0; left-- {
		_, verdict, err := h.Key(t.Context(), slow, door)
		h.admitted(err)
		if tightest, _ := verdict.Tightest(); tightest.Remaining != left || tightest.Policy.Limit != 2 || tightest.Policy.Source != gate.FromKey {
			t.Errorf("%+v", verdict.Decisions)
		}
	}
	_, _, err = h.Key(t.Context(), slow, door)
	h.refused(err, apierr.CodeRateLimited)
	_, other := h.key()
	_, verdict, err := h.Key(t.Context(), auth.Credential{Token: other}, door)
	h.admitted(err)
	if left := verdict.Decisions[0].Remaining; len(verdict.Decisions) != 1 || left != 97 {
		t.Errorf("another key has %d left: %+v", left, verdict.Decisions)
	}
}
