package manage

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// CreateKey makes an API key and the plaintext that is shown once. Nobody gives a key a scope that they do not have
// themselves.
func (m *Manager) CreateKey(ctx context.Context, by By, org id.ID, draft KeyDraft) (apikey.Key, secret.String, error) {
	format, draft, err := draft.settled(by)
	if err != nil {
		return apikey.Key{}, "", err
	}
	if err := draft.check(by, format, m.now()); err != nil {
		return apikey.Key{}, "", err
	}
	if err := m.placeKey(ctx, org, draft); err != nil {
		return apikey.Key{}, "", err
	}
	key, text := format.Draw(m.Random, m.Hasher, apikey.Key{
		ID: m.IDs.New(), Org: org, Name: draft.Name, Scopes: draft.Scopes, App: draft.App, Networks: draft.Networks,
		Creator: by.creator(), CreatedBy: by.Name, CreatedAt: m.now(), NotBefore: draft.NotBefore, ExpiresAt: draft.ExpiresAt, Limit: draft.Limit,
	})
	what := audit.Change{Action: "api_key.create", Target: keyTarget(key), After: keyFacts(key)}
	return key, text, m.change(ctx, org, by, what, func() error { return m.Store.CreateKey(ctx, org, key) })
}

// RotateKey makes a key that takes the place of another, with the same name, scopes and bounds. The former one works for
// overlap more; with none it is dead everywhere when this returns.
func (m *Manager) RotateKey(ctx context.Context, by By, org, key id.ID, overlap time.Duration) (apikey.Key, secret.String, error) {
	if err := checkOverlap(overlap); err != nil {
		return apikey.Key{}, "", err
	}
	former, err := m.Store.Key(ctx, org, key)
	if err != nil {
		return apikey.Key{}, "", err
	}
	if !former.RevokedAt.IsZero() || !former.ExpiresAt.IsZero() && !m.now().Before(former.ExpiresAt) {
		return apikey.Key{}, "", apierr.New(apierr.Conflict, apierr.CodeChanged, "This key has ended; make another one instead.")
	}
	if excess := beyond(former.Scopes, by.Rights); excess != "" {
		return apikey.Key{}, "", above()
	}
	all, err := m.Store.Keys(ctx, org)
	if err != nil {
		return apikey.Key{}, "", err
	}
	format, _ := apikey.FormatNamed(former.Format)
	fresh := former
	fresh.ExpiresAt = expiry(former, all)
	fresh.ID, fresh.Replaces, fresh.Creator, fresh.CreatedBy, fresh.CreatedAt = m.IDs.New(), former.ID, by.creator(), by.Name, m.now()
	fresh.Leak = nil
	fresh, text := format.Draw(m.Random, m.Hasher, fresh)
	what := audit.Change{Action: "api_key.rotate", Target: keyTarget(former), After: map[string]any{
		"replacedBy": fresh.ID.String(), "overlapSeconds": int64(overlap.Seconds()),
	}}
	return fresh, text, m.change(ctx, org, by, what, func() error {
		if err := m.Store.CreateKey(ctx, org, fresh); err != nil {
			return err
		}
		return m.end(ctx, former, overlap)
	})
}

// expiry is when a key was meant to expire. One that was rotated before, perhaps by a call whose answer was lost, ends with
// that overlap; what takes its place must not.
func expiry(key apikey.Key, all []apikey.Key) time.Time {
	if n := slices.IndexFunc(all, func(k apikey.Key) bool { return k.Replaces == key.ID }); n >= 0 {
		return expiry(all[n], all)
	}
	return key.ExpiresAt
}

func (m *Manager) end(ctx context.Context, key apikey.Key, overlap time.Duration) (err error) {
	if overlap == 0 {
		_, err = m.Store.RevokeKey(ctx, key.Org, key.ID, m.now())
	} else {
		_, err = m.Store.ExpireKey(ctx, key.Org, key.ID, m.now().Add(overlap))
	}
	return err
}

