package usertoken

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"strings"

	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// secretSize is the length of a signing secret, in bytes: that of the SHA-256 it keys.
const secretSize = 32

// NewSecret draws a signing secret of 32 bytes. It panics when randomness fails, as crypto/rand itself does.
func NewSecret(random io.Reader) []byte {
	key := make([]byte, secretSize)
	if _, err := io.ReadFull(random, key); err != nil {
		panic("usertoken: no randomness: " + err.Error())
	}
	return key
}

// FormatSecret spells a signing secret as an App's owner is shown it: in hex.
func FormatSecret(key []byte) string { return hex.EncodeToString(key) }

// ParseSecret reads a signing secret: an even number of hex digits is hex, else what base64 encodes (standard or URL
// alphabet, padded or not) is base64, else the text is the secret itself. Space around it is not part of it.
func ParseSecret(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, errSecret
	}
	if key, err := hex.DecodeString(text); err == nil {
		return key, nil
	}
	if strings.ContainsAny(text, "\r\n") { // Go's base64 would skip them
		return []byte(text), nil
	}
	for _, encoding := range []*base64.Encoding{
		base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding,
	} {
		if key, err := encoding.Strict().DecodeString(text); err == nil {
			return key, nil
		}
	}
	return []byte(text), nil
}

// SealSecret encrypts a signing secret for storage. It opens only as the same App's, in the same Org.
func SealSecret(keyset secret.Keyset, org, app id.ID, key []byte) ([]byte, error) {
	if len(key) == 0 {
		return nil, errSecret
	}
	return keyset.Seal(key, owner(org, app))
}

// OpenSecret decrypts what SealSecret sealed.
func OpenSecret(keyset secret.Keyset, org, app id.ID, sealed []byte) ([]byte, error) {
	return keyset.Open(sealed, owner(org, app))
}

func owner(org, app id.ID) string { return org.String() + "/" + app.String() }
