package conformance

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
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
