package heard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
)

// thing is a JSON object as it came.
type thing map[string]any

func (t thing) text(name string) string {
	text, _ := t[name].(string)
	return text
}

func (t thing) list(name string) (things []thing) {
	items, _ := t[name].([]any)
	for _, item := range items {
		if object, ok := item.(map[string]any); ok {
			things = append(things, object)
		}
	}
	return things
}

// ask sends a request that is answered with that status.
func (i *installation) ask(status int, method, target, bearer, body string) (answer thing) {
	i.t.Helper()
	w := i.call(method, target, bearer, body)
	if w.Code != status {
		i.t.Fatalf("%s %s: status %d instead of %d: %s", method, target, w.Code, status, w.Body)
	}
	if w.Body.Len() > 0 {
		must(i.t, json.Unmarshal(w.Body.Bytes(), &answer))
	}
	return answer
}

// refuse sends a request that is refused with that code, and gives what the refusal says.
func (i *installation) refuse(status int, code, method, target, bearer, body string) thing {
	i.t.Helper()
	fault, _ := i.ask(status, method, target, bearer, body)["error"].(map[string]any)
	if fault["code"] != code {
		i.t.Fatalf("%s %s: %v instead of %s", method, target, fault, code)
	}
	return fault
}

// faults are the issues of a refusal, as "path code".
func faults(refusal thing) (all []string) {
	for _, issue := range refusal.list("details") {
		path := strings.Trim(strings.ReplaceAll(fmt.Sprint(issue["path"]), " ", "."), "[]")
		all = append(all, path+" "+issue.text("code"))
	}
	return all
}

const password = "turnips grow at dusk"

// colleague adds a member, and logs them in.
func (i *installation) colleague(h household, name string, role access.Role) (member tenant.Member, session string) {
	i.t.Helper()
	member, err := i.manager.AddMember(context.Background(), byTest(), h.org.ID, manage.MemberDraft{
		Email: name + "@example.com", Name: name, Role: role, Password: password,
	})
	must(i.t, err)
	return member, i.login(h, member.Email)
}

func (i *installation) login(h household, email string) string {
	i.t.Helper()
	body := fmt.Sprintf(`{"org":%q,"email":%q,"password":%q}`, h.org.Slug, email, password)
	return i.ask(http.StatusOK, "POST", "/v1/sessions", "", body).text("accessToken")
}

