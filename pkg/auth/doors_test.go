package auth_test

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/manage"
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
