package conformance

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// keepsSessions: a log-in gives tokens, a refresh the next ones, a replayed refresh token ends them all, and so does leaving.
func (a *authworx) keepsSessions(t *testing.T) {
	who := a.join(t, "member")
	wrong := []map[string]any{
		{"email": who.email, "password": who.password + "x"},
		{"email": "nobody@people.example", "password": who.password},
	}
	said := map[string]bool{}
	for _, body := range wrong {
		said[a.open(t, "/auth/login", body).failed(t, http.StatusUnauthorized)] = true
	}
	said[a.ask(t, as{}, "POST", api+"/auth/login", map[string]any{"email": who.email, "password": who.password}, "X-Org-Slug", slug()).
		failed(t, http.StatusUnauthorized)] = true
	if len(said) != 1 {
		t.Errorf("wrong password, unknown address and unknown organisation are told apart: %v", said)
	}
	for _, body := range []string{`{}`, `{"email":"a@b.example"}`, `{"email":1,"password":"x"}`} {
		a.open(t, "/auth/login", body).failed(t, http.StatusBadRequest)
	}

	again := a.login(t, person{email: strings.ToUpper(who.email), password: who.password})
	told := has(t, "who is logged in", a.by(t, again, "GET", "/auth/me", nil).data(t, http.StatusOK), "user membership org twoFactorEnabled")
	if user := has(t, "the user", told["user"], userFields); user["id"] != who.id || told["twoFactorEnabled"] != false {
		t.Errorf("logged in is %v", told)
	}

	renew := func(token string) answer { return a.open(t, "/auth/refresh", map[string]any{"refreshToken": token}) }
	next := renew(again.refresh).data(t, http.StatusOK)
	has(t, "a refresh", next, "accessToken refreshToken user membership")
	renewed := person{access: next["accessToken"].(string), refresh: next["refreshToken"].(string)}
	if renewed.refresh == again.refresh {
		t.Error("the refresh token is the same again")
	}
	a.by(t, renewed, "GET", "/auth/me", nil).data(t, http.StatusOK)
	renew(again.refresh).failed(t, http.StatusUnauthorized) // a replay
	renew(renewed.refresh).failed(t, http.StatusUnauthorized)
	a.by(t, renewed, "GET", "/auth/me", nil).failed(t, http.StatusUnauthorized)
	a.by(t, who, "GET", "/auth/me", nil).data(t, http.StatusOK) // another session
	renew("").failed(t, http.StatusUnauthorized)
	a.open(t, "/auth/refresh", nil).failed(t, http.StatusUnauthorized)

	for range 2 { // leaving is no error without a session either
		left := a.by(t, who, "POST", "/auth/logout", nil).data(t, http.StatusOK)
		equal(t, "the answer to leaving", left, map[string]any{"message": "Logged out successfully"})
		a.by(t, who, "GET", "/auth/me", nil).failed(t, http.StatusUnauthorized)
		renew(who.refresh).failed(t, http.StatusUnauthorized)
	}
	a.open(t, "/auth/logout", nil).data(t, http.StatusOK)
	for _, authorization := range []string{"Bearer", "Basic dTpw", "Bearer a b", "Bearer " + who.refresh} {
		a.ask(t, as{}, "GET", api+"/auth/me", nil, "X-Org-Slug", a.Slug, "Authorization", authorization).failed(t, http.StatusUnauthorized)
	}

	keys, _ := a.ask(t, as{}, "GET", api+"/.well-known/jwks.json", nil).is(t, http.StatusOK).object(t)["keys"].([]any)
	if first, _ := keys[0].(map[string]any); first["kty"] != "OKP" || first["crv"] != "Ed25519" || first["x"] == "" || first["d"] != nil {
		t.Errorf("the published keys are %v", keys)
	}
}