func TestTheLifeOfAnApp(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		_, owner := i.colleague(h, "ann", access.Owner)
		made := i.ask(201, "POST", "/v1/apps", owner, `{"slug":"shop","name":"Shop","publicSubmissionEnabled":true,"allowedOrigins":["https://a.example"]}`)
		path := "/v1/apps/" + made.text("id")
		first, err := usertoken.ParseSecret(made.text("signingSecret"))
		must(t, err)
		if made["processingMode"] != "manual" || made["batchWindowHours"] != 24.0 || !strings.HasPrefix(made.text("publicKey"), "pub_") {
			t.Errorf("made %v", made)
		}
		i.refuse(409, "already_exists", "POST", "/v1/apps", owner, `{"slug":"shop","name":"Shop"}`)

		delete(made, "signingSecret")
		if got := i.ask(200, "GET", path, h.sk, ""); !maps.EqualFunc(got, made, same) {
			t.Errorf("got %v, made %v", got, made)
		}
		listed := i.ask(200, "GET", "/v1/apps", h.sk, "").list("data")
		if len(listed) != 2 || !maps.EqualFunc(listed[1], made, same) {
			t.Errorf("listed %v", listed)
		}
		changed := i.ask(200, "PATCH", path, owner, `{"name":"The shop","allowedOrigins":[],"publicSubmissionEnabled":false}`)
		if changed["name"] != "The shop" || changed["publicSubmissionEnabled"] != false || changed["slug"] != "shop" || fmt.Sprint(changed["allowedOrigins"]) != "[]" {
			t.Errorf("changed %v", changed)
		}

		app, err := i.Store.App(t.Context(), h.org.ID, parse(t, made.text("id")))
		must(t, err)
		submit := func(key []byte, kid string, status int) {
			t.Helper()
			claims, err := usertoken.New("u", app.ID, nil, time.Hour, i.Now())
			must(t, err)
			token, err := usertoken.Mint(claims, parse(t, kid), key)
			must(t, err)
			if w := i.call("POST", "/v1/feedback", app.PublicKey, `{"text":"x"}`, "X-Userz-User-Token", token.Reveal()); w.Code != status {
				t.Errorf("submitting answers %d, not %d: %s", w.Code, status, w.Body)
			}
		}
		old := app.Secrets[0].ID.String()
		submit(first, old, 201)
		rotated := i.ask(200, "POST", path+"/rotate-secret", owner, `{"overlapSeconds":60}`)
		second, err := usertoken.ParseSecret(rotated.text("signingSecret"))
		must(t, err)
		submit(first, old, 201)
		secrets := i.ask(200, "GET", path+"/secrets", h.sk, "").list("data")
		if len(secrets) != 2 || secrets[0]["id"] != rotated["id"] || secrets[0]["lastUsedAt"] != nil || secrets[0]["notAfter"] != nil ||
			secrets[1]["id"] != old || secrets[1]["lastUsedAt"] == nil || secrets[1]["notAfter"] == nil {
			t.Errorf("secrets %v", secrets)
		}
		i.clock.Advance(time.Minute)
		submit(first, old, 401)
		submit(second, rotated.text("id"), 201)
		i.ask(200, "POST", path+"/rotate-secret", owner, fmt.Sprintf(`{"secret":%q}`, "an imported secret of 32+ bytes!"))
		submit(second, rotated.text("id"), 401)

		erasing := i.ask(202, "DELETE", path, owner, "")
		if again := i.ask(202, "DELETE", path, owner, ""); erasing["type"] != "app" || again["id"] != erasing["id"] {
			t.Errorf("erasing %v, and again %v", erasing, again)
		}
		i.refuse(401, "unknown_app", "POST", "/v1/feedback", app.PublicKey, `{"text":"x"}`)
		i.refuse(404, "not_found", "GET", path, owner, "")
		i.refuse(404, "not_found", "PATCH", path, owner, `{"name":"x"}`)
		i.refuse(404, "not_found", "POST", path+"/rotate-secret", owner, `{}`)
		i.refuse(400, "invalid_body", "POST", "/v1/keys", owner, fmt.Sprintf(`{"name":"x","appId":%q}`, app.ID))
		if left := i.ask(200, "GET", "/v1/apps", owner, "").list("data"); len(left) != 1 {
			t.Errorf("left %v", left)
		}
	})
}

func TestTheLifeOfAKey(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		_, owner := i.colleague(h, "ann", access.Owner)
		made := i.ask(201, "POST", "/v1/keys", owner, `{"name":"ci"}`)
		path, text := "/v1/keys/"+made.text("id"), made.text("key")
		if !strings.HasPrefix(text, made.text("prefix")) || !strings.HasSuffix(text, made.text("last4")) || made["createdBy"] != "ann@example.com" ||
			made["isActive"] != true || made["lastUsedAt"] != nil || fmt.Sprint(made["scopes"]) != fmt.Sprint(access.Default()) {
			t.Errorf("made %v", made)
		}
		i.ask(200, "GET", "/v1/feedback", text, "")
		got := i.ask(200, "GET", path, owner, "")
		if got["lastUsedAt"] == nil || got["key"] != nil {
			t.Errorf("after its first use: %v", got)
		}

		fresh := i.ask(201, "POST", path+"/rotate", owner, `{"overlapSeconds":60}`)
		if fresh["replaces"] != made["id"] || fresh["name"] != "ci" || fmt.Sprint(fresh["scopes"]) != fmt.Sprint(made["scopes"]) || fresh.text("key") == text {
			t.Errorf("rotated to %v", fresh)
		}
		i.ask(200, "GET", "/v1/feedback", text, "")
		i.clock.Advance(time.Minute)
		i.refuse(401, "invalid_authorization", "GET", "/v1/feedback", text, "")
		i.refuse(409, "changed_meanwhile", "POST", path+"/rotate", owner, `{}`)

		next := "/v1/keys/" + fresh.text("id")
		last := i.ask(201, "POST", next+"/rotate", owner, `{}`)
		i.refuse(401, "invalid_authorization", "GET", "/v1/feedback", fresh.text("key"), "")
		i.ask(200, "GET", "/v1/feedback", last.text("key"), "")
		ended := i.ask(200, "DELETE", "/v1/keys/"+last.text("id"), owner, "")
		i.refuse(401, "invalid_authorization", "GET", "/v1/feedback", last.text("key"), "")
		if ended["isActive"] != false || ended["revokedAt"] == nil {
			t.Errorf("revoked %v", ended)
		}
		i.clock.Advance(time.Second)
		if again := i.ask(200, "DELETE", "/v1/keys/"+last.text("id"), owner, ""); again["revokedAt"] != ended["revokedAt"] {
			t.Errorf("revoked again %v", again)
		}

		answer := i.call("GET", "/v1/keys", owner, "").Body.String()
		var page thing
		must(t, json.Unmarshal([]byte(answer), &page))
		if n := len(page.list("data")); n != 4 { // with the household's own
			t.Errorf("%d keys are remembered", n)
		}
		for _, key := range []string{text, fresh.text("key"), last.text("key"), h.sk} {
			if strings.Contains(answer, key) {
				t.Error("a list shows a key")
			}
		}
	})
}

