package session_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// The seed and the thumbprint that RFC 8037 publishes, in A.1 and A.3.
const (
	published  = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
	thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
)

var (
	now  = time.Date(2026, 3, 4, 5, 6, 7, 890e6, time.UTC)
	ours = session.Session{ID: id.ID{1}, Org: id.ID{2}, Member: id.ID{3}, Rotation: 4}
)

func ring(t *testing.T, seeds ...string) session.Keyring {
	t.Helper()
	r, err := session.ParseKeyring(secret.String(strings.Join(seeds, ",")))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// another is a seed that nobody published.
var another = strings.Repeat("5e", 32)

func access(t *testing.T, r session.Keyring, at time.Time) string {
	t.Helper()
	token, err := r.SignAccess(ours, at)
	if err != nil {
		t.Fatal(err)
	}
	return token.Reveal()
}

func partial(t *testing.T, r session.Keyring, at time.Time) string {
	t.Helper()
	token, err := r.SignPartial(ours.Org, ours.Member, at)
	if err != nil {
		t.Fatal(err)
	}
	return token.Reveal()
}

func refused(t *testing.T, what string, code apierr.Code, err error) {
	t.Helper()
	if e := apierr.Of(err); err == nil || e.Kind != apierr.Unauthenticated || e.Code != code {
		t.Errorf("%s: %v", what, err)
	}
}

func TestTokensSpeakForTheirMemberWhileTheyLast(t *testing.T) {
	r := ring(t, published)
	for name, row := range map[string]struct {
		token  string
		verify func(string, time.Time) (session.Claims, error)
		life   time.Duration
		id     id.ID
	}{
		"access":  {access(t, r, now), r.VerifyAccess, 15 * time.Minute, ours.ID},
		"partial": {partial(t, r, now), r.VerifyPartial, 5 * time.Minute, id.Zero},
	} {
		ends := now.Add(row.life).Truncate(time.Second)
		claims, err := row.verify(row.token, ends.Add(-time.Nanosecond))
		if err != nil || claims.Org != ours.Org || claims.Member != ours.Member || claims.Session != row.id || !claims.ExpiresAt.Equal(ends) {
			t.Errorf("%s: %+v, %v", name, claims, err)
		}
		_, err = row.verify(row.token, ends)
		refused(t, name+" at its end", apierr.CodeTokenExpired, err)
		if _, err := row.verify(row.token, now.Add(-4*time.Second)); err != nil {
			t.Errorf("%s by a clock that is seconds behind: %v", name, err)
		}
		_, err = row.verify(row.token, now.Add(-time.Minute))
		refused(t, name+" from the future", apierr.CodeInvalidAuthorization, err)
	}
}

// forge signs a payload as somebody would who has some of our secrets, but not all.
func forge(t *testing.T, header, claims map[string]any, sign func(text []byte) []byte) string {
	t.Helper()
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	text := part(header) + "." + part(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(text)))
}

