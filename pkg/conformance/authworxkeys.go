package conformance

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// makesKeys is A1.
func (a *authworx) makesKeys(t *testing.T) {
	made := a.by(t, a.admin, "POST", "/org/api-keys", map[string]any{"name": "Production backend"}).data(t, http.StatusCreated)
	has(t, "what is made", made, "key apiKey")
	spelled(t, "what is made", made, map[string]*regexp.Regexp{"key": pkLive})
	told := has(t, "the key", made["apiKey"], "id name prefix createdAt expiresAt lastUsedAt")
	spelled(t, "the key", told, map[string]*regexp.Regexp{"id": keyID, "createdAt": isoMillis})
	key, _ := made["key"].(string)
	if told["name"] != "Production backend" || told["prefix"] != key[:10] || told["expiresAt"] != nil || told["lastUsedAt"] != nil {
		t.Errorf("the key is %v", told)
	}
	a.with(t, key, "GET", "/public/org", nil).data(t, http.StatusOK)
	for _, body := range []string{`{}`, `{"name":""}`, `{"name":7}`, `{"name":"` + strings.Repeat("x", 201) + `"}`} {
		if message := a.by(t, a.admin, "POST", "/org/api-keys", body).failed(t, http.StatusBadRequest); !strings.Contains(message, "name") {
			t.Errorf("%s is refused with %q, which names no field", body, message)
		}
	}
}

// listsKeys is A2, with the moment a key was last used.
func (a *authworx) listsKeys(t *testing.T) {
	id, key := a.makeKey(t)
	fresh := has(t, "a listed key", a.listed(t, id), "id name prefix isActive createdAt expiresAt lastUsedAt")
	spelled(t, "a listed key", fresh, map[string]*regexp.Regexp{"id": keyID, "createdAt": isoMillis})
	if fresh["isActive"] != true || fresh["prefix"] != key[:10] || fresh["lastUsedAt"] != nil || fresh["name"] != t.Name() {
		t.Errorf("a listed key is %v", fresh)
	}
	a.with(t, key, "GET", "/public/org", nil).data(t, http.StatusOK)
	spelled(t, "a used key", a.listed(t, id), map[string]*regexp.Regexp{"lastUsedAt": isoMillis})

	whole := a.by(t, a.admin, "GET", "/org/api-keys", nil)
	if strings.Contains(string(whole.body), key) || regexp.MustCompile(`[0-9a-f]{30}`).Match(whole.body) {
		t.Error("the list shows keys")
	}
	for _, entry := range whole.data(t, http.StatusOK)["apiKeys"].([]any) {
		if prefix := entry.(map[string]any)["prefix"].(string); !strings.HasPrefix(prefix, "pk_live_") {
			t.Errorf("the list has a key of another surface: %s…", prefix)
		}
	}
}

// revokesKeys is A3 and D29.
func (a *authworx) revokesKeys(t *testing.T) {
	id, key := a.makeKey(t)
	a.with(t, key, "GET", "/public/org", nil).data(t, http.StatusOK)
	for range 2 {
		told := a.by(t, a.admin, "DELETE", "/org/api-keys/"+id, nil).data(t, http.StatusOK)
		equal(t, "the answer to revoking", told, map[string]any{"message": "API key revoked"})
		a.with(t, key, "GET", "/public/org", nil).failed(t, http.StatusUnauthorized)
		if a.listed(t, id)["isActive"] != false {
			t.Error("a revoked key is listed as active")
		}
	}
	for _, unknown := range []string{"key_0123456789abcdef01234567", "key_01ABCD", strings.TrimPrefix(id, "key_"), "usr_" + id[4:]} {
		a.by(t, a.admin, "DELETE", "/org/api-keys/"+unknown, nil).failed(t, http.StatusNotFound)
	}
	a.by(t, a.admin, "DELETE", "/org/api-keys/key_"+a.key(t, a.OrgID).ID, nil).failed(t, http.StatusNotFound) // an sk_ key is none here
}

// forgetsKeys is A5, D26 and D35: what is no live key of this surface opens nothing, and cannot be told apart.
func (a *authworx) forgetsKeys(t *testing.T) {
	id, revoked := a.makeKey(t)
	_, live := a.makeKey(t)
	a.by(t, a.admin, "DELETE", "/org/api-keys/"+id, nil).data(t, http.StatusOK)
	other := "0"
	if live[len(live)-1:] == other {
		other = "1"
	}
	body := map[string]any{"token": a.admin.access}
	first := a.with(t, revoked, "POST", "/public/verify", body).failed(t, http.StatusUnauthorized)
	if got := a.with(t, live[:len(live)-1]+other, "POST", "/public/verify", body).failed(t, http.StatusUnauthorized); got != first {
		t.Errorf("a revoked key is refused with %q, a key that never was with %q", first, got)
	}
	for _, none := range []string{"", "pk_live_", live[:len(live)-2], live + "0", strings.ToUpper(live), a.key(t, a.OrgID).Text, a.admin.access} {
		a.with(t, none, "POST", "/public/verify", body).failed(t, http.StatusUnauthorized)
	}
	a.ask(t, as{token: live}, "GET", api+"/public/org", nil, "X-Org-Slug", a.Slug).failed(t, http.StatusUnauthorized) // a key is no bearer token
	a.by(t, a.admin, "GET", "/public/org", nil).failed(t, http.StatusUnauthorized)                                    // nor a session a key
	a.with(t, live, "GET", "/org", nil).failed(t, http.StatusUnauthorized)
	a.ask(t, as{token: live}, "GET", "/v1/users", nil).is(t, http.StatusUnauthorized)
}

