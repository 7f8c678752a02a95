package conformance

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// refusesKeys is G6 and D35.
func (u *users) refusesKeys(t *testing.T) {
	key := u.key(t, u.OrgID).Text
	u.ask(t, as{token: u.Keys["users"]}, "GET", "/v1/users", nil).is(t, http.StatusOK)
	u.ask(t, as{token: u.Keys["userz"]}, "GET", "/v1/users", nil).is(t, http.StatusOK)
	for _, authorization := range []string{
		"", "Bearer", "Bearer x", "Basic dTpw", key, "Bearer " + key + "x", "Bearer " + u.Keys["authworx"], "Bearer " + u.Public.PublicKey,
	} {
		for _, op := range [][2]string{{"GET", "/v1/users"}, {"POST", "/v1/users"}, {"PUT", "/v1/users/x"}, {"DELETE", "/v1/users/x"}} {
			got := u.ask(t, as{}, op[0], op[1], nil, "Authorization", authorization)
			if text := got.told(t, http.StatusUnauthorized); text != "Invalid API key provided." || got.header.Get("RateLimit-Remaining") != "" {
				t.Errorf("%s", got)
			}
		}
	}
	u.ask(t, as{}, "GET", "/v1/users/x/y", nil).told(t, http.StatusNotFound)
	u.ask(t, as{}, "PATCH", "/v1/users", nil).told(t, http.StatusMethodNotAllowed)
}

// namesFaults is G7: one text that names what is wrong.
func (u *users) namesFaults(t *testing.T) {
	key := u.home(t)
	for body, fields := range map[string]string{
		`{"email":"a@b.example","password":"longenough"}`:                 "name",
		`{"name":"","email":"a@b.example","password":"longenough"}`:       "name",
		`{"name":"x","password":"longenough"}`:                            "email",
		`{"name":"x","email":"ab.example","password":"longenough"}`:       "email",
		`{"name":"x","email":"a@b.example"}`:                              "password",
		`{"name":"x","email":"a@b.example","password":"seven77"}`:         "password",
		`{"name":"x","email":"a@b.example","password":"Password1!"}`:      "password",
		`{"name":"x","email":"charlie.chaplin@b.example","password":"x"}`: "password",
		`{"name":"x","email":"a@b.example","password":12345678}`:          "password",
		`{}`: "name email password",
		`{"name":7,"email":"a@b.example","email":"c@d.example","password":"long"}`: "name email password",
	} {
		text := u.ask(t, key, "POST", "/v1/users", body).told(t, http.StatusBadRequest)
		for _, field := range strings.Fields(fields) {
			if !strings.Contains(text, field) {
				t.Errorf("%s is refused with %q, which does not name %s", body, text, field)
			}
		}
	}
	u.ask(t, key, "POST", "/v1/users", `{"name":"x"`).told(t, http.StatusBadRequest)
}

// knowsNobodyElse is G8: who is another Org's cannot be told from who does not exist.
func (u *users) knowsNobodyElse(t *testing.T) {
	key := u.home(t)
	theirs, before := u.add(t, u.home(t))
	texts := map[string]bool{}
	for _, id := range []string{"user_ghi789", "user_0123456789abcdef01234567", theirs.id, strings.TrimPrefix(theirs.id, "user_"), "usr_" + theirs.id[5:]} {
		texts[u.ask(t, key, "PUT", "/v1/users/"+id, map[string]any{"name": "x"}).told(t, http.StatusNotFound)] = true
		texts[u.ask(t, key, "DELETE", "/v1/users/"+id, nil).told(t, http.StatusNotFound)] = true
	}
	if len(texts) != 1 {
		t.Errorf("they are told apart: %v", texts)
	}
	if before["id"] != theirs.id {
		t.Errorf("%v", before)
	}
}

// limitsRequests is G9 and D33: a hundred a minute by the clock, per key, shown on every answer.
func (u *users) limitsRequests(t *testing.T) {
	const limit, ample = 100, 15
	key := u.mine(t)
	left, reset := budget(t, u.ask(t, key, "GET", "/v1/users?limit=1", nil).is(t, http.StatusOK))
	if reset < ample { // the window would end under the test
		time.Sleep(time.Duration(reset) * time.Second)
		left, reset = budget(t, u.ask(t, key, "GET", "/v1/users?limit=1", nil).is(t, http.StatusOK))
	}
	if left != limit-1 || reset < 1 || reset > 60 {
		t.Errorf("after one request %d are left for %d s", left, reset)
	}
	for n := limit - 2; n >= 0; n-- {
		got := u.ask(t, key, "DELETE", "/v1/users/x", nil).is(t, http.StatusNotFound)
		if left, _ := budget(t, got); left != n {
			t.Fatalf("%s: %d left, want %d", got, left, n)
		}
	}
	got := u.ask(t, key, "GET", "/v1/users", nil)
	got.told(t, http.StatusTooManyRequests)
	left, reset = budget(t, got)
	wait, err := strconv.Atoi(got.header.Get("Retry-After"))
	if left != 0 || err != nil || wait != reset || wait < 1 || wait > 60 {
		t.Errorf("%s: %d left for %d s, and Retry-After is %q", got, left, reset, got.header.Get("Retry-After"))
	}
	if left, _ := budget(t, u.ask(t, u.mine(t), "GET", "/v1/users", nil).is(t, http.StatusOK)); left != limit-1 {
		t.Errorf("another key has %d left", left)
	}
}

// budget reads the two headers.
func budget(t *testing.T, got answer) (left, reset int) {
	t.Helper()
	left, errLeft := strconv.Atoi(got.header.Get("RateLimit-Remaining"))
	reset, errReset := strconv.Atoi(got.header.Get("RateLimit-Reset"))
	if errLeft != nil || errReset != nil {
		t.Fatalf("%s has the limits %v", got, got.header)
	}
	return left, reset
}
