// Package manage changes tenants and their credentials; a change is effective everywhere when the call returns.
package manage

import (
	"context"
	"encoding/base32"
	"fmt"
	"io"
	"net/mail"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// Store is what a Manager keeps its changes in.
type Store interface {
	tenant.Store
	apikey.Store
}

// Deps are what a Manager works with.
type Deps struct {
	Store  Store
	Gate   gate.Gate
	Hasher apikey.Hasher
	Keyset secret.Keyset
	IDs    *id.Source
	Now    func() time.Time
	Random io.Reader
}

// Manager changes tenants and credentials.
type Manager struct{ Deps }

// New makes a Manager.
func New(deps Deps) *Manager { return &Manager{deps} }

// CreateOrg makes a tenant. A taken slug is apierr.Conflict.
func (m *Manager) CreateOrg(ctx context.Context, slug, name string) (tenant.Org, error) {
	if err := named(slug, name); err != nil {
		return tenant.Org{}, err
	}
	org := tenant.Org{ID: m.IDs.New(), Slug: slug, Name: name, Plan: tenant.DefaultPlan, CreatedAt: m.now()}
	return org, m.Store.CreateOrg(ctx, org)
}

// AppDraft is an App as it is asked for.
type AppDraft struct {
	Slug, Name, Description string
	PublicSubmission        bool
	AllowedOrigins          []string
}

// batchWindowHours is the documented default [Userz /docs/api/customer].
const batchWindowHours = 24

// CreateApp makes an App, and the signing secret that is shown once, as hex digits. A taken slug is apierr.Conflict, an
// unknown Org apierr.NotFound.
func (m *Manager) CreateApp(ctx context.Context, org id.ID, draft AppDraft) (tenant.App, secret.String, error) {
	if err := named(draft.Slug, draft.Name); err != nil {
		return tenant.App{}, "", err
	}
	for i, origin := range draft.AllowedOrigins {
		if !tenant.IsOrigin(origin) {
			return tenant.App{}, "", apierr.Body(apierr.Issue{
				Path: []any{"allowedOrigins", i}, Code: "invalid_format", Message: "must be an origin, such as https://example.com",
			})
		}
	}
	if _, err := m.Store.Org(ctx, org); err != nil {
		return tenant.App{}, "", err
	}
	app := tenant.App{
		ID: m.IDs.New(), Org: org, Slug: draft.Slug, Name: draft.Name, Description: draft.Description,
		PublicKey: apikey.NewPublic(m.Random), PublicSubmission: draft.PublicSubmission,
		ProcessingMode: tenant.Manual, BatchWindowHours: batchWindowHours,
		AllowedOrigins: draft.AllowedOrigins, CreatedAt: m.now(), Version: 1,
	}
	sealed, text, err := m.seal(org, app.ID, usertoken.NewSecret(m.Random))
	if err != nil {
		return tenant.App{}, "", err
	}
	app.Secrets = []tenant.SigningSecret{sealed}
	return app, text, m.Store.CreateApp(ctx, org, app)
}

// rotateTries bounds the retries of a rotation that meets other changes to the same App.
const rotateTries = 5

// RotateSecret gives the App a fresh signing secret, shown once as hex digits. Tokens of the former one verify for
// overlap more; with none they are refused everywhere when the call returns.
func (m *Manager) RotateSecret(ctx context.Context, org, app id.ID, overlap time.Duration) (tenant.App, secret.String, error) {
	return m.adopt(ctx, org, app, usertoken.NewSecret(m.Random), overlap)
}

// ImportSecret is RotateSecret with a secret that the App's backend signs with already: hex digits, base64 or raw text.
func (m *Manager) ImportSecret(ctx context.Context, org, app id.ID, text secret.String, overlap time.Duration) (tenant.App, secret.String, error) {
	key, err := usertoken.ParseSecret(text.Reveal())
	if err != nil {
		return tenant.App{}, "", required("secret")
	}
	return m.adopt(ctx, org, app, key, overlap)
}

func (m *Manager) adopt(ctx context.Context, org, app id.ID, key []byte, overlap time.Duration) (tenant.App, secret.String, error) {
	fresh, text, err := m.seal(org, app, key)
	if err != nil {
		return tenant.App{}, "", err
	}
	for try := 1; ; try++ {
		stored, err := m.Store.App(ctx, org, app)
		if err != nil {
			return tenant.App{}, "", err
		}
		rotated := stored.Rotated(fresh, overlap)
		err = m.Store.ReplaceApp(ctx, org, rotated)
		if err == nil {
			return rotated, text, m.announce(ctx, org)
		}
		if apierr.KindOf(err) != apierr.Conflict || try == rotateTries {
			return tenant.App{}, "", err
		}
	}
}

// CurrentSecret opens the App's present signing secret.
func (m *Manager) CurrentSecret(app tenant.App) (tenant.SigningSecret, []byte, error) {
	current := app.Secrets[0]
	key, err := usertoken.OpenSecret(m.Keyset, app.Org, app.ID, current.Sealed)
	return current, key, err
}

// CreateKey makes an API key and the plaintext that is shown once.
func (m *Manager) CreateKey(ctx context.Context, org id.ID, name, createdBy string) (apikey.Key, secret.String, error) {
	if strings.TrimSpace(name) == "" {
		return apikey.Key{}, "", required("name")
	}
	if _, err := m.Store.Org(ctx, org); err != nil {
		return apikey.Key{}, "", err
	}
	key, text := apikey.Mint(m.Random, m.Hasher, m.IDs.New(), org, name, createdBy, m.now())
	return key, text, m.Store.CreateKey(ctx, org, key)
}

// RevokeKey ends a key: when it returns, no process anywhere honours it. Should the announcement fail the call fails as
// apierr.Unavailable; the key is revoked in the store by then, and the call is safe to repeat.
func (m *Manager) RevokeKey(ctx context.Context, org, key id.ID) (apikey.Key, error) {
	revoked, err := m.Store.RevokeKey(ctx, org, key, m.now())
	if err != nil {
		return apikey.Key{}, err
	}
	return revoked, m.announce(ctx, org)
}

// AddMember makes a person a member of an Org. A taken e-mail address is apierr.Conflict.
func (m *Manager) AddMember(ctx context.Context, org id.ID, email, name string, role tenant.Role, password secret.String) (tenant.Member, error) {
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email {
		return tenant.Member{}, apierr.Body(apierr.Issue{Path: []any{"email"}, Code: "invalid_format", Message: "must be an e-mail address"})
	}
	if !role.Known() {
		return tenant.Member{}, apierr.Body(apierr.Issue{Path: []any{"role"}, Code: "invalid_value", Message: "must be owner, admin or member"})
	}
	if _, err := m.Store.Org(ctx, org); err != nil {
		return tenant.Member{}, err
	}
	hash, err := tenant.HashPassword(password, m.Random)
	if err != nil {
		return tenant.Member{}, err
	}
	member := tenant.Member{ID: m.IDs.New(), Org: org, Email: email, Name: name, Role: role, PasswordHash: hash, CreatedAt: m.now()}
	return member, m.Store.CreateMember(ctx, org, member)
}

// announce makes whatever was loaded before stale, everywhere.
func (m *Manager) announce(ctx context.Context, org id.ID) error {
	if err := m.Gate.Bump(ctx, org); err != nil {
		return apierr.Away(fmt.Errorf("manage: the change is stored but could not be announced: %w", err))
	}
	return nil
}

func (m *Manager) seal(org, app id.ID, key []byte) (tenant.SigningSecret, secret.String, error) {
	sealed, err := usertoken.SealSecret(m.Keyset, org, app, key)
	return tenant.SigningSecret{ID: m.IDs.New(), Sealed: sealed, CreatedAt: m.now()}, secret.String(usertoken.FormatSecret(key)), err
}

// now is the time as stores keep it.
func (m *Manager) now() time.Time { return m.Now().UTC().Truncate(time.Millisecond) }

func named(slug, name string) error {
	if err := tenant.CheckSlug(slug); err != nil {
		return err
	}
	if strings.TrimSpace(name) == "" {
		return required("name")
	}
	return nil
}

func required(field string) error {
	return apierr.Body(apierr.Issue{Path: []any{field}, Code: "required", Message: "is required"})
}

// NewPassword is 120 random bits, spelled to be typed.
func NewPassword(random io.Reader) secret.String {
	var bits [15]byte
	if _, err := io.ReadFull(random, bits[:]); err != nil {
		panic("manage: no randomness: " + err.Error())
	}
	return secret.String(strings.ToLower(base32.StdEncoding.EncodeToString(bits[:])))
}
