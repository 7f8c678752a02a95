package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// RefreshPrefix begins every refresh token.
const RefreshPrefix = "rt_"

// refreshSize is an Org, a session and a rotation.
const refreshSize = len(id.ID{})*2 + 8

// Refresh is what a refresh token says. Nobody but the keyring's owner can make one say it, so none is stored.
type Refresh struct {
	Org, Session id.ID
	Rotation     int64
}

// SignRefresh spells the session's present refresh token.
func (r Keyring) SignRefresh(s Session) secret.String {
	said := append(append(make([]byte, 0, refreshSize+sha256.Size), s.Org[:]...), s.ID[:]...)
	said = binary.BigEndian.AppendUint64(said, uint64(s.Rotation))
	said = append(said, r.keys[0].seal(said)...)
	return secret.String(RefreshPrefix + base64.RawURLEncoding.EncodeToString(said))
}

// ReadRefresh reads what SignRefresh spelled, whichever of the keys sealed it.
func (r Keyring) ReadRefresh(token string) (Refresh, error) {
	text, ok := strings.CutPrefix(token, RefreshPrefix)
	said, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(said) != refreshSize+sha256.Size || strings.ContainsAny(text, "\r\n") {
		return Refresh{}, refused(errClaims)
	}
	said, seal := said[:refreshSize], said[refreshSize:]
	for _, k := range r.keys {
		if hmac.Equal(seal, k.seal(said)) {
			var read Refresh
			copy(read.Org[:], said)
			copy(read.Session[:], said[len(read.Org):])
			read.Rotation = int64(binary.BigEndian.Uint64(said[2*len(read.Org):]))
			return read, nil
		}
	}
	return Refresh{}, refused(errClaims)
}

func (k key) seal(said []byte) []byte {
	mac := hmac.New(sha256.New, k.refresh)
	mac.Write(said)
	return mac.Sum(nil)
}
