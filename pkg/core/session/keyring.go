package session

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/heard-dev/heard/pkg/secret"
)

// Keyring signs and verifies tokens. Its first key signs; all of them verify, so that an operator rotates by putting a new
// one first and taking the old one away when its last token has expired.
type Keyring struct{ keys []key }

type key struct {
	id      string // RFC 7638 thumbprint of the public key
	private ed25519.PrivateKey
	refresh []byte // the HMAC key of refresh tokens
}

// ErrKeyring is returned for text that is no list of keys.
var ErrKeyring = errors.New("session: the keys must be 64 hex digits each, separated by commas")

// ParseKeyring reads Ed25519 seeds: 64 hex digits each, separated by commas.
func ParseKeyring(text secret.String) (Keyring, error) {
	var ring Keyring
	for _, digits := range strings.Split(text.Reveal(), ",") {
		seed, err := hex.DecodeString(strings.TrimSpace(digits))
		if err != nil || len(seed) != ed25519.SeedSize {
			return Keyring{}, ErrKeyring
		}
		private := ed25519.NewKeyFromSeed(seed)
		derived := hmac.New(sha256.New, seed)
		derived.Write([]byte("heard refresh tokens"))
		k := key{private: private, refresh: derived.Sum(nil)}
		k.id = k.jwk().thumbprint()
		ring.keys = append(ring.keys, k)
	}
	return ring, nil
}

// JWK is a public key as RFC 8037 spells it.
type JWK struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	KeyID     string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

// Public gives the public keys by which anybody verifies access tokens.
func (r Keyring) Public() []JWK {
	public := make([]JWK, len(r.keys))
	for i, k := range r.keys {
		public[i] = k.jwk()
		public[i].KeyID = k.id
	}
	return public
}

func (k key) jwk() JWK {
	x := base64.RawURLEncoding.EncodeToString(k.private.Public().(ed25519.PublicKey))
	return JWK{KeyType: "OKP", Curve: "Ed25519", X: x, Use: "sig", Algorithm: "EdDSA"}
}

// thumbprint hashes the required members in the order that RFC 7638 asks for.
func (j JWK) thumbprint() string {
	sum := sha256.Sum256([]byte(`{"crv":"` + j.Curve + `","kty":"` + j.KeyType + `","x":"` + j.X + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
