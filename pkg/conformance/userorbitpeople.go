package conformance

import (
	"net/http"
	"strings"
	"testing"
)

// identifies is O2.
func (o *userorbit) identifies(t *testing.T) {
	team := o.team(t, o.OrgID)
	email := somebody().email
	identify := func(body map[string]any) map[string]any {
		t.Helper()
		got := o.ask(t, team, "POST", "/v1/public/subscriber.identify", body)
		return has(t, got.what, got.is(t, http.StatusOK).object(t), "data code isFirstSignin")
	}
	first := identify(map[string]any{"email": email, "name": "John Doe", "metadata": map[string]any{"plan": "pro", "seats": 3}})
	code, _ := first["code"].(string)
	if !strings.HasPrefix(code, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.") || first["isFirstSignin"] != true {
		t.Errorf("identified as %v", first)
	}
	row := subscriber(t, first["data"], "plan")
	again := identify(map[string]any{"email": strings.ToUpper(email), "metadata": map[string]any{"seats": 4}})
	same := subscriber(t, again["data"], "plan")
	if again["isFirstSignin"] != false || same["id"] != row["id"] || same["email"] != email || same["name"] != "John Doe" || same["plan"] != "pro" {
		t.Errorf("identified again as %v", again)
	}
	equal(t, "the metadata", same["metadata"], map[string]any{"plan": "pro", "seats": 4})

	nameless := somebody().email
	row = subscriber(t, identify(map[string]any{"email": nameless})["data"])
	if name, _, _ := strings.Cut(nameless, "@"); row["name"] != name {
		t.Errorf("somebody without a name is called %v", row["name"])
	}
	for _, body := range []map[string]any{{}, {"email": ""}, {"email": "x"}, {"email": email, "metadata": []any{}}, {"email": 7}} {
		o.ask(t, team, "POST", "/v1/public/subscriber.identify", body).unfit(t, http.StatusBadRequest)
	}

	o.do(t, team, "subscribers.deactivate", map[string]any{"id": row["id"]})
	o.ask(t, team, "POST", "/v1/public/subscriber.identify", map[string]any{"email": nameless}).unfit(t, http.StatusForbidden)
}

const subscriberFields = "id email name teamId source createdAt updatedAt metadata deactivatedAt"

// subscriber ends the test unless something is a subscriber's row, with what was lifted out of the metadata beside it.
func subscriber(t *testing.T, row any, lifted ...string) map[string]any {
	t.Helper()
	return has(t, "a subscriber", row, subscriberFields+" "+strings.Join(lifted, " "))
}

// keepsSubscribers: they are made, found, changed, shut out and deleted.
func (o *userorbit) keepsSubscribers(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	create := func(body map[string]any) map[string]any {
		t.Helper()
		return subscriber(t, o.do(t, team, "subscribers.create", body))
	}
	ann := create(map[string]any{"email": "Ann@People.example", "name": "Ann"})
	bob := create(map[string]any{"email": "bob@people.example", "name": "Bob", "metadata": map[string]any{"seats": 3}})
	if ann["email"] != "ann@people.example" || ann["source"] != "subscriber" || ann["deactivatedAt"] != nil {
		t.Errorf("created %v", ann)
	}
	const taken = "A contact with this email already exists"
	for action, body := range map[string]map[string]any{
		"subscribers.create": {"email": "ANN@people.example", "name": "Another"},
		"subscribers.update": {"id": bob["id"], "email": "ann@people.example"},
	} {
		if text := o.ask(t, team, "POST", "/v1/"+action, body).unfit(t, http.StatusBadRequest); text != taken {
			t.Errorf("%s of an address that is taken: %s", action, text)
		}
	}
	for _, bad := range []map[string]any{{}, {"email": "x", "name": "x"}, {"name": "x"}, {"email": "carl@people.example"}} {
		o.ask(t, team, "POST", "/v1/subscribers.create", bad).unfit(t, http.StatusBadRequest)
	}
	rows, total := o.list(t, team, "subscribers.list", map[string]any{"limit": 1})
	if total != 2 || len(rows) != 1 || rows[0]["id"] != bob["id"] {
		t.Errorf("the newest of %d is %v", total, rows)
	}
	equal(t, "one by themselves", o.do(t, team, "subscribers.info", map[string]any{"id": ann["id"]}), ann)
	if rows, total := o.list(t, team, "subscribers.search", map[string]any{"query": "ANN"}); total != 1 || rows[0]["id"] != ann["id"] {
		t.Errorf("found %v", rows)
	}
	equal(t, "the count", o.do(t, team, "subscribers.count", nil), map[string]any{"count": 2})
	changed := o.do(t, team, "subscribers.update", map[string]any{"id": bob["id"], "name": "Robert", "metadata": map[string]any{"plan": "pro", "seats": nil}})
	subscriber(t, changed, "plan")
	equal(t, "the metadata", changed["metadata"], map[string]any{"plan": "pro"})
	if changed["name"] != "Robert" || changed["plan"] != "pro" || changed["email"] != "bob@people.example" {
		t.Errorf("changed to %v", changed)
	}
	shut := o.do(t, team, "subscribers.deactivate", map[string]any{"id": bob["id"]})
	if again := o.do(t, team, "subscribers.deactivate", map[string]any{"id": bob["id"]}); shut["deactivatedAt"] == nil || again["deactivatedAt"] != shut["deactivatedAt"] {
		t.Errorf("shut out at %v, and then at %v", shut["deactivatedAt"], again["deactivatedAt"])
	}
	o.do(t, team, "subscribers.delete", map[string]any{"id": ann["id"]})
	for _, action := range []string{"info", "update", "deactivate", "delete"} {
		o.ask(t, team, "POST", "/v1/subscribers."+action, map[string]any{"id": ann["id"]}).unfit(t, http.StatusNotFound)
		o.ask(t, o.team(t, o.OrgID), "POST", "/v1/subscribers."+action, map[string]any{"id": bob["id"]}).unfit(t, http.StatusNotFound)
	}
}

