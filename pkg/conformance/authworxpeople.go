package conformance

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	userFields       = "id name email role isEmailVerified"
	membershipFields = "role status joinedAt"
)

// verifiesTokens is A4 and D28.
func (a *authworx) verifiesTokens(t *testing.T) {
	_, key := a.makeKey(t)
	who := a.join(t, "member")
	verify := func(token string) map[string]any {
		t.Helper()
		return a.with(t, key, "POST", "/public/verify", map[string]any{"token": token}).data(t, http.StatusOK)
	}
	told := has(t, "what is told of a token", verify(who.access), "valid user membership org")
	user := has(t, "its user", told["user"], userFields)
	if told["valid"] != true || user["id"] != who.id || user["email"] != who.email || user["role"] != "user" || user["isEmailVerified"] != true {
		t.Errorf("a good token: %v", told)
	}
	membership := has(t, "its membership", told["membership"], membershipFields)
	spelled(t, "its membership", membership, map[string]*regexp.Regexp{"joinedAt": isoMillis})
	if membership["role"] != "member" || membership["status"] != "active" {
		t.Errorf("its membership is %v", membership)
	}
	org, _ := told["org"].(map[string]any)
	spelled(t, "its organisation", org, map[string]*regexp.Regexp{"id": orgID})
	if org["slug"] != a.Slug || org["status"] != "active" || org["plan"] == "" || org["name"] == "" {
		t.Errorf("its organisation is %v", org)
	}

	invalid := map[string]any{"valid": false}
	stranger := a.stranger(t)
	segments := strings.Split(who.access, ".")
	for what, token := range map[string]string{
		"nothing": "", "nonsense": "nonsense", "a refresh token": who.refresh, "an API key": key, "a huge one": strings.Repeat("x", 5000),
		"a forged one":                       segments[0] + "." + segments[1] + "." + strings.Repeat("A", len(segments[2])),
		"one of another organisation's":      stranger,
		"one that says it was never signed":  "eyJhbGciOiJub25lIn0." + segments[1] + ".",
		"one whose header was another's":     "eyJhbGciOiJIUzI1NiJ9." + segments[1] + "." + segments[2],
		"a good one with something after it": who.access + "A",
	} {
		equal(t, "what is told of "+what, verify(token), invalid)
	}
	a.by(t, who, "POST", "/auth/logout", nil).data(t, http.StatusOK)
	equal(t, "what is told of one that was logged out", verify(who.access), invalid)

	suspended := a.join(t, "member")
	a.by(t, a.admin, "PATCH", "/org/members/"+suspended.id, map[string]any{"status": "suspended"}).data(t, http.StatusOK)
	equal(t, "what is told of a suspended member's", verify(suspended.access), invalid)
	a.open(t, "/auth/login", map[string]any{"email": suspended.email, "password": suspended.password}).failed(t, http.StatusForbidden)
}

// stranger is an access token of another Org, made with its users surface.
func (a *authworx) stranger(t *testing.T) string {
	t.Helper()
	org := a.org(t)
	who := somebody()
	a.ask(t, as{token: a.key(t, org.ID).Text}, "POST", "/v1/users", map[string]any{"name": "x", "email": who.email, "password": who.password}).
		is(t, http.StatusCreated)
	got := a.ask(t, as{}, "POST", api+"/auth/login", map[string]any{"email": who.email, "password": who.password}, "X-Org-Slug", org.Slug)
	token, _ := got.data(t, http.StatusOK)["accessToken"].(string)
	a.by(t, person{access: token}, "GET", "/org", nil).failed(t, http.StatusForbidden) // D27
	return token
}

