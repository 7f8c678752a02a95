package platform

import (
	"encoding/hex"
	"errors"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/secret"
)

// Keys are the secrets of an installation: lose them, and every API key and signing secret is lost with them.
type Keys struct {
	Keyset  secret.String `env:"HEARD_KEYSET"`   // a Tink AEAD keyset as JSON: seals signing secrets
	HashKey secret.String `env:"HEARD_HASH_KEY"` // 64 hex digits: hashes API keys
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
	return faults
}

// Open reads the keys.
func (k Keys) Open() (secret.Keyset, apikey.Hasher, error) {
	keyset, errKeyset := secret.ParseKeyset(k.Keyset)
	hasher, errHasher := k.hasher()
	return keyset, hasher, errors.Join(errKeyset, errHasher)
}

func (k Keys) hasher() (apikey.Hasher, error) {
	key, err := hex.DecodeString(k.HashKey.Reveal())
	if err != nil {
		return apikey.Hasher{}, errors.New("must be 64 hex digits")
	}
	return apikey.NewHasher(key)
}