// keepsProperties: what a team means by its metadata.
func (o *userorbit) keepsProperties(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	for _, kind := range []string{"string", "number", "boolean", "date"} {
		made := has(t, "a property", o.do(t, team, "contact-properties.create", map[string]any{"name": "a " + kind, "type": kind}), "id name type createdAt updatedAt")
		if made["type"] != kind {
			t.Errorf("made %v", made)
		}
	}
	o.ask(t, team, "POST", "/v1/contact-properties.create", map[string]any{"name": "A String", "type": "string"}).unfit(t, http.StatusConflict)
	o.ask(t, team, "POST", "/v1/contact-properties.create", map[string]any{"name": "x", "type": "colour"}).unfit(t, http.StatusBadRequest)
	rows, total := o.list(t, team, "contact-properties.list", map[string]any{"offset": 1, "limit": 2})
	if total != 4 || len(rows) != 2 || rows[0]["name"] != "a number" {
		t.Fatalf("listed %v of %d", rows, total)
	}
	named := map[string]any{"id": rows[0]["id"]}
	changed := o.do(t, team, "contact-properties.update", map[string]any{"id": rows[0]["id"], "name": "seats"})
	if changed["name"] != "seats" || changed["type"] != "number" {
		t.Errorf("changed to %v", changed)
	}
	o.do(t, team, "contact-properties.delete", named)
	o.ask(t, team, "POST", "/v1/contact-properties.delete", named).unfit(t, http.StatusNotFound)
}

// tellsOfTheTeam is O6.
func (o *userorbit) tellsOfTheTeam(t *testing.T) {
	team := o.team(t, o.OrgID)
	for _, ask := range [][2]string{{"GET", "/v1/teams.info"}, {"POST", "/v1/teams.info"}, {"GET", "/api/v1/teams.info"}} {
		got := o.ask(t, team, ask[0], ask[1], nil)
		info := has(t, got.what, has(t, got.what, got.is(t, http.StatusOK).object(t), "data")["data"], "id name subdomain createdAt")
		if info["subdomain"] != o.Slug || info["name"] == "" || !uuid.MatchString(info["id"].(string)) {
			t.Errorf("%s", got)
		}
	}
}

// tellsOfTheUser: a key of a member is that member's.
func (o *userorbit) tellsOfTheUser(t *testing.T) {
	info := has(t, "the user", o.do(t, o.team(t, o.OrgID), "users.info", nil), "id name email role createdAt")
	if info["email"] != o.Admin.Email || info["role"] != "owner" {
		t.Errorf("the user is %v", info)
	}
	for name, value := range o.do(t, as{token: o.Keys["userorbit"]}, "users.info", nil) {
		if value != nil {
			t.Errorf("an operator's key is somebody's: %s %v", name, value)
		}
	}
}