func TestOnlyOurOwnTokensOfTheRightKindAreTaken(t *testing.T) {
	r := ring(t, published)
	seed, _ := hex.DecodeString(published)
	private := ed25519.NewKeyFromSeed(seed)
	public := []byte(private.Public().(ed25519.PublicKey))
	genuinely := func(text []byte) []byte { return ed25519.Sign(private, text) }
	header := map[string]any{"alg": "EdDSA", "typ": "JWT", "kid": thumbprint}
	claims := map[string]any{
		"iss": "heard", "sub": ours.Member.Prefixed("usr_"), "org": ours.Org.Prefixed("org_"), "sid": ours.ID.Prefixed("ses_"), "use": "access",
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
	with := func(of map[string]any, name string, value any) map[string]any {
		changed := maps.Clone(of)
		if changed[name] = value; value == nil {
			delete(changed, name)
		}
		return changed
	}
	good := forge(t, header, claims, genuinely)
	if _, err := r.VerifyAccess(good, now); err != nil {
		t.Fatalf("the test's own tokens are not ours: %v", err)
	}
	head, rest, _ := strings.Cut(good, ".")
	for name, token := range map[string]string{
		"nothing":                   "",
		"no token":                  "hunter2",
		"a book":                    good + strings.Repeat("A", session.MaxToken),
		"a partial token":           partial(t, r, now),
		"a refresh token":           r.SignRefresh(ours).Reveal(),
		"another's key":             access(t, ring(t, another), now),
		"another's key, our kid":    forge(t, header, claims, func(text []byte) []byte { return ed25519.Sign(ed25519.NewKeyFromSeed(make([]byte, 32)), text) }),
		"an unknown kid":            forge(t, with(header, "kid", "x"), claims, genuinely),
		"no kid":                    forge(t, with(header, "kid", nil), claims, genuinely),
		"HS256 with the public key": forge(t, with(header, "alg", "HS256"), claims, func(text []byte) []byte { return mac(public, text) }),
		"HS256 with its spelling":   forge(t, with(header, "alg", "HS256"), claims, func(text []byte) []byte { return mac([]byte(r.Public()[0].X), text) }),
		"alg none":                  forge(t, with(header, "alg", "none"), claims, func([]byte) []byte { return nil }),
		"alg none, signed":          forge(t, with(header, "alg", "none"), claims, genuinely),
		"no signature":              good[:strings.LastIndex(good, ".")+1],
		"a changed signature":       good[:len(good)-3] + "A" + good[len(good)-2:],
		"a padded signature":        good + "=",
		"a line break":              head + ".\n" + rest,
		"another issuer":            forge(t, header, with(claims, "iss", "elsewhere"), genuinely),
		"no issuer":                 forge(t, header, with(claims, "iss", nil), genuinely),
		"no end":                    forge(t, header, with(claims, "exp", nil), genuinely),
		"no beginning":              forge(t, header, with(claims, "iat", nil), genuinely),
		"issued later":              forge(t, header, with(claims, "iat", now.Add(10*time.Second).Unix()), genuinely),
		"no use":                    forge(t, header, with(claims, "use", nil), genuinely),
		"another use":               forge(t, header, with(claims, "use", "partial"), genuinely),
		"no session":                forge(t, header, with(claims, "sid", nil), genuinely),
		"no Org":                    forge(t, header, with(claims, "org", nil), genuinely),
		"a member that is none":     forge(t, header, with(claims, "sub", "usr_1"), genuinely),
		"an Org for a member":       forge(t, header, with(claims, "sub", claims["org"]), genuinely),
		"expired, but partial":      partial(t, r, now.Add(-time.Hour)),
		"expired, another's key":    access(t, ring(t, another), now.Add(-time.Hour)),
	} {
		if token == good {
			t.Fatalf("%s is the good token", name)
		}
		_, err := r.VerifyAccess(token, now)
		refused(t, name, apierr.CodeInvalidAuthorization, err)
	}
	_, err := r.VerifyPartial(good, now)
	refused(t, "an access token as a partial one", apierr.CodeInvalidAuthorization, err)
}

func mac(key, text []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(text)
	return m.Sum(nil)
}

// A customer verifies with nothing but what is published.
func TestThePublishedKeyVerifiesAndHasItsStandardName(t *testing.T) {
	jwk := ring(t, published).Public()[0]
	text, err := json.Marshal(jwk)
	const want = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"` + thumbprint + `","use":"sig","alg":"EdDSA"}`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
	public, err := base64.RawURLEncoding.DecodeString(jwk.X)
	if err != nil {
		t.Fatal(err)
	}
	token := access(t, ring(t, published), now)
	end := strings.LastIndex(token, ".")
	signature, err := base64.RawURLEncoding.DecodeString(token[end+1:])
	if err != nil || !ed25519.Verify(public, []byte(token[:end]), signature) {
		t.Errorf("the published key does not verify, %v", err)
	}
}

func TestARotatedKeyringSignsWithTheFirstAndVerifiesAll(t *testing.T) {
	before, during, after := ring(t, published), ring(t, another, published), ring(t, another)
	old, fresh := access(t, before, now), access(t, during, now)
	oldRefresh, freshRefresh := before.SignRefresh(ours).Reveal(), during.SignRefresh(ours).Reveal()
	for _, row := range []struct {
		name       string
		ring       session.Keyring
		old, fresh bool
		published  int
	}{
		{"before", before, true, false, 1},
		{"during", during, true, true, 2},
		{"after", after, false, true, 1},
	} {
		for token, want := range map[string]bool{old: row.old, fresh: row.fresh} {
			if _, err := row.ring.VerifyAccess(token, now); (err == nil) != want {
				t.Errorf("%s: %v", row.name, err)
			}
		}
		for token, want := range map[string]bool{oldRefresh: row.old, freshRefresh: row.fresh} {
			if _, err := row.ring.ReadRefresh(token); (err == nil) != want {
				t.Errorf("%s, refresh: %v", row.name, err)
			}
		}
		if n := len(row.ring.Public()); n != row.published {
			t.Errorf("%s: %d keys are published", row.name, n)
		}
	}
}

func TestARefreshTokenCannotBeForged(t *testing.T) {
	r := ring(t, published)
	token := r.SignRefresh(ours).Reveal()
	said, err := r.ReadRefresh(token)
	if err != nil || said.Org != ours.Org || said.Session != ours.ID || said.Rotation != ours.Rotation {
		t.Fatalf("%+v, %v", said, err)
	}
	for i := range token {
		for _, c := range []byte("A_z\n=.") {
			if changed := token[:i] + string(c) + token[i+1:]; changed != token {
				_, err := r.ReadRefresh(changed)
				refused(t, changed, apierr.CodeInvalidAuthorization, err)
			}
		}
	}
	for _, text := range []string{
		"", "rt_", token[3:], token[:len(token)-1], token + "A", token + "=", token + "\n", token[:9] + "\r\n" + token[9:],
		access(t, r, now), ring(t, another).SignRefresh(ours).Reveal(),
	} {
		_, err := r.ReadRefresh(text)
		refused(t, text, apierr.CodeInvalidAuthorization, err)
	}
	raised := ours
	raised.Rotation++
	if r.SignRefresh(raised).Reveal() == token {
		t.Error("the next refresh token is the present one")
	}
}

func TestAKeyringIsSeedsAndNothingElse(t *testing.T) {
	if n := len(ring(t, " "+published+" ", "\n"+another).Public()); n != 2 {
		t.Errorf("%d keys", n)
	}
	for _, text := range []string{"", ",", published + ",", published[2:], published + "00", "zz" + published[2:], "hunter2"} {
		_, err := session.ParseKeyring(secret.String(text))
		if err == nil || text != "" && text != "," && strings.Contains(err.Error(), text) {
			t.Errorf("%d characters: %v", len(text), err)
		}
	}
}

func TestASessionLivesUntilItEndsOrExpires(t *testing.T) {
	for name, row := range map[string]struct {
		s    session.Session
		live bool
	}{
		"not yet expired":     {session.Session{ExpiresAt: now.Add(1)}, true},
		"expiring now":        {session.Session{ExpiresAt: now}, false},
		"ended before it did": {session.Session{ExpiresAt: now.Add(time.Hour), EndedAt: now.Add(-time.Minute)}, false},
		"ended, by our clock": {session.Session{ExpiresAt: now.Add(time.Hour), EndedAt: now.Add(time.Second)}, false},
	} {
		if row.s.Live(now) != row.live {
			t.Errorf("%s: live is %t", name, !row.live)
		}
	}
}