// RevokeKey ends a key: when it returns, no process anywhere honours it. Should the announcement fail the call fails as
// apierr.Unavailable; the key is revoked in the store by then, and the call is safe to repeat.
func (m *Manager) RevokeKey(ctx context.Context, by By, org, key id.ID) (revoked apikey.Key, err error) {
	stored, err := m.Store.Key(ctx, org, key)
	if err != nil {
		return apikey.Key{}, err
	}
	what := audit.Change{Action: "api_key.revoke", Target: keyTarget(stored)}
	err = m.change(ctx, org, by, what, func() error {
		revoked, err = m.Store.RevokeKey(ctx, org, key, m.now())
		return err
	})
	return revoked, err
}

// Leaked notes that a text was found in the open, and by the Org's policy revokes the key that it is. It is false for a text
// that is no key of anybody's.
func (m *Manager) Leaked(ctx context.Context, text secret.String, leak apikey.Leak) (bool, error) {
	if _, shaped := apikey.Recognise(text.Reveal()); !shaped {
		return false, nil
	}
	key, err := m.Store.KeyByHash(ctx, m.Hasher.Hash(text.Reveal()))
	if err != nil {
		if apierr.KindOf(err) == apierr.NotFound {
			return false, nil
		}
		return false, err
	}
	return true, m.NoteLeak(ctx, key, leak)
}

// NoteLeak is Leaked for a key that is known. A leak that was noted before is not noted again, but acted upon if that was
// left undone.
func (m *Manager) NoteLeak(ctx context.Context, key apikey.Key, leak apikey.Leak) error {
	org, err := m.Store.Org(ctx, key.Org)
	if err != nil {
		return err
	}
	by := system("leak report")
	if key.Leak == nil {
		leak.At = m.now()
		what := audit.Change{Action: "api_key.leak", Target: keyTarget(key), After: map[string]any{"source": leak.Source, "url": leak.URL}}
		err = m.change(ctx, key.Org, by, what, func() error {
			_, err := m.Store.NoteLeak(ctx, key.Org, key.ID, leak)
			return err
		})
	}
	if err != nil || org.LeakPolicy != tenant.RevokeLeaks || !key.RevokedAt.IsZero() {
		return err
	}
	_, err = m.RevokeKey(ctx, by, key.Org, key.ID)
	return err
}

// placeKey refuses a draft for an Org or an App that is not there.
func (m *Manager) placeKey(ctx context.Context, org id.ID, draft KeyDraft) error {
	if _, err := m.Store.Org(ctx, org); err != nil {
		return err
	}
	if draft.App.IsZero() {
		return nil
	}
	_, err := m.App(ctx, org, draft.App)
	if err != nil && apierr.KindOf(err) == apierr.NotFound {
		return invalid("not_found", "no such App", "appId")
	}
	return err
}

// creator is the member whose role bounds a key, zero when nobody's does.
func (b By) creator() id.ID {
	if b.Kind == audit.ByMember {
		return b.ID
	}
	return b.OnBehalf
}

// beyond finds a scope that is none of the rights.
func beyond(scopes, rights []access.Right) access.Right {
	for _, scope := range scopes {
		if !slices.Contains(rights, scope) {
			return scope
		}
	}
	return ""
}

func keyTarget(k apikey.Key) audit.Target {
	return audit.Target{Kind: "api_key", ID: k.ID.String(), Name: k.Name}
}

func keyFacts(k apikey.Key) map[string]any {
	facts := map[string]any{
		"format": k.Format, "name": k.Name, "prefix": k.Prefix, "last4": k.Last4, "scopes": append([]access.Right{}, k.Scopes...),
		"appId": spellID(k.App), "allowedNetworks": append([]netip.Prefix{}, k.Networks...), "notBefore": spell(k.NotBefore),
		"expiresAt": spell(k.ExpiresAt), "limit": nil,
	}
	if k.Limit != nil {
		facts["limit"] = map[string]any{"limit": k.Limit.Limit, "burst": k.Limit.Burst}
	}
	return facts
}