// setsCookies: a browser holds the session in cookies that scripts do not see, other sites do not send, and leaving drops.
func (a *authworx) setsCookies(t *testing.T) {
	who := a.join(t, "member")
	got := a.open(t, "/auth/login", map[string]any{"email": who.email, "password": who.password})
	data := got.data(t, http.StatusOK)
	jar := a.cookies(t, got, map[string]int{"access_token": 15 * 60, "refresh_token": 7 * 24 * 3600, "partial_token": -1})
	if jar["access_token"] != data["accessToken"] || jar["refresh_token"] != data["refreshToken"] {
		t.Error("the cookies are not the tokens")
	}
	held := func(jar map[string]string) []string {
		return []string{"Cookie", "access_token=" + jar["access_token"] + "; refresh_token=" + jar["refresh_token"]}
	}
	me := func(jar map[string]string) answer {
		return a.ask(t, as{}, "GET", api+"/auth/me", nil, append(held(jar), "X-Org-Slug", a.Slug)...)
	}
	me(jar).data(t, http.StatusOK)
	renewed := a.open(t, "/auth/refresh", nil, held(jar)...)
	renewed.data(t, http.StatusOK)
	next := a.cookies(t, renewed, map[string]int{"access_token": 15 * 60, "refresh_token": 7 * 24 * 3600, "partial_token": -1})
	me(next).data(t, http.StatusOK)
	// The access cookie is gone after its 15 minutes; the refresh cookie alone still ends the session.
	left := a.open(t, "/auth/logout", nil, "Cookie", "refresh_token="+next["refresh_token"])
	left.data(t, http.StatusOK)
	a.cookies(t, left, map[string]int{"access_token": -1, "refresh_token": -1, "partial_token": -1})
	me(next).failed(t, http.StatusUnauthorized)
}

// cookies holds what an answer sets to its form and life, and gives the values.
func (a *authworx) cookies(t *testing.T, got answer, lives map[string]int) map[string]string {
	t.Helper()
	jar := map[string]string{}
	for _, c := range (&http.Response{Header: got.header}).Cookies() {
		life, expected := lives[c.Name]
		if !expected || c.MaxAge != life || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != api || c.Domain != "" {
			t.Errorf("%s sets the cookie %s for %d s, which is not as it should be", got.what, c.Name, c.MaxAge)
		}
		jar[c.Name] = c.Value
	}
	if len(jar) != len(lives) {
		t.Fatalf("%s sets %d cookies, want %d", got.what, len(jar), len(lives))
	}
	return jar
}

