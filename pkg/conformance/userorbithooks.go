package conformance

import (
	"net/http"
	"testing"
)

// subscribesHooks: what Zapier asks to be told of.
func (o *userorbit) subscribesHooks(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	wish := map[string]any{"target_url": "https://hooks.example.com/hooks/standard/1/abc", "event": "new_feedback"}
	made := has(t, "a subscription", o.do(t, team, "zapier.subscribe", wish), "id target_url event createdAt")
	if again := o.do(t, team, "zapier.subscribe", wish); again["id"] != made["id"] {
		t.Errorf("asked twice: %v and %v", made, again)
	}
	for _, bad := range []map[string]any{
		{}, {"target_url": wish["target_url"], "event": "new_moon"}, {"target_url": "http://hooks.example.com/", "event": "new_feedback"},
		{"target_url": "ftp://127.0.0.1/", "event": "new_feedback"}, {"target_url": "x", "event": "new_feedback"},
	} {
		o.ask(t, team, "POST", "/v1/zapier.subscribe", bad).unfit(t, http.StatusBadRequest)
	}
	other := o.do(t, team, "zapier.subscribe", map[string]any{"target_url": wish["target_url"], "event": "feedback_status_change"})
	if rows, total := o.list(t, team, "zapier.list", nil); total != 2 || rows[0]["id"] != made["id"] {
		t.Errorf("listed %v of %d", rows, total)
	}
	o.ask(t, o.team(t, o.OrgID), "POST", "/v1/zapier.unsubscribe", map[string]any{"id": made["id"]}).unfit(t, http.StatusNotFound)
	o.do(t, team, "zapier.unsubscribe", wish)
	o.do(t, team, "zapier.unsubscribe", map[string]any{"id": other["id"]})
	o.ask(t, team, "POST", "/v1/zapier.unsubscribe", wish).unfit(t, http.StatusNotFound)
}

// samplesHooks: what a trigger that polls is given.
func (o *userorbit) samplesHooks(t *testing.T) {
	org := o.org(t).ID
	team := o.team(t, org)
	item := o.submit(t, as{token: o.app(t, org, anybody()).PublicKey, address: somewhere()}, said("It does nothing."))
	for asked, event := range map[string]string{"": "new_feedback", "new_feedback": "new_feedback", "feedback_status_change": "feedback_status_change"} {
		body := map[string]any{"limit": 3}
		if asked != "" {
			body["event"] = asked
		}
		got := o.act(t, team, "zapier.sample", body).is(t, http.StatusOK)
		told, _ := has(t, got.what, got.object(t), "data")["data"].([]any)
		if len(told) != 1 {
			t.Fatalf("%s", got)
		}
		notice := has(t, got.what, told[0], "id event timestamp data")
		data := has(t, got.what, notice["data"], "feedback_id title text status priority board_id creator_id votes created_at updated_at")
		if notice["event"] != event || data["text"] != "It does nothing." || data["title"] != "It does nothing." || data["status"] != "in_review" {
			t.Errorf("%s: the item %s is %v", event, item, notice)
		}
	}
	o.ask(t, team, "GET", "/v1/zapier.sample?event=new_moon", nil).unfit(t, http.StatusBadRequest)
}