// tellsOfPeople is A6.
func (a *authworx) tellsOfPeople(t *testing.T) {
	_, key := a.makeKey(t)
	who := a.join(t, "org_admin")
	told := has(t, "a person", a.with(t, key, "GET", "/public/users/"+who.id, nil).data(t, http.StatusOK), "user membership")
	user, membership := has(t, "the user", told["user"], userFields), has(t, "the membership", told["membership"], membershipFields)
	if user["id"] != who.id || user["email"] != who.email || membership["role"] != "org_admin" || membership["status"] != "active" {
		t.Errorf("the person is %v", told)
	}
	theirs := a.ask(t, as{token: a.key(t, a.org(t).ID).Text}, "POST", "/v1/users",
		map[string]any{"name": "x", "email": who.email, "password": who.password}).is(t, http.StatusCreated).object(t)
	for _, unknown := range []string{"usr_0123456789abcdef01234567", "x", who.id[4:], strings.Replace(theirs["id"].(string), "user_", "usr_", 1)} {
		a.with(t, key, "GET", "/public/users/"+unknown, nil).failed(t, http.StatusNotFound)
	}
	const fields = "id name slug plan status appUrl createdAt"
	for what, got := range map[string]answer{
		"public/org": a.with(t, key, "GET", "/public/org", nil), "org": a.by(t, a.admin, "GET", "/org", nil),
	} {
		org := has(t, what, has(t, what, got.data(t, http.StatusOK), "org")["org"], fields)
		spelled(t, what, org, map[string]*regexp.Regexp{"id": orgID, "createdAt": isoMillis})
		if org["slug"] != a.Slug || org["id"] != "org_"+a.OrgID {
			t.Errorf("%s is %v", what, org)
		}
	}
}

// asksForTheSlug is D27, and what it protects browsers by: a cookie without the header, which no other site can send, opens
// nothing and changes nothing.
func (a *authworx) asksForTheSlug(t *testing.T) {
	_, key := a.makeKey(t)
	who := a.join(t, "member")
	cookies := "access_token=" + who.access + "; refresh_token=" + who.refresh
	for _, slug := range []string{"", a.Slug + "x", strings.ToUpper(a.Slug), a.org(t).Slug} {
		a.ask(t, as{}, "GET", api+"/public/org", nil, "X-API-Key", key, "X-Org-Slug", slug).failed(t, http.StatusForbidden)
		a.ask(t, as{token: who.access}, "GET", api+"/org", nil, "X-Org-Slug", slug).failed(t, http.StatusForbidden)
		a.ask(t, as{}, "GET", api+"/auth/me", nil, "Cookie", cookies, "X-Org-Slug", slug).failed(t, http.StatusForbidden)
		refresh, logout := http.StatusUnauthorized, http.StatusForbidden
		if slug == "" {
			refresh, logout = http.StatusBadRequest, http.StatusBadRequest
			a.ask(t, as{}, "POST", api+"/auth/login", map[string]any{"email": who.email, "password": who.password}).failed(t, http.StatusBadRequest)
		}
		a.ask(t, as{}, "POST", api+"/auth/refresh", nil, "Cookie", cookies, "X-Org-Slug", slug).failed(t, refresh)
		a.ask(t, as{}, "POST", api+"/auth/logout", nil, "Cookie", cookies, "X-Org-Slug", slug).failed(t, logout)
	}
	a.ask(t, as{}, "GET", api+"/auth/me", nil, "Cookie", cookies, "X-Org-Slug", a.Slug).data(t, http.StatusOK)
}