// asksForASecondFactor from log-ins, once a member has one.
func (a *authworx) asksForASecondFactor(t *testing.T) {
	who := a.join(t, "member")
	a.by(t, who, "POST", "/auth/2fa/enable", map[string]any{"code": "123456"}).failed(t, http.StatusConflict)
	drawn := has(t, "what is drawn", a.by(t, who, "POST", "/auth/2fa/enroll", nil).data(t, http.StatusOK), "secret otpauthUrl")
	secret := drawn["secret"].(string)
	link, err := url.Parse(drawn["otpauthUrl"].(string))
	if err != nil || link.Scheme != "otpauth" || link.Host != "totp" || link.Query().Get("secret") != secret {
		t.Errorf("the link is not one for an authenticator app: %v", err)
	}
	a.login(t, who) // nothing is asked for yet
	step := present()
	a.by(t, who, "POST", "/auth/2fa/enable", map[string]any{"code": wrongCode(t, secret)}).failed(t, http.StatusUnauthorized)
	recovery := a.by(t, who, "POST", "/auth/2fa/enable", map[string]any{"code": totp(t, secret, step)}).data(t, http.StatusOK)["recoveryCodes"].([]any)
	if len(recovery) < 8 {
		t.Fatalf("%d recovery codes", len(recovery))
	}
	a.by(t, who, "POST", "/auth/2fa/enroll", nil).failed(t, http.StatusConflict)

	half := func() string {
		t.Helper()
		got := a.open(t, "/auth/login", map[string]any{"email": who.email, "password": who.password})
		equal(t, "a log-in without a code", got.data(t, http.StatusOK), map[string]any{"requires2FA": true})
		return a.cookies(t, got, map[string]int{"partial_token": 300})["partial_token"]
	}
	partial := half()
	a.by(t, person{access: partial}, "GET", "/auth/me", nil).failed(t, http.StatusUnauthorized)
	verify := func(code any, cookie string) answer {
		return a.open(t, "/auth/verify-2fa", map[string]any{"code": code}, "Cookie", "partial_token="+cookie)
	}
	verify(wrongCode(t, secret), partial).failed(t, http.StatusUnauthorized)
	verify(totp(t, secret, step), partial).failed(t, http.StatusUnauthorized) // used up
	a.open(t, "/auth/verify-2fa", map[string]any{"code": recovery[0]}).failed(t, http.StatusUnauthorized)
	done := verify(totp(t, secret, step+1), partial)
	has(t, "a completed log-in", done.data(t, http.StatusOK), "accessToken refreshToken user membership")
	a.cookies(t, done, map[string]int{"access_token": 15 * 60, "refresh_token": 7 * 24 * 3600, "partial_token": -1})

	spoken := a.open(t, "/auth/verify-2fa", map[string]any{"code": recovery[0], "partialToken": half()}).data(t, http.StatusOK)
	verify(recovery[0], half()).failed(t, http.StatusUnauthorized) // it logs in once
	who.access = spoken["accessToken"].(string)
	if told := a.by(t, who, "GET", "/auth/me", nil).data(t, http.StatusOK); told["twoFactorEnabled"] != true {
		t.Error("nothing tells of the second factor")
	}
	disable := func(with map[string]any) answer { return a.by(t, who, "POST", "/auth/2fa/disable", with) }
	disable(map[string]any{"password": who.password}).failed(t, http.StatusUnauthorized)
	disable(map[string]any{"password": "x", "code": recovery[1]}).failed(t, http.StatusUnauthorized)
	disable(map[string]any{"password": who.password, "code": recovery[1]}).data(t, http.StatusOK)
	a.login(t, who)
}

// present is the time step of RFC 6238. One that is about to end is waited out, so that the next one's code is not too early.
func present() int64 {
	const period, slack = 30, 5
	if left := period - time.Now().Unix()%period; left < slack {
		time.Sleep(time.Duration(left) * time.Second)
	}
	return time.Now().Unix() / period
}

// totp is what an authenticator app shows, by RFC 6238 and RFC 4226.
func totp(t *testing.T, secret string, step int64) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1_000_000)
}

// wrongCode is one that no step near the present has.
func wrongCode(t *testing.T, secret string) string {
	t.Helper()
	near := map[string]bool{}
	for step := range int64(9) {
		near[totp(t, secret, time.Now().Unix()/30-4+step)] = true
	}
	for n := 0; ; n++ {
		if code := fmt.Sprintf("%06d", n); !near[code] {
			return code
		}
	}
}

// limitsFailures is D30: of one account ten log-ins may fail in a quarter of an hour, from wherever; the right password does
// not help then, and other accounts are not touched.
func (a *authworx) limitsFailures(t *testing.T) {
	const limit, period, ample = 10, 15 * 60, 20
	if left := period - time.Now().Unix()%period; left < ample { // the window would end under the test
		time.Sleep(time.Duration(left+1) * time.Second)
	}
	who, other := a.join(t, "member"), a.join(t, "member")
	for range limit {
		a.open(t, "/auth/login", map[string]any{"email": who.email, "password": "not theirs"}).failed(t, http.StatusUnauthorized)
	}
	for _, password := range []string{"not theirs", who.password} {
		got := a.open(t, "/auth/login", map[string]any{"email": who.email, "password": password})
		got.failed(t, http.StatusTooManyRequests)
		if wait, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || wait < 1 || wait > period {
			t.Errorf("%s: Retry-After is %q", got, got.header.Get("Retry-After"))
		}
	}
	a.login(t, other)
	a.by(t, who, "GET", "/auth/me", nil).data(t, http.StatusOK) // who is in stays in
}