func TestAKeyOpensWhatItWasMadeForAndNothingElse(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		_, owner := i.colleague(h, "ann", access.Owner)
		key := func(draft string) string {
			t.Helper()
			return i.ask(201, "POST", "/v1/keys", owner, draft).text("key")
		}

		reader := key(`{"name":"reader","scopes":["feedback:read"]}`)
		i.ask(200, "GET", "/v1/feedback", reader, "")
		refusal := i.refuse(403, "forbidden", "GET", "/v1/apps", reader, "")
		if details, _ := refusal["details"].(map[string]any); details["required"] != "apps:read" {
			t.Errorf("%v", refusal)
		}

		other := i.ask(201, "POST", "/v1/apps", owner, `{"slug":"other","name":"Other"}`).text("id")
		bound := key(fmt.Sprintf(`{"name":"bound","appId":%q,"scopes":["apps:read","apps:manage","tokens:mint"]}`, h.app.ID))
		if seen := i.ask(200, "GET", "/v1/apps", bound, "").list("data"); len(seen) != 1 || seen[0]["id"] != h.app.ID.String() {
			t.Errorf("a bound key sees %v", seen)
		}
		i.ask(200, "PATCH", "/v1/apps/"+h.app.ID.String(), bound, `{"name":"Mine"}`)
		for _, request := range []struct{ method, path, body string }{
			{"GET", "/v1/apps/" + other, ""},
			{"PATCH", "/v1/apps/" + other, `{"name":"x"}`},
			{"DELETE", "/v1/apps/" + other, ""},
			{"GET", "/v1/apps/" + other + "/secrets", ""},
			{"POST", "/v1/apps/" + other + "/rotate-secret", `{}`},
			{"POST", "/v1/tokens/mint?appId=" + other, `{"sub":"u"}`},
		} {
			i.refuse(404, "not_found", request.method, request.path, bound, request.body)
		}
		i.refuse(403, "forbidden", "POST", "/v1/apps", bound, `{"slug":"third","name":"Third"}`)
		whole := i.refuse(400, "invalid_body", "POST", "/v1/keys", owner, fmt.Sprintf(`{"name":"x","appId":%q,"scopes":["feedback:read","keys:manage"]}`, h.app.ID))
		if got := faults(whole); !slices.Equal(got, []string{"scopes.1 invalid_value"}) {
			t.Errorf("%v", got)
		}

		near := key(`{"name":"near","allowedNetworks":["192.0.2.0/24","2001:db8::/32"]}`) // httptest calls from 192.0.2.1
		far := key(`{"name":"far","allowedNetworks":["198.51.100.0/24"]}`)
		i.ask(200, "GET", "/v1/feedback", near, "")
		i.refuse(403, "address_not_allowed", "GET", "/v1/feedback", far, "")

		spell := func(d time.Duration) string { return i.Now().Add(d).Format(time.RFC3339) }
		timed := key(fmt.Sprintf(`{"name":"timed","notBefore":%q,"expiresAt":%q}`, spell(time.Minute), spell(2*time.Minute)))
		i.refuse(401, "invalid_authorization", "GET", "/v1/feedback", timed, "")
		i.clock.Advance(time.Minute)
		i.ask(200, "GET", "/v1/feedback", timed, "")
		i.clock.Advance(time.Minute)
		i.refuse(401, "invalid_authorization", "GET", "/v1/feedback", timed, "")

		slow := key(`{"name":"slow","limit":{"limit":60,"burst":1}}`)
		i.ask(200, "GET", "/v1/feedback", slow, "")
		i.refuse(429, "rate_limited", "GET", "/v1/feedback", slow, "")

		for _, foreign := range []string{"ub_live", "ub_test", "pk_live", "userorbit"} {
			i.refuse(401, "invalid_authorization", "GET", "/v1/feedback", key(fmt.Sprintf(`{"name":"x","format":%q}`, foreign)), "")
		}
	})
}

