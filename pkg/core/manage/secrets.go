package manage

import (
	"context"
	"fmt"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

const (
	// MaxOverlap is the longest that what was rotated goes on working.
	MaxOverlap = 30 * 24 * time.Hour
	// maxSecrets is how many signing secrets of one App verify at the same time: each costs every forged token an HMAC.
	maxSecrets = 5
)

// RotateSecret gives the App a fresh signing secret, shown once as hex digits. Tokens of the former one verify for
// overlap more; with none they are refused everywhere when the call returns (D11).
func (m *Manager) RotateSecret(ctx context.Context, by By, org, app id.ID, overlap time.Duration) (tenant.App, secret.String, error) {
	return m.adopt(ctx, by, org, app, usertoken.NewSecret(m.Random), overlap)
}

// ImportSecret is RotateSecret with a secret that the App's backend signs with already: hex digits, base64 or raw text.
func (m *Manager) ImportSecret(ctx context.Context, by By, org, app id.ID, text secret.String, overlap time.Duration) (tenant.App, secret.String, error) {
	key, err := usertoken.ParseSecret(text.Reveal())
	if err != nil {
		return tenant.App{}, "", required("secret")
	}
	return m.adopt(ctx, by, org, app, key, overlap)
}

func (m *Manager) adopt(ctx context.Context, by By, org, app id.ID, key []byte, overlap time.Duration) (tenant.App, secret.String, error) {
	if err := checkOverlap(overlap); err != nil {
		return tenant.App{}, "", err
	}
	fresh, text, err := m.seal(org, app, key)
	if err != nil {
		return tenant.App{}, "", err
	}
	changed, err := m.changeApp(ctx, by, org, app, "app.rotate_secret", func(a *tenant.App) error {
		*a = a.Rotated(fresh, overlap)
		if len(a.Secrets) > maxSecrets {
			return apierr.New(apierr.Conflict, apierr.CodeLimitReached,
				fmt.Sprintf("At most %d signing secrets verify at the same time; wait for an overlap to end, or rotate without one.", maxSecrets))
		}
		return nil
	})
	return changed, text, err
}

// CurrentSecret opens the App's present signing secret.
func (m *Manager) CurrentSecret(app tenant.App) (tenant.SigningSecret, []byte, error) {
	current := app.Secrets[0]
	key, err := usertoken.OpenSecret(m.Keyset, app.Org, app.ID, current.Sealed)
	return current, key, err
}

func (m *Manager) seal(org, app id.ID, key []byte) (tenant.SigningSecret, secret.String, error) {
	sealed, err := usertoken.SealSecret(m.Keyset, org, app, key)
	return tenant.SigningSecret{ID: m.IDs.New(), Sealed: sealed, CreatedAt: m.now()}, secret.String(usertoken.FormatSecret(key)), err
}

func checkOverlap(overlap time.Duration) error {
	if overlap < 0 || overlap > MaxOverlap {
		return invalid("out_of_range", fmt.Sprintf("must be 0 to %d", int(MaxOverlap.Seconds())), "overlapSeconds")
	}
	return nil
}
