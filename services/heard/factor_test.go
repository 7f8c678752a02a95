package heard_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 has no other that every authenticator app knows
	"encoding/base32"
	"encoding/binary"
	"fmt"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/secret"
)

// enrolled gives a world's owner a second factor that is yet to be enabled, and says its present code.
func (i *installation) enrolled(w world) {
	i.t.Helper()
	owner := w.people[access.Owner]
	key, _, err := i.SignIn().Enroll(context.Background(), byTest().Actor, w.org.ID, owner.ID)
	must(i.t, err)
	w.said["totp"], w.said["code"] = key.Reveal(), i.code(key.Reveal(), 0)
}

// proving gives a world's owner a second factor, and says a code of it and what is held between password and code.
func (i *installation) proving(w world) {
	i.t.Helper()
	owner := w.people[access.Owner]
	key, _, err := i.SignIn().Enroll(context.Background(), byTest().Actor, w.org.ID, owner.ID)
	must(i.t, err)
	_, err = i.SignIn().Enable(context.Background(), byTest().Actor, w.org.ID, owner.ID, secret.String(i.code(key.Reveal(), -1)))
	must(i.t, err)
	partial, err := i.Keyring.SignPartial(w.org.ID, owner.ID, i.Now())
	must(i.t, err)
	w.said["totp"], w.said["code"], w.said["partial"] = key.Reveal(), i.code(key.Reveal(), 0), partial.Reveal()
}

// code is what an authenticator app shows so many steps from now [RFC 6238].
func (i *installation) code(key string, steps int64) string {
	i.t.Helper()
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key)
	must(i.t, err)
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(i.Now().Unix()/30+steps)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1e6)
}