func TestARoleBindsSessionsAndKeysFromTheMomentItIsGiven(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		ann, owner := i.colleague(h, "ann", access.Owner)
		bob, admin := i.colleague(h, "bob", access.Admin)
		made := i.ask(201, "POST", "/v1/keys", admin, `{"name":"bob's","scopes":["feedback:read","tokens:mint","keys:manage"]}`)
		theirs, key := "/v1/members/"+bob.ID.String(), made.text("key")
		i.ask(200, "GET", "/v1/keys", key, "")

		i.refuse(403, "forbidden", "PATCH", theirs, admin, `{"role":"owner"}`)
		i.refuse(403, "forbidden", "PATCH", "/v1/members/"+ann.ID.String(), admin, `{"role":"member"}`)
		i.refuse(403, "forbidden", "DELETE", "/v1/members/"+ann.ID.String(), key, "")
		fault := i.refuse(400, "invalid_body", "POST", "/v1/keys", admin, `{"name":"x","scopes":["org:delete"]}`)
		if got := faults(fault); !slices.Equal(got, []string{"scopes.0 forbidden"}) {
			t.Errorf("%v", got)
		}

		i.ask(200, "PATCH", theirs, owner, `{"role":"member"}`)
		i.refuse(403, "forbidden", "GET", "/v1/keys", admin, "")
		i.refuse(403, "forbidden", "GET", "/v1/keys", key, "")
		i.ask(200, "GET", "/v1/feedback", key, "")
		if got := i.ask(200, "GET", "/v1/keys/"+made.text("id"), owner, ""); fmt.Sprint(got["effectiveScopes"]) != "[feedback:read]" {
			t.Errorf("a member's key may do %v", got["effectiveScopes"])
		}
		i.ask(200, "PATCH", theirs, owner, `{"role":"admin"}`)
		i.ask(200, "GET", "/v1/keys", admin, "")
		i.ask(200, "GET", "/v1/keys", key, "")

		i.ask(200, "PATCH", theirs, owner, `{"status":"suspended"}`)
		i.refuse(401, "invalid_authorization", "GET", "/v1/feedback", admin, "")
		i.refuse(403, "forbidden", "GET", "/v1/feedback", key, "")
		i.ask(200, "PATCH", theirs, owner, `{"status":"active"}`)
		i.refuse(401, "invalid_authorization", "GET", "/v1/feedback", admin, "")
		i.ask(200, "GET", "/v1/feedback", key, "")
		admin = i.login(h, bob.Email)
		i.ask(204, "DELETE", theirs, owner, "")
		i.refuse(401, "invalid_authorization", "GET", "/v1/feedback", admin, "")
		i.refuse(403, "forbidden", "GET", "/v1/feedback", key, "")
		i.refuse(404, "not_found", "GET", theirs, owner, "")

		for _, request := range []struct{ method, body string }{
			{"PATCH", `{"role":"admin"}`}, {"PATCH", `{"status":"suspended"}`}, {"DELETE", ""},
		} {
			i.refuse(409, "last_owner", request.method, "/v1/members/"+ann.ID.String(), owner, request.body)
		}
		i.ask(200, "GET", "/v1/org", owner, "")
	})
}

