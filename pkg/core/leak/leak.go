// Package leak is who may report credentials that were found in the open, and how a report proves that it is theirs.
package leak

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/secret"
)

// Reporters are the public keys by which reports are signed. The zero value believes nobody.
type Reporters struct{ keys map[string]*ecdsa.PublicKey }

// ParseReporters reads public keys as GitHub's meta endpoint answers them: {"public_keys":[{"key_identifier","key"}]}, where
// key is a P-256 public key in PEM. All that are listed verify, the current one and those before it. Empty text lists none.
func ParseReporters(text secret.String) (Reporters, error) {
	reporters := Reporters{keys: map[string]*ecdsa.PublicKey{}}
	if text == "" {
		return reporters, nil
	}
	var listed struct {
		Keys []struct {
			Identifier string `json:"key_identifier"`
			Key        string `json:"key"`
		} `json:"public_keys"`
	}
	if err := json.Unmarshal([]byte(text.Reveal()), &listed); err != nil || len(listed.Keys) == 0 {
		return Reporters{}, errors.New(`must be JSON such as {"public_keys":[{"key_identifier":"…","key":"-----BEGIN PUBLIC KEY-----…"}]}`)
	}
	for i, one := range listed.Keys {
		key, ok := parseKey(one.Key)
		if !ok || one.Identifier == "" || reporters.keys[one.Identifier] != nil {
			return Reporters{}, fmt.Errorf("must have, in public_keys[%d], an identifier of its own and a P-256 public key in PEM", i)
		}
		reporters.keys[one.Identifier] = key
	}
	return reporters, nil
}

func parseKey(text string) (*ecdsa.PublicKey, bool) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(rest) > 0 {
		return nil, false
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, ok := parsed.(*ecdsa.PublicKey)
	return key, err == nil && ok && key.Curve == elliptic.P256()
}

// Verify refuses a report, of whose body sum is the SHA-256, that no reporter signed: signature is an ECDSA signature in
// ASN.1, in base64.
func (r Reporters) Verify(identifier, signature string, sum [sha256.Size]byte) error {
	key, known := r.keys[identifier]
	raw, err := base64.StdEncoding.DecodeString(signature)
	if !known || err != nil || !ecdsa.VerifyASN1(key, sum[:], raw) {
		return apierr.New(apierr.Unauthenticated, apierr.CodeInvalidAuthorization, "No reporter known here has signed this.")
	}
	return nil
}
