package heard_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 as authenticator apps have it
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

func credentials(org, email, password, more string) string {
	return fmt.Sprintf(`{"org":%q,"email":%q,"password":%q%s}`, org, email, password, more)
}

func TestASessionLivesFromItsLoginToItsLogout(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		ann, _ := i.colleague(h, "ann", access.Admin)
		login := credentials("acme", "ANN@example.com", password, "")
		first := i.ask(200, "POST", "/v1/sessions", "", login)
		if first["requiresTwoFactor"] != nil || first["expiresAt"] != "2026-03-01T12:15:00.000Z" || !same(first["member"], map[string]any{
			"id": ann.ID.String(), "email": "ann@example.com", "name": "ann", "role": "admin", "twoFactorEnabled": false,
		}) || !same(first["org"], map[string]any{"id": h.org.ID.String(), "slug": "acme", "name": "acme", "closesAt": nil}) {
			t.Errorf("logged in: %v", first)
		}
		current := i.ask(200, "GET", "/v1/sessions/current", first.text("accessToken"), "")
		if !same(current["rights"], rights(access.Of(access.Admin))) || current["address"] != "192.0.2.1" || !same(current["member"], first["member"]) {
			t.Errorf("current: %v", current)
		}
		i.refuse(401, "invalid_authorization", "GET", "/v1/sessions/current", h.sk, "")

		i.clock.Advance(session.AccessLife + time.Second)
		i.refuse(401, "invalid_authorization", "GET", "/v1/sessions/current", first.text("accessToken"), "")
		refresh := func(of thing) string { return fmt.Sprintf(`{"refreshToken":%q}`, of["refreshToken"]) }
		second := i.ask(200, "POST", "/v1/sessions/refresh", "", refresh(first))
		if again := i.ask(200, "GET", "/v1/sessions/current", second.text("accessToken"), ""); again["id"] != current["id"] {
			t.Errorf("refreshed: %v", again)
		}
		other := i.ask(200, "POST", "/v1/sessions", "", login)

		// The first refresh token was used: whoever has it, or the second, has stolen one.
		i.refuse(401, "invalid_authorization", "POST", "/v1/sessions/refresh", "", refresh(first))
		i.refuse(401, "invalid_authorization", "GET", "/v1/sessions/current", second.text("accessToken"), "")
		i.refuse(401, "invalid_authorization", "POST", "/v1/sessions/refresh", "", refresh(second))

		i.ask(204, "DELETE", "/v1/sessions/current", other.text("accessToken"), "")
		i.refuse(401, "invalid_authorization", "GET", "/v1/apps", other.text("accessToken"), "")
		i.refuse(401, "invalid_authorization", "POST", "/v1/sessions/refresh", "", refresh(other))
		i.refuse(401, "invalid_authorization", "POST", "/v1/sessions/refresh", "", `{"refreshToken":"rt_forged"}`)
		i.refuse(400, "invalid_body", "POST", "/v1/sessions", "", credentials("acme", "ann@example.com", password, `,"admin":true`))
		i.refuse(400, "invalid_body", "POST", "/v1/sessions/refresh", "", `{}`)
	})
}

func rights(of []access.Right) (names []any) {
	for _, right := range of {
		names = append(names, string(right))
	}
	return names
}

// codeAt is what an authenticator app shows [RFC 6238], after the secret that it was given.
func codeAt(t *testing.T, key string, at time.Time) string {
	t.Helper()
	plain, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key)
	must(t, err)
	mac := hmac.New(sha1.New, plain)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[offset:])&0x7fffffff%1_000_000)
}