// managesMembers changes and removes members, at once.
func (a *authworx) managesMembers(t *testing.T) {
	who := a.join(t, "member")
	find := func(id string) map[string]any {
		t.Helper()
		members, _ := a.by(t, who, "GET", "/org/members", nil).data(t, http.StatusOK)["members"].([]any)
		for _, entry := range members {
			if member, _ := entry.(map[string]any); member["userId"] == id {
				return has(t, "a member", member, "userId name email role status joinedAt metadata")
			}
		}
		return nil
	}
	listed := find(who.id)
	spelled(t, "a member", listed, map[string]*regexp.Regexp{"userId": userID, "joinedAt": isoMillis})
	equal(t, "metadata", listed["metadata"], map[string]any{})
	if owner := find(a.admin.id); owner["role"] != "org_admin" || owner["email"] != a.Admin.Email {
		t.Errorf("the owner is listed as %v", owner)
	}
	change := func(id string, body any) answer { return a.by(t, a.admin, "PATCH", "/org/members/"+id, body) }
	for _, role := range []string{"org_admin", "member"} {
		got := has(t, "a change", change(who.id, map[string]any{"role": role}).data(t, http.StatusOK), "member")["member"]
		if is, _ := got.(map[string]any); is["role"] != role || find(who.id)["role"] != role {
			t.Errorf("made %s is %v", role, got)
		}
		want := map[string]int{"org_admin": http.StatusOK, "member": http.StatusForbidden}[role]
		a.by(t, who, "GET", "/org/api-keys", nil).is(t, want)
	}
	change(a.admin.id, map[string]any{"role": "org_admin"}).data(t, http.StatusOK) // and an owner still
	change(who.id, map[string]any{"role": "owner"}).failed(t, http.StatusBadRequest)
	change(who.id, map[string]any{"status": "gone"}).failed(t, http.StatusBadRequest)
	change("usr_0123456789abcdef01234567", map[string]any{"role": "member"}).failed(t, http.StatusNotFound)

	second := a.join(t, "org_admin")
	a.by(t, second, "PATCH", "/org/members/"+a.admin.id, map[string]any{"status": "suspended"}).failed(t, http.StatusForbidden)
	a.by(t, second, "DELETE", "/org/members/"+a.admin.id, nil).failed(t, http.StatusForbidden)

	told := a.by(t, second, "DELETE", "/org/members/"+who.id, nil).data(t, http.StatusOK)
	equal(t, "the answer to removing", told, map[string]any{"message": "Member removed"})
	a.by(t, who, "GET", "/org", nil).failed(t, http.StatusUnauthorized)
	a.open(t, "/auth/refresh", map[string]any{"refreshToken": who.refresh}).failed(t, http.StatusUnauthorized)
	a.open(t, "/auth/login", map[string]any{"email": who.email, "password": who.password}).failed(t, http.StatusUnauthorized)
	a.by(t, second, "DELETE", "/org/members/"+who.id, nil).failed(t, http.StatusNotFound)
}

// invitesPeople is how people come in.
func (a *authworx) invitesPeople(t *testing.T) {
	who := somebody()
	invite := func(body any) answer { return a.by(t, a.admin, "POST", "/org/members/invite", body) }
	sent := has(t, "an invitation", invite(map[string]any{"email": who.email}).data(t, http.StatusCreated), "invite token")
	told := has(t, "the invite", sent["invite"], "id email role expiresAt")
	spelled(t, "the invite", told, map[string]*regexp.Regexp{"id": inviteID, "expiresAt": isoMillis})
	ends, err := time.Parse(time.RFC3339, told["expiresAt"].(string))
	if life := time.Until(ends); err != nil || life < 7*24*time.Hour-time.Minute || life > 7*24*time.Hour+time.Minute {
		t.Errorf("the invitation ends at %v", told["expiresAt"])
	}
	if told["role"] != "member" || told["email"] != who.email {
		t.Errorf("the invite is %v", told)
	}
	pending := func() []any {
		t.Helper()
		listed := a.by(t, a.admin, "GET", "/org/invites", nil)
		if strings.Contains(string(listed.body), sent["token"].(string)) {
			t.Error("the list shows tokens")
		}
		return listed.data(t, http.StatusOK)["invites"].([]any)
	}
	before := len(pending())
	equal(t, "the last invitation", pending()[before-1], told)
	invite(map[string]any{"email": strings.ToUpper(who.email)}).failed(t, http.StatusConflict)
	invite(map[string]any{"email": a.Admin.Email}).failed(t, http.StatusConflict)
	for _, body := range []string{`{}`, `{"email":"x"}`, `{"email":"a@b.example","role":"owner"}`} {
		invite(body).failed(t, http.StatusBadRequest)
	}

	accept := func(with map[string]any) answer {
		body := map[string]any{"token": sent["token"], "name": "Somebody", "password": who.password}
		for name, value := range with {
			body[name] = value
		}
		return a.open(t, "/auth/invites/accept", body)
	}
	accept(map[string]any{"token": "inv_nobody"}).failed(t, http.StatusNotFound)
	accept(map[string]any{"password": "short"}).failed(t, http.StatusBadRequest)
	accept(map[string]any{"password": "password1234"}).failed(t, http.StatusBadRequest)
	a.ask(t, as{}, "POST", api+"/auth/invites/accept", map[string]any{"token": sent["token"], "name": "x", "password": who.password},
		"X-Org-Slug", a.org(t).Slug).failed(t, http.StatusNotFound)
	joined := has(t, "who joined", accept(nil).data(t, http.StatusCreated), "user membership")
	if user, _ := joined["user"].(map[string]any); user["email"] != who.email || user["isEmailVerified"] != true {
		t.Errorf("who joined is %v", joined)
	}
	accept(nil).failed(t, http.StatusNotFound)
	if now := len(pending()); now != before-1 {
		t.Errorf("%d invitations are pending, were %d before one was accepted", now, before)
	}
	a.login(t, who)

	who = somebody()
	sent = invite(map[string]any{"email": who.email, "role": "org_admin"}).data(t, http.StatusCreated)
	path := "/org/invites/" + sent["invite"].(map[string]any)["id"].(string)
	a.by(t, a.admin, "DELETE", path, nil).data(t, http.StatusOK)
	a.by(t, a.admin, "DELETE", path, nil).failed(t, http.StatusNotFound)
	accept(nil).failed(t, http.StatusNotFound)
}

