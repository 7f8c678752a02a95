package conformance

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// Users proves the generic users surface: acceptance G1–G9 under their names, and decisions D31–D35 where they show. The
// window of an hour is proved where an Org can be given a number of its own. It makes keys, users and an Org in the target.
func Users(t *testing.T, target Target) {
	s := begin(target)
	defer s.http.CloseIdleConnections()
	u := &users{suite: s}
	s.prove(t, []proof{
		{"G1", u.listsUsers}, // D34
		{"G2", u.makesUsers}, // D31, D32
		{"G3", u.keepsAddressesApart},
		{"G4", u.changesUsers},
		{"G5", u.deletesUsers},
		{"G6", u.refusesKeys}, // D35
		{"G7", u.namesFaults},
		{"G8", u.knowsNobodyElse},
		{"G9", u.limitsRequests}, // D33
		{"Documented", func(t *testing.T) {
			s.answeredAsIn(t, "/openapi/users.json", []string{
				"GET /v1/users", "POST /v1/users", "PUT /v1/users/{userId}", "DELETE /v1/users/{userId}",
			})
		}},
	})
}

// users is a run of that suite.
type users struct{ *suite }

var (
	isoSeconds  = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)
	accountID   = regexp.MustCompile(`^user_[0-9a-f]{24}$`)
	userCreated = "id name email created_at"
)

// told is the text of a refusal: its envelope has nothing else.
func (a answer) told(t *testing.T, status int) string {
	t.Helper()
	body := a.is(t, status).object(t)
	text, _ := body["error"].(string)
	if len(body) != 1 || text == "" {
		t.Fatalf("%s; want {error}", a)
	}
	return text
}

// home is an Org with nobody in it, and a key of it.
func (u *users) home(t *testing.T) as {
	t.Helper()
	return as{token: u.key(t, u.org(t).ID).Text}
}

// mine is a key of the target's own Org, whose budget is nobody else's.
func (u *users) mine(t *testing.T) as {
	t.Helper()
	return as{token: u.key(t, u.OrgID).Text}
}

// add makes a user.
func (u *users) add(t *testing.T, who as, with ...string) (person, map[string]any) {
	t.Helper()
	p := somebody()
	for _, email := range with {
		p.email = email
	}
	made := u.ask(t, who, "POST", "/v1/users", map[string]any{"name": "Charlie Chaplin", "email": p.email, "password": p.password}).
		is(t, http.StatusCreated).object(t)
	p.id, _ = made["id"].(string)
	return p, made
}

// listsUsers is G1 and D34.
func (u *users) listsUsers(t *testing.T) {
	key := u.home(t)
	list := func(query string) []any {
		t.Helper()
		got := u.ask(t, key, "GET", "/v1/users"+query, nil, "Accept", "application/json").is(t, http.StatusOK)
		return got.array(t)
	}
	before := len(list("?limit=100"))
	var made []any
	for range 22 {
		_, one := u.add(t, key)
		made = append(made, one)
	}
	all := list("?limit=100")
	equal(t, "all users, in the order they were made", all[before:], made)
	has(t, "a listed user", all[0], userCreated)
	for query, want := range map[string][]any{
		"":                    all[:20],
		"?limit=2&offset=0":   all[:2],
		"?limit=2&offset=1":   all[1:3],
		"?limit=1":            all[:1],
		"?offset=20":          all[20:],
		"?limit=5&offset=20":  all[20:min(25, len(all))],
		"?offset=9000":        {},
		"?limit=100&offset=3": all[3:],
	} {
		equal(t, "the users of "+query, list(query), want)
	}
	for _, query := range []string{
		"limit=0", "limit=101", "limit=-1", "limit=x", "limit=", "limit=1.5", "limit=99999999999999999999", "offset=-1", "offset=x",
		"limit=1&limit=2", "page=2", "%zz",
	} {
		u.ask(t, key, "GET", "/v1/users?"+query, nil).told(t, http.StatusBadRequest)
	}
}

