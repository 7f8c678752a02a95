package conformance

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// A route of each door, and one that the other half of the suite asks for too.
var orbited = []struct {
	method, path     string
	team, subscriber bool // opens to either
}{
	{"GET", "/v1/teams.info", true, false},
	{"POST", "/v1/teams.info", true, false},
	{"POST", "/v1/subscribers.list", true, false},
	{"POST", "/v1/public/subscriber.identify", true, false},
	{"GET", "/v1/public/documents.list", true, true},
	{"POST", "/api/v1/public/documents.list", true, true},
	{"GET", "/api/v1/users.info", true, false},
	{"GET", "/v1/feedbacks.list", true, false},
	{"GET", "/v1/public/feedbacks.list", true, true},
}

// refusesUnknownKeys is O7.
func (o *userorbit) refusesUnknownKeys(t *testing.T) {
	good := o.team(t, o.OrgID).token
	for _, route := range orbited {
		for _, token := range []string{strings.Repeat("a", 38), "sk_" + good, good[:37], good + "x", o.Keys["userz"], o.Keys["userboost"], "a.b.c"} {
			o.ask(t, as{token: token}, route.method, route.path, nil).shut(t, required)
		}
	}
}

// refusesNobody is O9.
func (o *userorbit) refusesNobody(t *testing.T) {
	good := o.team(t, o.OrgID).token
	for _, route := range orbited {
		for _, header := range []string{"", "Bearer", "Bearer ", good, "Basic " + good} {
			o.ask(t, as{}, route.method, route.path, nil, "Authorization", header).shut(t, required)
		}
	}
}

// refusesDeletedKeys is O10.
func (o *userorbit) refusesDeletedKeys(t *testing.T) {
	made := o.teamKey(t, o.OrgID)
	who := as{token: made.Text}
	o.ask(t, who, "GET", "/v1/teams.info", nil).is(t, http.StatusOK)
	o.ask(t, o.owner(t, o.OrgID), "DELETE", "/v1/keys/"+made.ID, nil).is(t, http.StatusOK)
	for _, route := range orbited {
		o.ask(t, who, route.method, route.path, nil).shut(t, required)
	}
}

// refusesOldTokens is O8: ninety days and a little more, whatever the door. One that is a day younger opens.
func (o *userorbit) refusesOldTokens(t *testing.T) {
	team := o.team(t, o.OrgID)
	_, person := o.subscriber(t, team)
	orgUUID, _ := o.do(t, team, "teams.info", nil)["id"].(string)
	day := 24 * time.Hour
	old := as{token: o.signed(t, orgUUID, person, time.Now().Add(-91*day))}
	young := as{token: o.signed(t, orgUUID, person, time.Now().Add(-89*day))}
	forged := as{token: old.token[:len(old.token)-4] + "AAAA"}
	for _, route := range orbited {
		o.ask(t, old, route.method, route.path, nil).shut(t, expired)
		o.ask(t, forged, route.method, route.path, nil).shut(t, required)
		if route.subscriber {
			o.ask(t, young, route.method, route.path, nil).is(t, http.StatusOK)
		} else {
			o.ask(t, young, route.method, route.path, nil).shut(t, required)
		}
	}
}

// forgetsSubscribers is O11: nothing opens to whom their team shut out or deleted, nor to anybody of a team that is gone.
func (o *userorbit) forgetsSubscribers(t *testing.T) {
	org := o.org(t)
	team := o.team(t, org.ID)
	const path = "/v1/public/documents.list"
	for _, action := range []string{"subscribers.deactivate", "subscribers.delete"} {
		who, id := o.subscriber(t, team)
		o.ask(t, who, "GET", path, nil).is(t, http.StatusOK)
		o.do(t, team, action, map[string]any{"id": id})
		o.ask(t, who, "GET", path, nil).shut(t, required)
	}
	who, _ := o.subscriber(t, team)
	o.ask(t, who, "GET", path, nil).is(t, http.StatusOK)
	if got := o.ask(t, o.owner(t, org.ID), "DELETE", "/v1/org", nil); got.status >= 300 {
		t.Fatalf("%s", got)
	}
	o.ask(t, who, "GET", path, nil).shut(t, required)
	o.ask(t, team, "GET", path, nil).shut(t, required)
}