func TestASecondFactorIsAskedForFromItsFirstCodeUntilItIsDisabled(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		_, token := i.colleague(h, "ann", access.Member)
		login := func(more string) string { return credentials("acme", "ann@example.com", password, more) }
		i.refuse(409, "changed_meanwhile", "POST", "/v1/two-factor/enable", token, `{"code":"123456"}`)
		i.ask(200, "POST", "/v1/two-factor/enroll", token, "")
		enrolled := i.ask(200, "POST", "/v1/two-factor/enroll", token, "") // the first never reached the phone
		key := enrolled.text("secret")
		if !strings.HasPrefix(enrolled.text("url"), "otpauth://totp/") || !strings.Contains(enrolled.text("url"), key) {
			t.Errorf("enrolled: %v", enrolled)
		}
		i.ask(200, "POST", "/v1/sessions", "", login("")) // not asked for yet
		code := func() string { return codeAt(t, key, i.Now()) }
		wrong := fmt.Sprintf(`{"code":"%06d"}`, (atoi(t, code())+1)%1_000_000)
		i.refuse(401, "invalid_code", "POST", "/v1/two-factor/enable", token, wrong)
		used := code()
		codes, _ := i.ask(200, "POST", "/v1/two-factor/enable", token, fmt.Sprintf(`{"code":%q}`, used))["recoveryCodes"].([]any)
		if len(codes) != 10 {
			t.Fatalf("recovery codes: %v", codes)
		}
		i.refuse(409, "already_exists", "POST", "/v1/two-factor/enroll", token, "")

		if half := i.ask(200, "POST", "/v1/sessions", "", login("")); len(half) != 1 || half["requiresTwoFactor"] != true {
			t.Errorf("without a code: %v", half)
		}
		i.refuse(401, "invalid_code", "POST", "/v1/sessions", "", login(fmt.Sprintf(`,"code":%q`, used)))
		i.clock.Advance(30 * time.Second)
		i.refuse(401, "invalid_credentials", "POST", "/v1/sessions", "", credentials("acme", "ann@example.com", "wrong", fmt.Sprintf(`,"code":%q`, code())))
		once := login(fmt.Sprintf(`,"code":%q`, code()))
		if whole := i.ask(200, "POST", "/v1/sessions", "", once); whole.text("accessToken") == "" {
			t.Errorf("with a code: %v", whole)
		}
		i.refuse(401, "invalid_code", "POST", "/v1/sessions", "", once)

		recovery := login(fmt.Sprintf(`,"code":%q`, codes[0]))
		answers := make([]int, 4) // each takes as long as a password is to guess
		var racing sync.WaitGroup
		for n := range answers {
			racing.Go(func() { answers[n] = i.call("POST", "/v1/sessions", "", recovery).Code })
		}
		racing.Wait()
		in := 0
		for _, status := range answers {
			if status == http.StatusOK {
				in++
			} else if status != http.StatusUnauthorized {
				t.Errorf("a racer with a recovery code is answered %d", status)
			}
		}
		if in != 1 {
			t.Errorf("one recovery code let in %d", in)
		}

		i.clock.Advance(30 * time.Second)
		disable := func(password, code string) string { return fmt.Sprintf(`{"password":%q,"code":%q}`, password, code) }
		i.refuse(401, "invalid_credentials", "POST", "/v1/two-factor/disable", token, disable("wrong", code()))
		i.refuse(401, "invalid_code", "POST", "/v1/two-factor/disable", token, fmt.Sprintf(`{"password":%q}`, password))
		i.ask(204, "POST", "/v1/two-factor/disable", token, disable(password, code()))
		i.ask(204, "POST", "/v1/two-factor/disable", token, fmt.Sprintf(`{"password":%q}`, password))
		i.ask(200, "POST", "/v1/sessions", "", login(""))
	})
}

func atoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	must(t, err)
	return n
}

// Whoever guesses learns neither which Orgs and members there are, nor more by guessing on.
func TestAGuesserIsToldNothingAndThenToWait(t *testing.T) {
	t.Parallel()
	clock := newClock()
	i := serve(t, embedded(t, sqlite(t), clock.Now), clock.Now)
	i.clock = clock
	h := i.found("acme")
	must(t, i.Store.PutOverride(t.Context(), limit.Override{Name: "three", Org: "*", Policy: "login.account", Rate: tenant.Rate{Limit: 3}}))
	_, err := i.manager.AddMember(t.Context(), byTest(), h.org.ID, manage.MemberDraft{Email: "ann@example.com", Name: "Ann", Role: access.Owner, Password: password})
	must(t, err)
	guesses := []string{
		credentials("acme", "ann@example.com", "wrong", ""), credentials("acme", "nobody@example.com", "wrong", ""),
		credentials("nowhere", "ann@example.com", "wrong", ""),
	}
	for n := range 4 {
		first := i.call("POST", "/v1/sessions", "", guesses[0])
		for _, guess := range guesses[1:] {
			if w := i.call("POST", "/v1/sessions", "", guess); w.Code != first.Code || w.Body.String() != first.Body.String() || !same(header(w.Header()), header(first.Header())) {
				t.Fatalf("guess %d is told apart: %d %v %s, and %d %v %s", n, first.Code, first.Header(), first.Body, w.Code, w.Header(), w.Body)
			}
		}
		if want := map[bool]int{true: http.StatusUnauthorized, false: http.StatusTooManyRequests}[n < 3]; first.Code != want {
			t.Fatalf("guess %d: %d %s", n, first.Code, first.Body)
		}
		if shown := first.Header().Get("RateLimit"); n == 3 && !strings.Contains(shown, `"login.account";r=0;`) {
			t.Errorf("a limited guesser is shown %q", shown)
		}
	}
	right := credentials("acme", "ann@example.com", password, "")
	w := i.call("POST", "/v1/sessions", "", right)
	if wait := atoi(t, w.Header().Get("Retry-After")); w.Code != http.StatusTooManyRequests || wait < 1 || wait > 900 {
		t.Errorf("%d, Retry-After %d", w.Code, wait)
	}
	clock.Advance(15 * time.Minute)
	i.ask(200, "POST", "/v1/sessions", "", right)
}

