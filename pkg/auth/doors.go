package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/id"
)

// Budget is what one category of requests draws from: by client address in public mode, by end user in private mode.
type Budget struct{ Address, User gate.Policy }

// signingSecret is an App's secret, opened, and how long it verifies.
type signingSecret struct {
	usertoken.Secret
	notAfter time.Time
}

// Widget admits a browser by its App's public key, its origin and, in private mode, the end user's token. It refuses in
// that order [Userz: 401 invalid_authorization, 401 unknown_app, 403 origin_not_allowed, then 401 invalid_user_token, or 403
// public_disabled where a private-only App is sent no token at all].
func (a *Authenticator) Widget(ctx context.Context, cred Credential, budget Budget) (Principal, gate.Verdict, error) {
	if !strings.HasPrefix(cred.Token, apikey.PublicPrefix) {
		return Principal{}, gate.Verdict{}, apierr.New(apierr.Unauthenticated, apierr.CodeInvalidAuthorization, "This is not an App's public key.")
	}
	if apikey.CheckPublic(cred.Token) != nil {
		return Principal{}, gate.Verdict{}, unknownApp()
	}
	load := func(ctx context.Context) (*entry, error) { return a.loadApp(ctx, cred.Token) }
	judge := func(e *entry) (Principal, []gate.Draw, error) {
		caller := Principal{Org: e.org, Numbers: e.numbers, App: e.app, Address: cred.Address}
		if !e.org.Open() {
			return caller, nil, unknownApp()
		}
		byAddress := []gate.Draw{draw(e.numbers.Policy(budget.Address), e.app.ID, gate.Neighbourhood(cred.Address))}
		if !e.app.AllowsOrigin(cred.Origin) {
			return caller, byAddress, apierr.New(apierr.Forbidden, apierr.CodeOriginNotAllowed, "This origin may not submit to this App.")
		}
		if cred.UserToken == "" {
			if !e.app.PublicSubmission {
				return caller, byAddress, apierr.New(apierr.Forbidden, apierr.CodePublicDisabled, "This App takes no feedback without a user token.")
			}
			return caller, byAddress, nil
		}
		now := a.Now()
		claims, signedBy, err := usertoken.Verify(cred.UserToken, e.app.ID, e.live(now), now)
		if err != nil {
			return caller, nil, err
		}
		caller.User, caller.used = &claims, signedBy
		return caller, []gate.Draw{draw(e.numbers.Policy(budget.User), e.app.ID, claims.Subject)}, nil
	}
	caller, verdict, err := a.admit(ctx, cred.Token, load, judge)
	if errors.Is(err, errUnknown) {
		err = unknownApp()
	}
	return caller, verdict, err
}

func unknownApp() error {
	return apierr.New(apierr.Unauthenticated, apierr.CodeUnknownApp, "No App has this public key.")
}

func (a *Authenticator) loadApp(ctx context.Context, publicKey string) (*entry, error) {
	app, err := a.Directory.AppByPublicKey(ctx, publicKey)
	if err != nil {
		return nil, err
	}
	if !app.DeletedAt.IsZero() {
		return nil, apierr.Missing("App")
	}
	e := &entry{app: &app}
	if err := a.tenant(ctx, e, app.Org); err != nil {
		return nil, err
	}
	e.secrets, err = a.open(app)
	return e, err
}

func (a *Authenticator) open(app tenant.App) ([]signingSecret, error) {
	opened := make([]signingSecret, 0, len(app.Secrets))
	for _, s := range app.LiveSecrets(a.Now()) {
		key, err := usertoken.OpenSecret(a.Keyset, app.Org, app.ID, s.Sealed)
		if err != nil {
			return nil, err
		}
		opened = append(opened, signingSecret{Secret: usertoken.Secret{ID: s.ID, Key: key}, notAfter: s.NotAfter})
	}
	return opened, nil
}

// live are the secrets that verify now; an overlap may have ended since the entry was loaded.
func (e *entry) live(now time.Time) []usertoken.Secret {
	live := make([]usertoken.Secret, 0, len(e.secrets))
	for _, s := range e.secrets {
		if s.notAfter.IsZero() || now.Before(s.notAfter) {
			live = append(live, s.Secret)
		}
	}
	return live
}

// draw names the bucket of one caller of one App without storing who that is.
func draw(policy gate.Policy, app id.ID, caller string) gate.Draw {
	sum := sha256.Sum256([]byte(caller))
	return gate.Draw{Policy: policy, Bucket: app.String() + ":" + hex.EncodeToString(sum[:12]), Cost: 1}
}
