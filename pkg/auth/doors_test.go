package auth_test

import (
	"context"
	"crypto/rand"
	"net/netip"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

func TestWhatCannotBeACredentialIsRefusedOffline(t *testing.T) {
	h := newHouse(t)
	_, text := h.key()
	_, foreign := apikey.AuthWorx().Draw(rand.Reader, h.Hasher, apikey.Key{})
	app, _ := h.app(manage.AppDraft{PublicSubmission: true})
	if n := h.reads(func() {
		for name, row := range map[string]struct {
			err  error
			want apierr.Code
		}{
			"a public key at the server's door": {h.server(app.PublicKey), apierr.CodeInvalidKeyFormat},
			"a secret key at the widget's door": {h.widget(auth.Credential{Token: text}), apierr.CodeInvalidAuthorization},
			"a wrong checksum":                  {h.server(text[:len(text)-1] + string(text[len(text)-1]^1)), apierr.CodeInvalidKey},
			"a short key":                       {h.server("sk_short"), apierr.CodeInvalidKey},
			"a long key":                        {h.server(text + "0"), apierr.CodeInvalidKey},
			"another surface's key":             {h.server(foreign.Reveal()), apierr.CodeInvalidKeyFormat},
			"no key":                            {h.server(""), apierr.CodeInvalidKeyFormat},
			"a word at the widget's door":       {h.widget(auth.Credential{Token: "hello"}), apierr.CodeInvalidAuthorization},
			"a public key that is none":         {h.widget(auth.Credential{Token: "pub_nobody"}), apierr.CodeUnknownApp},
		} {
			if row.err == nil || apierr.Of(row.err).Code != row.want || apierr.KindOf(row.err) != apierr.Unauthenticated {
				t.Errorf("%s: %v", name, row.err)
			}
		}
	}); n != 0 {
		t.Errorf("took %d reads", n)
	}
	if n := h.shared.checks.Load(); n != 0 {
		t.Errorf("took %d questions to the gate", n)
	}
}

func TestTheWidgetIsToldTheFirstOfItsFaults(t *testing.T) {
	h := newHouse(t)
	app, signing := h.app(manage.AppDraft{AllowedOrigins: []string{"https://a.example"}})
	cred := auth.Credential{Token: apikey.NewPublic(rand.Reader), Origin: "https://b.example", UserToken: "forged"}
	h.refused(h.widget(cred), apierr.CodeUnknownApp)
	cred.Token = app.PublicKey
	h.refused(h.widget(cred), apierr.CodeOriginNotAllowed)
	cred.Origin = ""
	h.refused(h.widget(cred), apierr.CodeOriginNotAllowed)
	cred.Origin = "https://a.example"
	h.refused(h.widget(cred), apierr.CodeInvalidUserToken)
	cred.UserToken = ""
	h.refused(h.widget(cred), apierr.CodePublicDisabled)
	cred.UserToken = h.token("ann", app.ID, signing)
	h.admitted(h.widget(cred))
}

func TestAUserTokenIsOneAppsAndSaysWhoCalls(t *testing.T) {
	h := newHouse(t)
	app, signing := h.app(manage.AppDraft{PublicSubmission: true})
	other, foreign := h.app(manage.AppDraft{Slug: "other"})
	caller, _, err := h.Widget(t.Context(), auth.Credential{Token: app.PublicKey, UserToken: h.token("ann", app.ID, signing)}, ampleBudget())
	h.admitted(err)
	if caller.User == nil || caller.User.Subject != "ann" || caller.App.ID != app.ID || caller.Org.ID != h.org.ID || caller.Key != nil {
		t.Errorf("caller %+v", caller)
	}
	for name, token := range map[string]string{
		"another App's":                   h.token("ann", other.ID, foreign),
		"this App's under another's key":  h.token("ann", app.ID, foreign),
		"another App's under this secret": h.token("ann", other.ID, signing),
		"garbage":                         "a.b.c",
	} {
		if err := h.widget(auth.Credential{Token: app.PublicKey, UserToken: token}); apierr.Of(err).Code != apierr.CodeInvalidUserToken {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Guesses cost the store one read each and a repeated one a read every few seconds; they push nobody out of the cache.
func TestGuessesNeitherHammerTheStoreNorCrowdOutTheKnown(t *testing.T) {
	h := newHouse(t)
	app, _ := h.app(manage.AppDraft{PublicSubmission: true})
	known := auth.Credential{Token: app.PublicKey}
	h.admitted(h.widget(known))
	guess := auth.Credential{Token: apikey.NewPublic(rand.Reader)}
	if n := h.reads(func() {
		for range 100 {
			h.refused(h.widget(guess), apierr.CodeUnknownApp)
		}
	}); n != 1 {
		t.Errorf("a repeated guess took %d reads", n)
	}
	h.clock.Advance(5 * time.Second)
	if n := h.reads(func() { h.refused(h.widget(guess), apierr.CodeUnknownApp) }); n != 1 {
		t.Errorf("later it took %d reads", n)
	}
	const many = 10_000 // more than are remembered
	if n := h.reads(func() {
		for range many {
			h.refused(h.widget(auth.Credential{Token: apikey.NewPublic(rand.Reader)}), apierr.CodeUnknownApp)
		}
	}); n != many {
		t.Errorf("%d guesses took %d reads", many, n)
	}
	if n := h.reads(func() { h.admitted(h.widget(known)) }); n != 0 {
		t.Errorf("the known one took %d reads after all the guesses", n)
	}
}

func TestAWarmRequestAsksTheGateOnceAndTheStoreNothing(t *testing.T) {
	h := newHouse(t)
	_, text := h.key()
	app, signing := h.app(manage.AppDraft{PublicSubmission: true})
	for name, request := range map[string]func() error{
		"server": func() error { return h.server(text) },
		"public": func() error { return h.widget(auth.Credential{Token: app.PublicKey}) },
		"private": func() error {
			return h.widget(auth.Credential{Token: app.PublicKey, UserToken: h.token("ann", app.ID, signing)})
		},
	} {
		h.admitted(request())
		checks := h.shared.checks.Load()
		if n := h.reads(func() { h.admitted(request()) }); n != 0 || h.shared.checks.Load()-checks != 1 {
			t.Errorf("%s: %d reads, %d questions to the gate", name, n, h.shared.checks.Load()-checks)
		}
	}
}

func TestACallerWhoGivesUpIsNotAdmitted(t *testing.T) {
	h := newHouse(t)
	_, text := h.key()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := h.Key(ctx, auth.Credential{Token: text}, serverDoor()); apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("answered %v", err)
	}
}

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

func TestARefusedCallerDrawsNothing(t *testing.T) {
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
		if len(verdict.Decisions) != 0 {
			t.Errorf("a stranger was shown %+v", verdict)
		}
	}
}

func TestNumbersComeFromTheKeyThenTheOrgThenThePolicy(t *testing.T) {
	h := newHouse(t)
	custom := tenant.Org{ID: id.ID{7}, Slug: "custom", Name: "Custom", Limits: map[string]tenant.Rate{"api.key": {Limit: 1200}}}
	h.must(h.directory.CreateOrg(t.Context(), custom))
	door := serverDoor()
	door.Budgets = []gate.Policy{gate.APIByKey()}
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
	h.org = tenant.Org{
		ID: id.ID{7}, Slug: "custom", Name: "Custom",
		Limits: map[string]tenant.Rate{"feedback.ip": {Limit: 7}, "feedback.user": {Limit: 9}},
	}
	h.must(h.directory.CreateOrg(t.Context(), h.org))
	app, signing := h.app(manage.AppDraft{PublicSubmission: true})
	if _, left := h.left(app, "192.0.2.1", ""); left != 6 {
		t.Errorf("%d left for the address", left)
	}
	if _, left := h.left(app, "192.0.2.1", h.token("ann", app.ID, signing)); left != 8 {
		t.Errorf("%d left for the user", left)
	}
}
