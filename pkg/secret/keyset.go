package secret

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Keyset seals values at rest with a Tink AEAD keyset: its primary key seals, all of its keys open, so that an operator
// rotates by adding one.
type Keyset struct{ aead tink.AEAD }

// ParseKeyset reads a Tink JSON keyset in clear text, as NewKeysetJSON and tinkey write it.
func ParseKeyset(json String) (Keyset, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(strings.NewReader(json.Reveal())))
	if err != nil {
		return Keyset{}, fmt.Errorf("secret: the keyset is not a Tink JSON keyset: %w", err)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return Keyset{}, fmt.Errorf("secret: the keyset is not for AEAD: %w", err)
	}
	return Keyset{aead: primitive}, nil
}

// NewKeysetJSON makes a keyset of one AES-256-GCM key.
func NewKeysetJSON() (String, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return "", fmt.Errorf("secret: make a keyset: %w", err)
	}
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
		return "", fmt.Errorf("secret: write the keyset: %w", err)
	}
	return String(out.String()), nil
}

// Seal encrypts value. It opens only with the same owner, so that a sealed value cannot be moved to another tenant.
func (k Keyset) Seal(value []byte, owner string) ([]byte, error) {
	sealed, err := k.aead.Encrypt(value, []byte(owner))
	if err != nil {
		return nil, fmt.Errorf("secret: seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same owner.
func (k Keyset) Open(sealed []byte, owner string) ([]byte, error) {
	value, err := k.aead.Decrypt(sealed, []byte(owner))
	if err != nil {
		return nil, fmt.Errorf("secret: open: %w", err)
	}
	return value, nil
}