// limitsKeys is A7: 300 requests in each quarter of an hour by the clock, per key, shown on every answer.
func (a *authworx) limitsKeys(t *testing.T) {
	const limit, period, ample = 300, 15 * 60, 20
	_, key := a.makeKey(t)
	left, reset := limits(t, a.with(t, key, "GET", "/public/org", nil).is(t, http.StatusOK))
	if rest := reset - time.Now().Unix(); rest < ample { // the window would end under the test
		time.Sleep(time.Duration(rest+1) * time.Second)
		left, reset = limits(t, a.with(t, key, "GET", "/public/org", nil).is(t, http.StatusOK))
	}
	if left != limit-1 || reset%period != 0 || reset-time.Now().Unix() > period {
		t.Errorf("after one request %d are left until %d", left, reset)
	}
	asks := []func() answer{
		func() answer { return a.with(t, key, "GET", "/public/org", nil).is(t, http.StatusOK) },
		func() answer { return a.with(t, key, "GET", "/public/users/"+a.admin.id, nil).is(t, http.StatusOK) },
		func() answer { return a.with(t, key, "GET", "/public/users/usr_x", nil).is(t, http.StatusNotFound) },
		func() answer {
			return a.with(t, key, "POST", "/public/verify", map[string]any{"token": "x"}).is(t, http.StatusOK)
		},
		func() answer { return a.with(t, key, "POST", "/public/verify", `{}`).is(t, http.StatusBadRequest) },
	}
	for n := limit - 2; n >= 0; n-- {
		if left, again := limits(t, asks[n%len(asks)]()); left != int64(n) || again != reset {
			t.Fatalf("%d are left until %d; want %d until %d", left, again, n, reset)
		}
	}
	refused := a.with(t, key, "GET", "/public/org", nil)
	refused.failed(t, http.StatusTooManyRequests)
	if left, again := limits(t, refused); left != 0 || again != reset {
		t.Errorf("%s: %d left until %d", refused, left, again)
	}
	wait, err := strconv.ParseInt(refused.header.Get("Retry-After"), 10, 64)
	if until := reset - time.Now().Unix(); err != nil || wait < until-1 || wait > until+2 {
		t.Errorf("Retry-After is %q, and the window ends in %d s", refused.header.Get("Retry-After"), until)
	}
	_, another := a.makeKey(t)
	if left, _ := limits(t, a.with(t, another, "GET", "/public/org", nil).is(t, http.StatusOK)); left != limit-1 {
		t.Errorf("another key has %d left", left)
	}
}

// limits reads the three headers.
func limits(t *testing.T, got answer) (left, reset int64) {
	t.Helper()
	left, errLeft := strconv.ParseInt(got.header.Get("X-RateLimit-Remaining"), 10, 64)
	reset, errReset := strconv.ParseInt(got.header.Get("X-RateLimit-Reset"), 10, 64)
	if errLeft != nil || errReset != nil || got.header.Get("X-RateLimit-Limit") != "300" {
		t.Fatalf("%s has the limits %v", got, got.header)
	}
	return left, reset
}

// letsKeysExpire is A8.
func (a *authworx) letsKeysExpire(t *testing.T) {
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	id, key := a.makeKey(t, "expiresAt", end.Format(time.RFC3339))
	if got := a.listed(t, id)["expiresAt"]; got != end.Format("2006-01-02T15:04:05.000Z") {
		t.Errorf("a key until %s is listed as until %v", end, got)
	}
	a.with(t, key, "GET", "/public/org", nil).data(t, http.StatusOK)
	a.makeKey(t, "expiresAt", nil)
	for _, end := range []any{"2020-01-02T03:04:05.678Z", time.Now().Add(-time.Second).Format(time.RFC3339), "tomorrow", 1e12} {
		message := a.by(t, a.admin, "POST", "/org/api-keys", map[string]any{"name": "x", "expiresAt": end}).failed(t, http.StatusBadRequest)
		if !strings.Contains(message, "expiresAt") {
			t.Errorf("a key until %v is refused with %q", end, message)
		}
	}
	id, key = a.makeKey(t, "expiresAt", time.Now().Add(2*time.Second).UTC().Format(time.RFC3339Nano))
	a.with(t, key, "GET", "/public/org", nil).data(t, http.StatusOK)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		got := a.with(t, key, "GET", "/public/org", nil)
		if got.status == http.StatusUnauthorized {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("an expired key opens: %s", got)
		}
	}
	if a.listed(t, id)["isActive"] != false {
		t.Error("an expired key is listed as active")
	}
}
