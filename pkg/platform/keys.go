package platform

import (
	"encoding/hex"
	"errors"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/secret"
)

// Keys are the secrets of an installation: lose them, and every API key and signing secret is lost with them.
type Keys struct {
	Keyset  secret.String `env:"HEARD_KEYSET"`   // a Tink AEAD keyset as JSON: seals signing secrets
	HashKey secret.String `env:"HEARD_HASH_KEY"` // 64 hex digits: hashes API keys
	// Ed25519 seeds of 64 hex digits each, separated by commas: the first signs access tokens, all verify them.
	SessionKeys secret.String `env:"HEARD_SESSION_KEYS"`
}

// Check refuses keys that cannot be read.
func (k Keys) Check() []config.Fault {
	var faults []config.Fault
	if _, err := secret.ParseKeyset(k.Keyset); err != nil {
		faults = append(faults, config.Fault{Name: "HEARD_KEYSET", Reason: "must be a Tink AEAD keyset in JSON"})
	}
	if _, err := k.hasher(); err != nil {
		faults = append(faults, config.Fault{Name: "HEARD_HASH_KEY", Reason: err.Error()})
	}
	if _, err := session.ParseKeyring(k.SessionKeys); err != nil {
		faults = append(faults, config.Fault{Name: "HEARD_SESSION_KEYS", Reason: "must be 64 hex digits, or several of them separated by commas"})
	}
	return faults
}

// Opened are the keys, ready for use.
type Opened struct {
	Keyset  secret.Keyset
	Hasher  apikey.Hasher
	Keyring session.Keyring
}

// Open reads the keys.
func (k Keys) Open() (Opened, error) {
	keyset, errKeyset := secret.ParseKeyset(k.Keyset)
	hasher, errHasher := k.hasher()
	keyring, errKeyring := session.ParseKeyring(k.SessionKeys)
	return Opened{Keyset: keyset, Hasher: hasher, Keyring: keyring}, errors.Join(errKeyset, errHasher, errKeyring)
}

func (k Keys) hasher() (apikey.Hasher, error) {
	key, err := hex.DecodeString(k.HashKey.Reveal())
	if err != nil {
		return apikey.Hasher{}, errors.New("must be 64 hex digits")
	}
	return apikey.NewHasher(key)
}
