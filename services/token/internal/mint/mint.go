// Package mint signs user tokens for an Org's backend, so that it need not hold a signing secret.
package mint

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// Minter signs user tokens.
type Minter struct {
	Apps   tenant.Store
	Keyset secret.Keyset
	Now    func() time.Time
}

// Request is what a token shall say. Context is a JSON object, or nil.
type Request struct {
	App     id.ID
	Subject string
	Context []byte
	TTL     time.Duration
}

// Mint signs a token with the App's present secret. Another Org's App is not found.
func (m *Minter) Mint(ctx context.Context, org id.ID, said Request) (secret.String, usertoken.Claims, error) {
	app, err := m.Apps.App(ctx, org, said.App)
	if err == nil && !app.DeletedAt.IsZero() {
		err = apierr.Missing("App")
	}
	if err != nil {
		return "", usertoken.Claims{}, err
	}
	claims, err := usertoken.New(said.Subject, app.ID, said.Context, said.TTL, m.Now())
	if err != nil {
		return "", claims, err
	}
	current := app.Secrets[0]
	key, err := usertoken.OpenSecret(m.Keyset, org, app.ID, current.Sealed)
	if err != nil {
		return "", claims, err
	}
	token, err := usertoken.Mint(claims, current.ID, key)
	return token, claims, err
}