// An address has its tries but once, at Orgs that there are and others together, so that being limited tells neither apart.
func TestAnAddressIsHeldToItsTriesAcrossOrgs(t *testing.T) {
	t.Parallel()
	clock := newClock()
	i := serve(t, embedded(t, sqlite(t), clock.Now), clock.Now)
	must(t, i.Store.CreateOrg(t.Context(), tenant.Org{ID: i.IDs.New(), Slug: "acme", Plan: tenant.DefaultPlan, LeakPolicy: tenant.NotifyLeaks, Version: 1}))
	must(t, i.Store.PutOverride(t.Context(), limit.Override{Name: "few", Org: "*", Policy: "login.address", Rate: tenant.Rate{Limit: 6}}))
	guess := func(org string, n int) *httptest.ResponseRecorder {
		return i.call("POST", "/v1/sessions", "", credentials(org, fmt.Sprintf("%d@example.com", n), "wrong", ""))
	}
	for n := range 6 {
		if w := guess([]string{"acme", "nowhere", "elsewhere"}[n%3], n); w.Code != http.StatusUnauthorized {
			t.Fatalf("guess %d: %d %s", n, w.Code, w.Body)
		}
	}
	first := guess("acme", 6)
	for _, org := range []string{"acme", "nowhere", "new"} {
		if w := guess(org, 7); w.Code != http.StatusTooManyRequests || w.Body.String() != first.Body.String() || !same(header(w.Header()), header(first.Header())) {
			t.Errorf("%s is told apart: %d %v %s", org, w.Code, w.Header(), w.Body)
		}
	}
}

func header(of http.Header) http.Header {
	of = of.Clone()
	of.Del("X-Request-Id")
	return of
}

// What is published is enough for anybody to tell a token of ours from another.
func TestThePublishedKeysVerifyAccessTokens(t *testing.T) {
	t.Parallel()
	clock := newClock()
	i := serve(t, embedded(t, sqlite(t), clock.Now), clock.Now)
	h := i.found("acme")
	ann, token := i.colleague(h, "ann", access.Owner)
	w := i.call("GET", "/.well-known/jwks.json", "", "")
	if got := w.Header().Get("Cache-Control"); got != "public, max-age=300" {
		t.Errorf("Cache-Control %q", got)
	}
	var published struct {
		Keys []struct{ Kty, Crv, X, Kid, Use, Alg string }
	}
	i.answer(w, http.StatusOK, &published)
	parts := strings.Split(token, ".")
	var head struct{ Alg, Kid string }
	var claims struct{ Iss, Sub, Org, Sid, Use string }
	for n, into := range []any{&head, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[n])
		must(t, err)
		must(t, json.Unmarshal(text, into))
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	must(t, err)
	verified := false
	for _, key := range published.Keys {
		x, err := base64.RawURLEncoding.DecodeString(key.X)
		must(t, err)
		if key.Kty != "OKP" || key.Crv != "Ed25519" || key.Use != "sig" || key.Alg != "EdDSA" {
			t.Errorf("%+v", key)
		}
		verified = verified || key.Kid == head.Kid && ed25519.Verify(x, []byte(parts[0]+"."+parts[1]), signature)
	}
	if !verified || head.Alg != "EdDSA" || claims.Iss != "heard" || claims.Sub != ann.ID.Prefixed("usr_") || claims.Org != h.org.ID.Prefixed("org_") || claims.Use != "access" {
		t.Errorf("verified %t: %+v %+v", verified, head, claims)
	}
}
