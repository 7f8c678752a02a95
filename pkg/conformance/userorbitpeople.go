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
	row := subscriber(t, first["data"])
	again := identify(map[string]any{"email": strings.ToUpper(email), "metadata": map[string]any{"seats": 4}})
	same := subscriber(t, again["data"])
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

// subscriber ends the test unless something is a subscriber's row.
func subscriber(t *testing.T, row any) map[string]any {
	t.Helper()
	return has(t, "a subscriber", row, "id email name teamId source createdAt updatedAt metadata deactivatedAt mmr mrr plan role team created_at")
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
