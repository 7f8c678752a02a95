package conformance

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"
)

// boosts are the routes of this surface.
func boosts() []string { return []string{"/v1/event", "/v1/events"} }

// denied is a 401 with that code and message, which shows nobody's limits (D22).
func (a answer) denied(t *testing.T, code, message string) {
	t.Helper()
	fault := a.fault(t, http.StatusUnauthorized, code)
	if fault["message"] != message || len(fault) != 2 || a.header.Get("X-RateLimit-Limit") != "" || a.header.Get("X-RateLimit-Remaining") != "" {
		t.Errorf("%s %v; want %q", a, a.header, message)
	}
}

// refusesUnknownKeys is B6: unknown, mistyped and revoked keys, from the moment that the revocation returns.
func (b *userboost) refusesUnknownKeys(t *testing.T) {
	const message = "Invalid or inactive API key"
	org, _ := b.account(t)
	live, test := b.boosted(t, org, "ub_live"), b.boosted(t, org, "ub_test")
	if !ubLive.MatchString(live.Text) || !ubTest.MatchString(test.Text) {
		t.Errorf("the keys are %s and %s", live.Text, test.Text)
	}
	for _, k := range []key{live, test} {
		b.ask(t, as{token: k.Text}, "POST", "/v1/event", happened("x", "u")).stored(t, false)
		b.manage(t, org, "DELETE", "/v1/keys/"+k.ID, nil, &struct{}{})
	}
	for _, path := range boosts() {
		for _, token := range []string{
			live.Text, test.Text, live.Text[:len(live.Text)-1], live.Text + "0", "ub_live_", "ub_test_", "ub_live_abcdefghijklmnopqrstuvwxyz0123456789",
		} {
			b.ask(t, as{token: token}, "POST", path, happened("x", "u")).denied(t, "INVALID_API_KEY", message)
		}
	}
}

// refusesBadHeaders is B7.
func (b *userboost) refusesBadHeaders(t *testing.T) {
	key := b.Keys["userboost"]
	for _, path := range boosts() {
		for _, authorization := range []string{"", "Bearer", "Bearer ", "Bearer  ", "Basic " + key, key, "Token " + key, "Bearer " + key + " x"} {
			b.ask(t, as{}, "POST", path, happened("x", "u"), "Authorization", authorization).
				denied(t, "MISSING_AUTH_HEADER", "Missing or invalid authorization header")
		}
	}
}

// refusesOtherKeys is B8, and D35: a key of another surface is none of this one; nor are this one's of another.
func (b *userboost) refusesOtherKeys(t *testing.T) {
	for _, path := range boosts() {
		for _, token := range []string{b.Keys["userz"], b.Keys["authworx"], b.Public.PublicKey, "ub_liv", "UB_LIVE_x", "ub_dev_x", b.owner(t, b.OrgID).token} {
			b.ask(t, as{token: token}, "POST", path, happened("x", "u")).denied(t, "INVALID_KEY_FORMAT", "API key must start with ub_live_ or ub_test_")
		}
	}
	for _, path := range []string{"/v1/events", "/v1/feedback", "/v1/end-users/u"} {
		b.ask(t, as{token: b.Keys["userboost"]}, "GET", path, nil).refused(t, http.StatusUnauthorized, "invalid_authorization")
	}
}

// boostLimits reads the four headers.
func boostLimits(t *testing.T, got answer) (left, reset int64) {
	t.Helper()
	left, errLeft := strconv.ParseInt(got.header.Get("X-RateLimit-Remaining"), 10, 64)
	reset, errReset := strconv.ParseInt(got.header.Get("X-RateLimit-Reset"), 10, 64)
	if errLeft != nil || errReset != nil || got.header.Get("X-RateLimit-Limit") != "100" || got.header.Get("X-RateLimit-Window") != "60" {
		t.Fatalf("%s has the limits %v", got, got.header)
	}
	return left, reset
}

// calm waits, where the minute is nearly over, for the next one.
func calm() {
	const ample = 20 * time.Second
	if left := time.Until(time.Now().Truncate(time.Minute).Add(time.Minute)); left < ample {
		time.Sleep(left + 50*time.Millisecond) // the windows follow the clock
	}
}

// showsLimits is B9: on what is taken, and on what is refused for other reasons.
func (b *userboost) showsLimits(t *testing.T) {
	_, live := b.account(t)
	calm()
	before := time.Now().Unix()
	left, reset := boostLimits(t, b.ask(t, live, "POST", "/v1/event", happened("x", "u")).is(t, http.StatusOK))
	if left != 99 || reset%60 != 0 || reset <= before || reset > before+60+1 {
		t.Errorf("after one request at %d: %d left until %d", before, left, reset)
	}
	for n, ask := range []struct {
		path, body string
		status     int
	}{
		{"/v1/event", `{}`, 400},
		{"/v1/event", `{`, 400},
		{"/v1/events", `{"events":[]}`, 400},
		{"/v1/events", `{"events":[{}]}`, 400},
		{"/v1/events?x=1", `{"events":[{"event":"x","user":{"id":"u"}}]}`, 400},
		{"/v1/events", `{"events":[{"event":"x","user":{"id":"u"}},{}]}`, 200},
	} {
		got := b.ask(t, live, "POST", ask.path, ask.body).is(t, ask.status)
		if left, again := boostLimits(t, got); left != int64(98-n) || again != reset {
			t.Errorf("%s: %d left until %d, want %d until %d", got, left, again, 98-n, reset)
		}
	}
}

// limitsAccounts is B10: a hundred requests a minute, across all keys of an account, and no other's.
func (b *userboost) limitsAccounts(t *testing.T) {
	org, first := b.account(t)
	keys := []as{first, {token: b.boosted(t, org, "ub_live").Text}, {token: b.boosted(t, org, "ub_test").Text}}
	_, other := b.account(t)
	calm()
	var reset int64
	for n := range 100 {
		left, until := boostLimits(t, b.ask(t, keys[n%len(keys)], "POST", "/v1/event", happened("x", "u")).is(t, http.StatusOK))
		if reset = until; left != int64(99-n) {
			t.Fatalf("after %d requests %d are left", n+1, left)
		}
	}
	for _, key := range keys {
		got := b.ask(t, key, "POST", "/v1/events", `{"events":[{"event":"x","user":{"id":"u"}}]}`)
		fault := got.fault(t, http.StatusTooManyRequests, "RATE_LIMIT_EXCEEDED")
		left, until := boostLimits(t, got)
		wait, err := strconv.Atoi(got.header.Get("Retry-After"))
		if left != 0 || until != reset || err != nil || wait < 1 || wait > 60 {
			t.Errorf("%s: %v", got, got.header)
		}
		if ends := reset - time.Now().Unix(); int64(wait) < ends || int64(wait) > ends+2 {
			t.Errorf("Retry-After is %d, and the window ends in %d s", wait, ends)
		}
		if want := fmt.Sprintf("Rate limit exceeded. Try again in %d seconds.", wait); fault["message"] != want {
			t.Errorf("%q, want %q", fault["message"], want)
		}
		equal(t, "details", fault["details"], map[string]any{
			"limit": 100, "window_seconds": 60, "retry_after_seconds": wait, "requests_remaining": 0,
		})
	}
	b.ask(t, other, "POST", "/v1/event", happened("x", "u")).is(t, http.StatusOK)
}