// keepsMembersFromManaging: a plain member sees the organisation and its members, and nothing else of org/.
func (a *authworx) keepsMembersFromManaging(t *testing.T) {
	who := a.join(t, "member")
	for _, row := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/org/api-keys", map[string]any{"name": "x"}},
		{"GET", "/org/api-keys", nil},
		{"DELETE", "/org/api-keys/key_0123456789abcdef01234567", nil},
		{"POST", "/org/members/invite", map[string]any{"email": somebody().email}},
		{"GET", "/org/invites", nil},
		{"DELETE", "/org/invites/inv_0123456789abcdef01234567", nil},
		{"PATCH", "/org/members/" + who.id, map[string]any{"role": "org_admin"}},
		{"DELETE", "/org/members/" + who.id, nil},
	} {
		a.by(t, who, row.method, row.path, row.body).failed(t, http.StatusForbidden)
		a.ask(t, as{}, row.method, api+row.path, row.body, "X-Org-Slug", a.Slug).failed(t, http.StatusUnauthorized)
	}
	a.by(t, who, "GET", "/org", nil).data(t, http.StatusOK)
	a.by(t, who, "GET", "/org/members", nil).data(t, http.StatusOK)
}

// readsBodies strictly by type, and passes over fields that it does not know.
func (a *authworx) readsBodies(t *testing.T) {
	a.by(t, a.admin, "POST", "/org/api-keys", map[string]any{"name": "x", "colour": "red", "scopes": []string{"all"}}).data(t, http.StatusCreated)
	for _, body := range []string{``, `null`, `[]`, `{"name":"x"`, `{"name":"x","name":"y"}`, `{"name":null}`} {
		a.by(t, a.admin, "POST", "/org/api-keys", body).failed(t, http.StatusBadRequest)
	}
	a.ask(t, as{token: a.admin.access}, "POST", api+"/org/api-keys", `{"name":"x"}`, "X-Org-Slug", a.Slug, "Content-Type", "text/plain").
		failed(t, http.StatusUnsupportedMediaType)
	a.by(t, a.admin, "GET", "/org?x=y", nil).failed(t, http.StatusBadRequest)
	a.by(t, a.admin, "GET", "/nothing", nil).failed(t, http.StatusNotFound)
	a.by(t, a.admin, "PUT", "/org", nil).failed(t, http.StatusMethodNotAllowed)
}
