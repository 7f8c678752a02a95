package conformance

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

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