// makesUsers is G2, with what it means (D32): who is made here logs in as a member.
func (u *users) makesUsers(t *testing.T) {
	key := u.home(t)
	got := u.ask(t, key, "POST", "/v1/users",
		map[string]any{"name": "Charlie Chaplin", "email": "charlie@example.com", "password": "securepassword123"}).is(t, http.StatusCreated)
	made := has(t, "a user", got.object(t), userCreated)
	spelled(t, "a user", made, map[string]*regexp.Regexp{"id": accountID, "created_at": isoSeconds})
	if made["name"] != "Charlie Chaplin" || made["email"] != "charlie@example.com" || strings.Contains(string(got.body), "securepassword123") {
		t.Errorf("%s", got)
	}
	who, _ := u.add(t, u.mine(t))
	in := u.ask(t, as{}, "POST", api+"/auth/login", map[string]any{"email": who.email, "password": who.password}, "X-Org-Slug", u.Slug).
		data(t, http.StatusOK)
	if membership, _ := in["membership"].(map[string]any); membership["role"] != "member" || membership["status"] != "active" {
		t.Errorf("who was made here logs in with %v", membership)
	}
	u.ask(t, key, "POST", "/v1/users", map[string]any{
		"name": "x", "email": somebody().email, "password": somebody().password, "role": "owner", "age": 7,
	}).is(t, http.StatusCreated) // what is not known is passed over
}

// keepsAddressesApart is G3, whatever the case; another Org's addresses are nobody's business (D32).
func (u *users) keepsAddressesApart(t *testing.T) {
	key, elsewhere := u.home(t), u.home(t)
	who, _ := u.add(t, key)
	other, _ := u.add(t, key)
	const taken = "Email address is already in use."
	for _, email := range []string{who.email, strings.ToUpper(who.email)} {
		got := u.ask(t, key, "POST", "/v1/users", map[string]any{"name": "x", "email": email, "password": who.password})
		if text := got.told(t, http.StatusBadRequest); text != taken {
			t.Errorf("%s is refused with %q", email, text)
		}
		got = u.ask(t, key, "PUT", "/v1/users/"+other.id, map[string]any{"email": email})
		if text := got.told(t, http.StatusBadRequest); text != taken {
			t.Errorf("a change to %s is refused with %q", email, text)
		}
	}
	u.ask(t, key, "PUT", "/v1/users/"+who.id, map[string]any{"email": strings.ToUpper(who.email)}).is(t, http.StatusOK) // one's own
	u.add(t, elsewhere, who.email)
}

// changesUsers is G4.
func (u *users) changesUsers(t *testing.T) {
	key := u.home(t)
	who, _ := u.add(t, key)
	path, email := "/v1/users/"+who.id, somebody().email
	change := func(body any) map[string]any {
		t.Helper()
		changed := has(t, "a change", u.ask(t, key, "PUT", path, body).is(t, http.StatusOK).object(t), "id name email updated_at")
		spelled(t, "a change", changed, map[string]*regexp.Regexp{"id": accountID, "updated_at": isoSeconds})
		return changed
	}
	for _, row := range []struct {
		body        any
		name, email string
	}{
		{map[string]any{"name": "Charles Chaplin", "email": email}, "Charles Chaplin", email},
		{map[string]any{"name": "Sir Charles"}, "Sir Charles", email},
		{map[string]any{"email": who.email}, "Sir Charles", who.email},
		{map[string]any{}, "Sir Charles", who.email},
	} {
		if got := change(row.body); got["name"] != row.name || got["email"] != row.email || got["id"] != who.id {
			t.Errorf("after %v: %v", row.body, got)
		}
	}
	for _, body := range []string{`{"name":""}`, `{"name":null}`, `{"email":"x"}`, `{"email":7}`, `[]`, ``} {
		u.ask(t, key, "PUT", path, body).told(t, http.StatusBadRequest)
	}
}

// deletesUsers is G5: they are gone at once.
func (u *users) deletesUsers(t *testing.T) {
	key := u.mine(t)
	who, _ := u.add(t, key)
	login := func() answer {
		return u.ask(t, as{}, "POST", api+"/auth/login", map[string]any{"email": who.email, "password": who.password}, "X-Org-Slug", u.Slug)
	}
	access, _ := login().data(t, http.StatusOK)["accessToken"].(string)
	got := u.ask(t, key, "DELETE", "/v1/users/"+who.id, nil).is(t, http.StatusNoContent)
	if len(got.body) > 0 || got.header.Get("Content-Type") != "" {
		t.Errorf("%s has a body", got)
	}
	login().failed(t, http.StatusUnauthorized)
	u.ask(t, as{token: access}, "GET", api+"/auth/me", nil, "X-Org-Slug", u.Slug).failed(t, http.StatusUnauthorized)
	u.ask(t, key, "DELETE", "/v1/users/"+who.id, nil).told(t, http.StatusNotFound)
	u.add(t, key, who.email) // the address is free again
}
