package conformance

import (
	"crypto/rand"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// Authworx proves the AuthWorx surface: acceptance A1–A8 under their names, decisions D26–D30 and D35 where they show, and
// what follows from them for people, sessions and second factors. It makes keys, members and an Org of its own in the target.
func Authworx(t *testing.T, target Target) {
	s := begin(target)
	defer s.http.CloseIdleConnections()
	a := &authworx{suite: s}
	a.admin = a.login(t, person{email: target.Admin.Email, password: target.Admin.Password})
	s.prove(t, []proof{
		{"A1", a.makesKeys},
		{"A2", a.listsKeys},
		{"A3", a.revokesKeys},    // D29
		{"A4", a.verifiesTokens}, // D28
		{"A5", a.forgetsKeys},    // D26, D35
		{"A6", a.tellsOfPeople},
		{"A7", a.limitsKeys}, // D30
		{"A8", a.letsKeysExpire},
		{"D27", a.asksForTheSlug},
		{"D30", a.limitsFailures},
		{"Sessions", a.keepsSessions},
		{"Cookies", a.setsCookies},
		{"TwoFactor", a.asksForASecondFactor},
		{"Members", a.managesMembers},
		{"Invitations", a.invitesPeople},
		{"Roles", a.keepsMembersFromManaging},
		{"Bodies", a.readsBodies},
		{"Documented", func(t *testing.T) { s.answeredAsIn(t, "/openapi/authworx.json", authworxOperations()) }},
	})
}

func authworxOperations() []string {
	return []string{
		"POST /api/v1/auth/login",
		"POST /api/v1/auth/verify-2fa",
		"POST /api/v1/auth/refresh",
		"POST /api/v1/auth/logout",
		"GET /api/v1/auth/me",
		"POST /api/v1/auth/2fa/enroll",
		"POST /api/v1/auth/2fa/enable",
		"POST /api/v1/auth/2fa/disable",
		"POST /api/v1/auth/invites/accept",
		"GET /api/v1/.well-known/jwks.json",
		"GET /api/v1/org",
		"POST /api/v1/org/api-keys",
		"GET /api/v1/org/api-keys",
		"DELETE /api/v1/org/api-keys/{keyId}",
		"GET /api/v1/org/members",
		"PATCH /api/v1/org/members/{userId}",
		"DELETE /api/v1/org/members/{userId}",
		"POST /api/v1/org/members/invite",
		"GET /api/v1/org/invites",
		"DELETE /api/v1/org/invites/{inviteId}",
		"POST /api/v1/public/verify",
		"GET /api/v1/public/users/{userId}",
		"GET /api/v1/public/org",
	}
}

// authworx is a run of that suite.
type authworx struct {
	*suite
	admin person
}

// person is a member, as they log in and as they are logged in.
type person struct {
	id, email, password string
	access, refresh     string
}

const api = "/api/v1"

var (
	isoMillis = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
	keyID     = regexp.MustCompile(`^key_[0-9a-f]{24}$`)
	userID    = regexp.MustCompile(`^usr_[0-9a-f]{24}$`)
	orgID     = regexp.MustCompile(`^org_[0-9a-f]{24}$`)
	inviteID  = regexp.MustCompile(`^inv_[0-9a-f]{24}$`)
	pkLive    = regexp.MustCompile(`^pk_live_[0-9a-f]{64}$`)
)

// by asks for a logged-in member.
func (a *authworx) by(t *testing.T, who person, method, path string, body any) answer {
	t.Helper()
	return a.ask(t, as{token: who.access}, method, api+path, body, "X-Org-Slug", a.Slug)
}

// with asks with an API key.
func (a *authworx) with(t *testing.T, key, method, path string, body any) answer {
	t.Helper()
	return a.ask(t, as{}, method, api+path, body, "X-Org-Slug", a.Slug, "X-API-Key", key)
}

// open asks without a credential but what header has.
func (a *authworx) open(t *testing.T, path string, body any, header ...string) answer {
	t.Helper()
	return a.ask(t, as{address: somewhere()}, "POST", api+path, body, append([]string{"X-Org-Slug", a.Slug}, header...)...)
}

// data is what an answer of success says: its envelope has nothing else.
func (a answer) data(t *testing.T, status int) map[string]any {
	t.Helper()
	body := a.is(t, status).object(t)
	data, _ := body["data"].(map[string]any)
	if len(body) != 2 || body["status"] != "success" || data == nil {
		t.Fatalf("%s; want {status: success, data}", a)
	}
	return data
}

// failed is the message of a refusal: its envelope has nothing else.
func (a answer) failed(t *testing.T, status int) string {
	t.Helper()
	body := a.is(t, status).object(t)
	message, _ := body["message"].(string)
	if len(body) != 2 || body["status"] != "error" || message == "" {
		t.Fatalf("%s; want {status: error, message}", a)
	}
	return message
}

// login logs a member in who has no second factor.
func (a *authworx) login(t *testing.T, who person) person {
	t.Helper()
	got := a.open(t, "/auth/login", map[string]any{"email": who.email, "password": who.password}).data(t, http.StatusOK)
	who.access, _ = got["accessToken"].(string)
	who.refresh, _ = got["refreshToken"].(string)
	user, _ := got["user"].(map[string]any)
	who.id, _ = user["id"].(string)
	if who.access == "" || who.refresh == "" || !userID.MatchString(who.id) {
		t.Fatalf("logged in with %v", got)
	}
	return who
}

// join makes a person a member of that role, by way of an invitation, and logs them in.
func (a *authworx) join(t *testing.T, role string) person {
	t.Helper()
	who := somebody()
	sent := a.by(t, a.admin, "POST", "/org/members/invite", map[string]any{"email": who.email, "role": role}).data(t, http.StatusCreated)
	a.open(t, "/auth/invites/accept", map[string]any{"token": sent["token"], "name": "Somebody", "password": who.password}).data(t, http.StatusCreated)
	return a.login(t, who)
}

// somebody is a person nobody has met yet.
func somebody() person {
	return person{email: strings.ToLower(rand.Text()) + "@people.example", password: rand.Text()}
}

// makeKey makes an API key, whose budget is nobody else's.
func (a *authworx) makeKey(t *testing.T, with ...any) (id, key string) {
	t.Helper()
	body := map[string]any{"name": t.Name()}
	for i := 0; i < len(with); i += 2 {
		body[with[i].(string)] = with[i+1]
	}
	made := a.by(t, a.admin, "POST", "/org/api-keys", body).data(t, http.StatusCreated)
	key, _ = made["key"].(string)
	told, _ := made["apiKey"].(map[string]any)
	id, _ = told["id"].(string)
	return id, key
}

// listed is how the list shows a key.
func (a *authworx) listed(t *testing.T, id string) map[string]any {
	t.Helper()
	keys, _ := a.by(t, a.admin, "GET", "/org/api-keys", nil).data(t, http.StatusOK)["apiKeys"].([]any)
	for _, entry := range keys {
		if key, _ := entry.(map[string]any); key["id"] == id {
			return key
		}
	}
	t.Fatalf("%s is not listed among %d keys", id, len(keys))
	return nil
}

// spelled tells of fields whose text is not spelled so.
func spelled(t *testing.T, what string, object map[string]any, fields map[string]*regexp.Regexp) {
	t.Helper()
	for name, form := range fields {
		if text, _ := object[name].(string); !form.MatchString(text) {
			t.Errorf("%s has the %s %v; want %s", what, name, object[name], form)
		}
	}
}

// has ends the test unless an object has these fields and no others.
func has(t *testing.T, what string, object any, fields string) map[string]any {
	t.Helper()
	got, _ := object.(map[string]any)
	want := strings.Fields(fields)
	missing := len(got) != len(want)
	for _, name := range want {
		_, ok := got[name]
		missing = missing || !ok
	}
	if missing {
		t.Fatalf("%s is %v; want the fields %s", what, object, fields)
	}
	return got
}
