package conformance

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// formatted makes a key of some surface, whose budget is nobody else's.
func (s *suite) formatted(t *testing.T, org, format string) as {
	t.Helper()
	var made key
	s.manage(t, org, "POST", "/v1/keys", map[string]any{"name": t.Name(), "format": format}, &made)
	return as{token: made.Text}
}

// seesOnePerson: whoever comes through the widget, by an event, as a subscriber and as an account is one person, with one
// timeline, whom nobody becomes by a claim.
func (s *suite) seesOnePerson(t *testing.T) {
	org := s.org(t).ID
	app, key := s.app(t, org, anybody()), s.formatted(t, org, "sk")
	name := "u-" + rand.Text()
	address := somebody().email
	claimed := claims(app, name)
	claimed["ctx"] = map[string]any{"email": address, "name": "Ann"}
	said := s.submit(t, as{token: app.PublicKey, user: token(t, app, claimed)}, said("by the widget"))
	s.ask(t, s.formatted(t, org, "ub_live"), "POST", "/v1/event", happened("signed_up", name)).is(t, http.StatusOK)
	s.submit(t, as{token: app.PublicKey}, map[string]any{"text": "x", "identity": map[string]any{"externalUserId": name, "email": address, "name": "Eve"}})
	person := s.person(t, key, "externalUserId", name)

	identified := s.ask(t, s.formatted(t, org, "userorbit"), "POST", "/v1/public/subscriber.identify", map[string]any{"email": address, "name": "Ann"})
	row, _ := identified.is(t, http.StatusOK).object(t)["data"].(map[string]any)
	account := s.ask(t, key, "POST", "/v1/users", map[string]any{"name": "Ann", "email": address, "password": rand.Text()}).is(t, http.StatusCreated).object(t)
	if found := s.person(t, key, "email", address); found["id"] != person["id"] {
		t.Errorf("by the address it is %v, by the external id %v", found, person)
	}
	path := fmt.Sprint("/v1/people/", person["id"])
	whole := s.ask(t, key, "GET", path, nil).is(t, http.StatusOK).object(t)
	subscriber, _ := whole["subscriber"].(map[string]any)
	if subscriber["id"] != row["id"] || whole["accountId"] != account["id"] || whole["name"] != "Ann" {
		t.Errorf("%v; subscribed as %v, with the account %v", whole, row, account)
	}
	equal(t, "the external ids", whole["externalUserIds"], []any{name})
	equal(t, "the addresses", whole["emails"], []any{address})
	var types []any
	for query := "?limit=1"; query != ""; {
		page, _ := s.ask(t, key, "GET", path+query, nil).is(t, http.StatusOK).object(t)["timeline"].(map[string]any)
		data, _ := page["data"].([]any)
		for _, entry := range data {
			types = append(types, entry.(map[string]any)["type"])
		}
		query = ""
		if next, ok := page["nextCursor"].(string); ok {
			query = "?limit=1&cursor=" + next
		}
	}
	equal(t, "the timeline", types, []any{"event", "feedback"})

	item := s.item(t, key.token, said)
	equal(t, "the item's person", item["person"], map[string]any{"id": person["id"], "name": "Ann", "email": address})
	if recent, _ := item["recentEvents"].([]any); len(recent) != 1 {
		t.Errorf("the person's last events: %v", item["recentEvents"])
	}
	export := s.ask(t, key, "GET", path+"/export", nil).is(t, http.StatusOK).object(t)
	equal(t, "the receipt", export["receipt"], map[string]any{
		"records": 1, "profiles": 0, "feedback": 1, "attachments": 0, "events": 1, "votes": 0, "comments": 0,
	})
}

// person waits until there is one with that name: whoever is new is known within seconds.
func (s *suite) person(t *testing.T, key as, by, name string) map[string]any {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		page := s.ask(t, key, "GET", "/v1/people?"+url.Values{by: {name}}.Encode(), nil).is(t, http.StatusOK).object(t)
		if data, _ := page["data"].([]any); len(data) == 1 {
			return data[0].(map[string]any)
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody has the %s %s: %v", by, name, page)
		}
	}
}

// decidesWhoIsWho: two people are merged by hand, and split again.
func (s *suite) decidesWhoIsWho(t *testing.T) {
	org := s.org(t).ID
	read, boost, owner := s.formatted(t, org, "sk"), s.formatted(t, org, "ub_live"), s.owner(t, org)
	var ids []string
	for _, name := range []string{"u-" + rand.Text(), "u-" + rand.Text()} {
		s.ask(t, boost, "POST", "/v1/event", happened("x", name)).is(t, http.StatusOK)
		ids = append(ids, fmt.Sprint(s.person(t, read, "externalUserId", name)["id"]))
	}
	path := "/v1/people/" + ids[0]
	into := map[string]any{"into": ids[1]}
	s.ask(t, read, "POST", path+"/merge", into).refused(t, http.StatusForbidden, "forbidden") // not by default
	merged := s.ask(t, owner, "POST", path+"/merge", into).is(t, http.StatusOK).object(t)
	if records, _ := merged["records"].([]any); merged["id"] != ids[1] || len(records) != 2 {
		t.Errorf("merged into %v", merged)
	}
	s.ask(t, owner, "POST", path+"/merge", into).refused(t, http.StatusConflict, "already_exists")
	if found := s.ask(t, read, "GET", path, nil).is(t, http.StatusOK).object(t); found["id"] != ids[1] {
		t.Errorf("the merged one is %v", found)
	}
	if split := s.ask(t, owner, "POST", path+"/split", nil).is(t, http.StatusOK).object(t); split["id"] != ids[0] {
		t.Errorf("split off is %v", split)
	}
	for _, id := range ids {
		found := s.ask(t, read, "GET", "/v1/people/"+id, nil).is(t, http.StatusOK).object(t)
		if records, _ := found["records"].([]any); found["id"] != id || len(records) != 1 {
			t.Errorf("afterwards there is %v", found)
		}
	}
	s.ask(t, owner, "POST", path+"/split", nil).refused(t, http.StatusConflict, "changed_meanwhile")
	s.ask(t, owner, "GET", "/v1/people/000000000000000000000000", nil).refused(t, http.StatusNotFound, "not_found")
}
