// Package apikey is the secrets that servers present: how they are spelled, checked offline, stored and revoked.
package apikey

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// The prefixes by which a credential tells what it is.
const (
	SecretPrefix = "sk_"
	PublicPrefix = "pub_"
)

const (
	alphabet      = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	secretRandom  = 34 // 202 bits
	checksumChars = 6  // a CRC32 in base 62
	publicRandom  = 24
)

// ErrMalformed is returned for text that was never minted here: a wrong shape, or a wrong checksum.
var ErrMalformed = errors.New("apikey: malformed")

// Key is a stored API key: everything but the secret itself, of which only the keyed hash is kept.
type Key struct {
	ID        id.ID
	Org       id.ID
	Name      string
	Hash      Hash
	Prefix    string // the first characters, for people to tell keys apart
	Last4     string
	CreatedBy string
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
	RevokedAt time.Time // zero: not revoked
	Limit     *tenant.Rate
}

// Live tells whether the key opens anything at that time.
func (k Key) Live(at time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || at.Before(k.ExpiresAt))
}

// Hash is the HMAC-SHA256 of a key under the installation's hash key.
type Hash [sha256.Size]byte

// Hasher hashes keys for storage and look-up. Without its key a stolen table cannot even be searched.
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

// NewSecret draws an sk_ key: 34 random base-62 characters and 6 of checksum.
func NewSecret(random io.Reader) secret.String {
	body := SecretPrefix + draw(random, secretRandom)
	return secret.String(body + checksum(body))
}

// NewPublic draws a pub_ key: 24 alphanumerics.
func NewPublic(random io.Reader) string {
	return PublicPrefix + draw(random, publicRandom)
}

// CheckSecret refuses, without asking any store, text that NewSecret never drew.
func CheckSecret(text string) error {
	if !shaped(text, SecretPrefix, secretRandom+checksumChars) {
		return ErrMalformed
	}
	body := text[:len(text)-checksumChars]
	if text[len(body):] != checksum(body) {
		return ErrMalformed
	}
	return nil
}

// CheckPublic refuses text that NewPublic never drew.
func CheckPublic(text string) error {
	if !shaped(text, PublicPrefix, publicRandom) {
		return ErrMalformed
	}
	return nil
}

// Mint makes a Key and the plaintext that is shown once.
func Mint(random io.Reader, hasher Hasher, keyID, org id.ID, name, createdBy string, at time.Time) (Key, secret.String) {
	text := NewSecret(random)
	return Key{
		ID: keyID, Org: org, Name: name, CreatedBy: createdBy, CreatedAt: at,
		Hash: hasher.Hash(text.Reveal()), Prefix: text.Reveal()[:len(SecretPrefix)+4], Last4: text.Reveal()[len(text)-4:],
	}, text
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
}

func shaped(text, prefix string, n int) bool {
	body, ok := strings.CutPrefix(text, prefix)
	return ok && len(body) == n && strings.IndexFunc(body, foreign) < 0
}

func checksum(body string) string {
	sum := crc32.ChecksumIEEE([]byte(body))
	var text [checksumChars]byte
	for i := len(text) - 1; i >= 0; i-- {
		text[i] = alphabet[sum%uint32(len(alphabet))]
		sum /= uint32(len(alphabet))
	}
	return string(text[:])
}

// draw picks n characters evenly: bytes past the last whole multiple of the alphabet are thrown away.
func draw(random io.Reader, n int) string {
	const even = 256 / len(alphabet) * len(alphabet)
	var text strings.Builder
	var buf [64]byte
	for {
		if _, err := io.ReadFull(random, buf[:]); err != nil {
			panic("apikey: no randomness: " + err.Error())
		}
		for _, b := range buf {
			if int(b) >= even {
				continue
			}
			text.WriteByte(alphabet[int(b)%len(alphabet)])
			if text.Len() == n {
				return text.String()
			}
		}
	}
}

func foreign(r rune) bool { return !strings.ContainsRune(alphabet, r) }