func TestAnInvitationMakesOneMember(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		_, owner := i.colleague(h, "ann", access.Owner)
		_, admin := i.colleague(h, "bob", access.Admin)
		accept := func(invited thing) string {
			return fmt.Sprintf(`{"token":%q,"name":"Cleo","password":%q}`, invited.text("token"), password)
		}
		invite := func(email string) thing {
			t.Helper()
			return i.ask(201, "POST", "/v1/invitations", owner, fmt.Sprintf(`{"email":%q,"role":"admin"}`, email))
		}
		i.refuse(403, "forbidden", "POST", "/v1/invitations", admin, `{"email":"cleo@example.com","role":"owner"}`)
		i.refuse(409, "already_exists", "POST", "/v1/invitations", owner, `{"email":"BOB@example.com","role":"member"}`)

		cleo := invite("cleo@example.com")
		i.refuse(409, "already_exists", "POST", "/v1/invitations", owner, `{"email":"cleo@example.com","role":"member"}`)
		listed := i.ask(200, "GET", "/v1/invitations", admin, "").list("data")
		if len(listed) != 1 || listed[0]["id"] != cleo["id"] || listed[0]["token"] != nil || listed[0]["invitedBy"] != "ann@example.com" {
			t.Errorf("listed %v", listed)
		}
		weak := i.refuse(400, "invalid_body", "POST", "/v1/invitations/accept", "", fmt.Sprintf(`{"token":%q,"name":"Cleo","password":"password"}`, cleo.text("token")))
		if got := faults(weak); !slices.Equal(got, []string{"password too_weak"}) {
			t.Errorf("%v", got)
		}
		joined := i.ask(201, "POST", "/v1/invitations/accept", "", accept(cleo))
		if joined["role"] != "admin" || joined["emailVerified"] != true || joined["org"].(map[string]any)["slug"] != "acme" {
			t.Errorf("joined %v", joined)
		}
		i.ask(200, "GET", "/v1/keys", i.login(h, "cleo@example.com"), "")

		withdrawn, late := invite("dan@example.com"), invite("eve@example.com")
		i.ask(204, "DELETE", "/v1/invitations/"+withdrawn.text("id"), owner, "")
		i.clock.Advance(tenant.InvitationLife)
		for name, dead := range map[string]thing{"used": cleo, "withdrawn": withdrawn, "expired": late, "unknown": {"token": "inv_x"}} {
			if w := i.call("POST", "/v1/invitations/accept", "", accept(dead)); w.Code != 404 {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
	})
}

func TestMembersAreListedPageByPage(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		var want, got []string
		for n := range 5 {
			m := tenant.Member{
				ID: i.IDs.New(), Org: h.org.ID, Email: fmt.Sprintf("m%d@example.com", n), Role: access.Member, Status: tenant.Active,
				CreatedAt: i.Now(), UpdatedAt: i.Now(), Version: 1,
			}
			must(t, i.Store.CreateMember(t.Context(), h.org.ID, m))
			want = append(want, m.Email)
		}
		_, key, err := i.manager.CreateKey(t.Context(), byTest(), h.org.ID, manage.KeyDraft{Name: "x", Scopes: []access.Right{access.MembersRead}})
		must(t, err)
		cursor, pages := "", 0
		for more := true; more; pages++ {
			page := i.ask(200, "GET", "/v1/members?limit=2"+cursor, key.Reveal(), "")
			for _, m := range page.list("data") {
				got = append(got, m.text("email"))
			}
			cursor, more = "&cursor="+page.text("nextCursor"), page["nextCursor"] != nil
		}
		if !slices.Equal(got, want) || pages != 3 {
			t.Errorf("%d pages of %v", pages, got)
		}
		for _, query := range []string{"limit=0", "limit=101", "cursor=", "cursor=-1", "cursor=1234567", "offset=1"} {
			i.refuse(400, "invalid_query", "GET", "/v1/members?"+query, key.Reveal(), "")
		}
	})
}

