// Package apikey is the secrets that servers present: how they are spelled, checked offline, stored and revoked.
package apikey

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// PublicPrefix begins an App's public key, which is no secret.
const PublicPrefix = "pub_"

const publicRandom = 24

// ErrMalformed is returned for text that was never minted here: a wrong shape, or a wrong checksum.
var ErrMalformed = errors.New("apikey: malformed")

// Key is a stored API key: everything but the secret itself, of which only the keyed hash is kept. Its history survives
// its end.
type Key struct {
	ID        id.ID
	Org       id.ID
	Format    string
	Name      string
	Hash      Hash
	Prefix    string // the first characters, for people to tell keys apart
	Last4     string
	Scopes    []access.Right
	App       id.ID          // zero: all of the Org's; otherwise others do not exist for the key
	Networks  []netip.Prefix // from where it may be used; empty: from anywhere
	Creator   id.ID          // the member whose role bounds the scopes; zero: made by an operator, bounded by nobody
	CreatedBy string         // who that is, for people
	CreatedAt time.Time
	NotBefore time.Time // zero: at once
	ExpiresAt time.Time // zero: never
	RevokedAt time.Time // zero: not revoked
	Replaces  id.ID     // the key that this one was rotated from
	Leak      *Leak
	Limit     *tenant.Rate
}

// Leak is where and when a key was found in the open.
type Leak struct {
	At     time.Time
	Source string // "github", "browser"
	URL    string
}

// Live tells whether the key opens anything at that time.
func (k Key) Live(at time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || at.Before(k.ExpiresAt)) && !at.Before(k.NotBefore)
}

// Admits tells whether the key may be used from there.
func (k Key) Admits(address netip.Addr) bool {
	return len(k.Networks) == 0 || slices.ContainsFunc(k.Networks, func(n netip.Prefix) bool { return n.Contains(address.Unmap()) })
}

// Rights is what the key may do at present: its scopes, as far as its App and its creator's role go. Creator is nil for a key
// that an operator made, and a member without a role when its creator is gone.
func (k Key) Rights(creator *tenant.Member) []access.Right {
	scopes := k.Scopes
	if !k.App.IsZero() {
		scopes = access.Both(scopes, access.InApp())
	}
	if creator == nil {
		return scopes
	}
	if creator.Status != tenant.Active {
		return nil
	}
	return access.Both(scopes, access.Of(creator.Role))
}

// Hash is the HMAC-SHA256 of a key under the installation's hash key.
type Hash [sha256.Size]byte

// Hasher hashes secrets for storage and look-up. Without its key a stolen table cannot even be searched.
type Hasher struct{ key []byte }

// NewHasher takes the installation's hash key: 32 bytes.
func NewHasher(key []byte) (Hasher, error) {
	if len(key) != sha256.Size {
		return Hasher{}, errors.New("apikey: the hash key must be 32 bytes")
	}
	return Hasher{key: key}, nil
}

// Hash is what is stored and looked up for a key's text.
func (h Hasher) Hash(text string) (sum Hash) {
	mac := hmac.New(sha256.New, h.key)
	io.WriteString(mac, text) //nolint:errcheck // a hash never fails
	mac.Sum(sum[:0])
	return sum
}

// Derive gives a key of its own for another purpose.
func (h Hasher) Derive(purpose string) []byte {
	sum := h.Hash("derive:" + purpose)
	return sum[:]
}

// NewPublic draws a pub_ key: 24 alphanumerics.
func NewPublic(random io.Reader) string {
	return PublicPrefix + draw(random, base62, publicRandom)
}

// NewInvitation draws the token by which a person accepts an invitation: 202 bits.
func NewInvitation(random io.Reader) secret.String {
	return secret.String("inv_" + draw(random, base62, 34))
}

// CheckPublic refuses text that NewPublic never drew.
func CheckPublic(text string) error {
	rest, ok := strings.CutPrefix(text, PublicPrefix)
	if !ok || len(rest) != publicRandom || strings.Trim(rest, base62) != "" {
		return ErrMalformed
	}
	return nil
}

// shownPrefix is how much of a key is shown for people to tell keys apart: what AuthWorx documents, of the others four
// characters of the random part.
func (f Format) shownPrefix(text string) string {
	if f.Name == AuthWorx().Name {
		return text[:len(f.Prefix)+2]
	}
	return text[:len(f.Prefix)+4]
}

// Draw gives key the secret text of a new one in the format; everything else is the caller's.
func (f Format) Draw(random io.Reader, hasher Hasher, key Key) (Key, secret.String) {
	drawn := f.draw(random)
	text := drawn.Reveal()
	key.Format, key.Hash, key.Prefix, key.Last4 = f.Name, hasher.Hash(text), f.shownPrefix(text), text[len(text)-4:]
	return key, drawn
}

// Store keeps API keys. What is another Org's is not found.
type Store interface {
	CreateKey(ctx context.Context, org id.ID, key Key) error
	// KeyByHash finds a key, and so its Org, by a credential; revoked and expired ones too.
	KeyByHash(ctx context.Context, hash Hash) (Key, error)
	Key(ctx context.Context, org, key id.ID) (Key, error)
	// Keys lists the Org's keys, oldest first, revoked ones too.
	Keys(ctx context.Context, org id.ID) ([]Key, error)
	// RevokeKey stamps the key revoked. A key revoked before keeps its first time; that is no error.
	RevokeKey(ctx context.Context, org, key id.ID, at time.Time) (Key, error)
	// ExpireKey lets the key expire at that time, unless it does so earlier already.
	ExpireKey(ctx context.Context, org, key id.ID, at time.Time) (Key, error)
	// NoteLeak keeps where the key was found, unless it was found before.
	NoteLeak(ctx context.Context, org, key id.ID, leak Leak) (Key, error)
}