func TestAnOrgIsChangedGivenUpAndTakenBack(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		_, owner := i.colleague(h, "ann", access.Owner)
		_, admin := i.colleague(h, "bob", access.Admin)
		changed := i.ask(200, "PATCH", "/v1/org", admin, `{"name":"Acme","appUrl":"https://acme.example","leakPolicy":"revoke"}`)
		if got := i.ask(200, "GET", "/v1/org", owner, ""); !maps.EqualFunc(got, changed, same) || got["name"] != "Acme" || got["leakPolicy"] != "revoke" || got["closesAt"] != nil {
			t.Errorf("%v, changed %v", got, changed)
		}
		if cleared := i.ask(200, "PATCH", "/v1/org", admin, `{"appUrl":""}`); cleared["appUrl"] != nil || cleared["name"] != "Acme" {
			t.Errorf("%v", cleared)
		}

		i.refuse(403, "forbidden", "DELETE", "/v1/org", admin, "")
		closed := i.ask(200, "DELETE", "/v1/org", owner, "")
		if closed["closesAt"] == nil {
			t.Errorf("%v", closed)
		}
		i.refuse(401, "invalid_authorization", "GET", "/v1/feedback", h.sk, "")
		i.refuse(401, "unknown_app", "POST", "/v1/feedback", h.app.PublicKey, `{"text":"x"}`)
		i.refuse(403, "org_closing", "GET", "/v1/feedback", owner, "")
		i.refuse(403, "forbidden", "POST", "/v1/org/restore", admin, "")
		if opened := i.ask(200, "POST", "/v1/org/restore", owner, ""); opened["closesAt"] != nil {
			t.Errorf("%v", opened)
		}
		i.ask(200, "GET", "/v1/feedback", h.sk, "")

		i.ask(200, "DELETE", "/v1/org", owner, "")
		i.clock.Advance(manage.Grace)
		i.refuse(409, "changed_meanwhile", "POST", "/v1/org/restore", i.login(h, "ann@example.com"), "")
	})
}

func TestOnlyTheOperatorMakesOrgsAndSeesThem(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		_, owner := i.colleague(h, "ann", access.Owner)
		i.refuse(403, "forbidden", "GET", "/v1/orgs", owner, "")
		i.refuse(403, "forbidden", "POST", "/v1/orgs", owner, `{"slug":"mine","name":"Mine"}`)

		operator, err := i.manager.CreateOrg(t.Context(), byTest(), manage.OrgDraft{Slug: "operator", Name: "Operator", Operator: true})
		must(t, err)
		_, root := i.colleague(household{org: operator}, "root", access.Owner)
		i.refuse(409, "already_exists", "POST", "/v1/orgs", root, `{"slug":"acme","name":"Acme"}`)
		made := i.ask(201, "POST", "/v1/orgs", root, `{"slug":"fresh","name":"Fresh","ownerEmail":"fay@example.com"}`)
		if made["operator"] != false {
			t.Errorf("made %v", made)
		}
		invited := made["invitation"].(map[string]any)
		i.ask(201, "POST", "/v1/invitations/accept", "", fmt.Sprintf(`{"token":%q,"name":"Fay","password":%q}`, invited["token"], password))
		fay := i.login(household{org: tenant.Org{Slug: "fresh"}}, "fay@example.com")
		if got := i.ask(200, "GET", "/v1/org", fay, ""); got["id"] != made["id"] {
			t.Errorf("%v", got)
		}
		if all := i.ask(200, "GET", "/v1/orgs", root, "").list("data"); len(all) != 3 {
			t.Errorf("%v", all)
		}
	})
}

func TestEveryFaultOfAChangeIsNamedAtOnce(t *testing.T) {
	i := serve(t, embedded(t, sqlite(t), time.Now), time.Now)
	h := i.found("acme")
	_, owner := i.colleague(h, "ann", access.Owner)
	for _, row := range []struct{ method, path, body, want string }{
		{
			"POST", "/v1/apps", `{"slug":"A B","name":" ","allowedOrigins":["https://ok.example","nope"],"x":1}`,
			"slug invalid_format, x unrecognized_keys, name required, allowedOrigins.1 invalid_format",
		},
		{"POST", "/v1/apps", `{"slug":"ok","name":" ","allowedOrigins":["nope"]}`, "name required, allowedOrigins.0 invalid_format"},
		{
			"PATCH", "/v1/apps/" + h.app.ID.String(), `{"name":null,"allowedOrigins":["nope"],"processingMode":"x"}`,
			"name invalid_type, processingMode invalid_value, allowedOrigins.0 invalid_format",
		},
		{"POST", "/v1/apps/" + h.app.ID.String() + "/rotate-secret", `{"overlapSeconds":-1,"secret":""}`, "overlapSeconds too_small, secret too_small"},
		{
			"POST", "/v1/keys", `{"name":" ","format":"pk_live","scopes":["users:read","keys:manage","x"],"allowedNetworks":["10.0.0.0/8","10.0.0.1","::ffff:10.0.0.0/104"],` +
				`"expiresAt":"2020-01-01T00:00:00Z","notBefore":"tomorrow","limit":{"limit":1000000000},"appId":"x"}`,
			"scopes.2 invalid_value, allowedNetworks.1 invalid_format, notBefore invalid_format, appId invalid_format, " +
				"name required, scopes.1 invalid_value, allowedNetworks.2 invalid_format, limit.limit too_big",
		},
		{
			"POST", "/v1/keys", `{"name":" ","expiresAt":"2020-01-01T00:00:00Z","allowedNetworks":["::ffff:10.0.0.0/104"],"limit":{"limit":1000000000}}`,
			"name required, expiresAt out_of_range, allowedNetworks.0 invalid_format, limit.limit too_big",
		},
		{"POST", "/v1/keys", `{"name":"x","scopes":[]}`, "scopes too_small"},
		{"POST", "/v1/keys", `{"name":"x","limit":{"limit":1,"burst":100000000}}`, "limit.burst too_big"},
		{"POST", "/v1/keys", `{"name":"x","limit":{"limit":599,"burst":10000000000}}`, "limit.burst too_big"},
		{"PATCH", "/v1/org", `{"name":" ","appUrl":"javascript:x","leakPolicy":"x"}`, "leakPolicy invalid_value, name required, appUrl invalid_format"},
		{"POST", "/v1/invitations", `{"email":"x","role":"boss"}`, "email invalid_format, role invalid_value"},
		{"POST", "/v1/invitations/accept", `{"token":"","name":"","password":"short"}`, "token too_small, name too_small, password too_small"},
	} {
		refusal := i.refuse(400, "invalid_body", row.method, row.path, owner, row.body)
		got, want := faults(refusal), strings.Split(row.want, ", ")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s %s %s\n got %v\nwant %v", row.method, row.path, row.body, got, want)
		}
	}
}

// What the document says of lengths holds: JSON Schema counts characters, and so does the core.
func TestTheLongestNamesAreTakenInAnyScript(t *testing.T) {
	t.Parallel()
	i := serve(t, embedded(t, sqlite(t), time.Now), time.Now)
	h := i.found("acme")
	ann, owner := i.colleague(h, "ann", access.Owner)
	name, description := strings.Repeat("語", 200), strings.Repeat("é", 2000)
	i.ask(201, "POST", "/v1/apps", owner, fmt.Sprintf(`{"slug":"long","name":%q,"description":%q}`, name, description))
	i.ask(200, "PATCH", "/v1/org", owner, fmt.Sprintf(`{"name":%q}`, name))
	i.ask(200, "PATCH", "/v1/members/"+ann.ID.String(), owner, fmt.Sprintf(`{"name":%q}`, name))
	i.ask(201, "POST", "/v1/keys", owner, fmt.Sprintf(`{"name":%q}`, name))
	i.refuse(400, "invalid_body", "POST", "/v1/keys", owner, fmt.Sprintf(`{"name":%q}`, name+"語"))
}

// same compares what JSON made.
func same(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) }
