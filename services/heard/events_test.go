package heard_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/email"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/dialect/userboost"
	"github.com/heard-dev/heard/pkg/id"
)

// told is UserBoost's answer to events.
type told struct {
	Success bool
	Data    struct {
		Processed int `json:"processed_count"`
		Failed    int `json:"failed_count"`
		Results   []struct {
			Index     int
			Success   bool
			EventID   string `json:"event_id"`
			Duplicate bool
			Retryable *bool
			Error     *struct{ Code, Message, Field string }
		}
	}
	Error struct {
		Code, Message string
		Details       struct {
			Fields  []struct{ Field, Message string }
			Results []struct {
				Index   int
				Success bool
				Error   struct{ Code, Field string }
			}
		}
	}
}

// boost makes a UserBoost key, bound to an App if one is given.
func (i *installation) boost(org id.ID, format apikey.Format, app id.ID) string {
	i.t.Helper()
	_, text, err := i.manager.CreateKey(i.t.Context(), byTest(), org, manage.KeyDraft{Name: format.Name, Format: format.Name, App: app})
	must(i.t, err)
	return text.Reveal()
}

// tell sends events and reads what is answered.
func (i *installation) tell(key, path, body string, status int, header ...string) (answer told) {
	i.t.Helper()
	w := i.call(http.MethodPost, path, key, body, header...)
	i.answer(w, status, &answer)
	if answer.Success != (status == http.StatusOK) || w.Header().Get("X-RateLimit-Limit") == "" {
		i.t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	return answer
}

// listed are the events that a native key reads.
func (i *installation) listed(key, path string) (events []map[string]any, next string) {
	i.t.Helper()
	var page struct {
		Data       []map[string]any
		NextCursor *string
	}
	i.answer(i.call(http.MethodGet, path, key, ""), http.StatusOK, &page)
	if page.NextCursor != nil {
		next = *page.NextCursor
	}
	return page.Data, next
}

func namesOf(events []map[string]any) string {
	var all []string
	for _, e := range events {
		all = append(all, fmt.Sprint(e["name"]))
	}
	return strings.Join(all, " ")
}

// What is answered as stored is read back as it was told, with who told it.
func TestAnEventIsReadBackAsItWasTold(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		live, test := i.boost(h.org.ID, apikey.UserBoostLive(), id.Zero), i.boost(h.org.ID, apikey.UserBoostTest(), h.app.ID)
		body := `{"event":"plan_upgraded","user":{"id":"user/1","email":"a@b.example","traits":{"plan":"pro","n":1.50}},"properties":{"a":[{"b":null}]},` +
			`"timestamp":"2026-03-01T13:00:00+02:00","unknown":1}`
		answer := i.tell(live, "/v1/event", body, http.StatusOK, "User-Agent", "agent/1")
		first := answer.Data.Results[0]
		if answer.Data.Processed != 1 || answer.Data.Failed != 0 || len(answer.Data.Results) != 1 || !first.Success || first.Duplicate {
			t.Fatalf("%+v", answer)
		}
		i.clock.Advance(time.Second)
		i.tell(test, "/v1/events", `{"sent_at":"now","events":[{"type":"identify","user":{"id":"user/1","traits":{"plan":null,"seats":3}},"timestamp":null}]}`, http.StatusOK)

		events, next := i.listed(h.sk, "/v1/events")
		if len(events) != 2 || next != "" {
			t.Fatalf("%v %s", events, next)
		}
		stored, err := id.ParseUUID(first.EventID)
		must(t, err)
		demandEqual(t, events[1], map[string]any{
			"id": stored.String(), "eventId": first.EventID, "appId": nil, "type": "event", "name": "plan_upgraded",
			"user":       map[string]any{"id": "user/1", "email": "a@b.example", "traits": map[string]any{"plan": "pro", "n": 1.5}},
			"properties": map[string]any{"a": []any{map[string]any{"b": nil}}},
			"timestamp":  "2026-03-01T11:00:00.000Z", "receivedAt": "2026-03-01T12:00:00.000Z", "test": false,
			"ipAddress": "192.0.2.1", "userAgent": "agent/1",
		})
		delete(events[0], "id")
		delete(events[0], "eventId")
		demandEqual(t, events[0], map[string]any{
			"appId": h.app.ID.String(), "type": "identify", "name": nil, "properties": nil,
			"user":      map[string]any{"id": "user/1", "email": nil, "traits": map[string]any{"plan": nil, "seats": 3.}},
			"timestamp": "2026-03-01T12:00:01.000Z", "receivedAt": "2026-03-01T12:00:01.000Z", "test": true,
			"ipAddress": "192.0.2.1", "userAgent": nil,
		})
		var one map[string]any
		i.answer(i.call(http.MethodGet, "/v1/events/"+stored.String(), h.sk, ""), http.StatusOK, &one)
		demandEqual(t, one, events[1])
		var known map[string]any
		i.answer(i.call(http.MethodGet, "/v1/end-users/user%2F1", h.sk, ""), http.StatusOK, &known)
		demandEqual(t, known, map[string]any{
			"userId": "user/1", "email": "a@b.example", "traits": map[string]any{"n": 1.5, "seats": 3.},
			"createdAt": "2026-03-01T12:00:00.000Z", "updatedAt": "2026-03-01T12:00:01.000Z",
		})
		if timeline, _ := i.listed(h.sk, "/v1/end-users/user%2F1/events"); len(timeline) != 2 {
			t.Errorf("%v", timeline)
		}
	})
}

func demandEqual(t *testing.T, got, want map[string]any) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		a, err := json.Marshal(got[name])
		must(t, err)
		b, err := json.Marshal(want[name])
		must(t, err)
		if string(a) != string(b) {
			t.Errorf("%s is %s, want %s", name, a, b)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
}

// Each bad event fails alone, and is told which field breaks which rule; a body that is no JSON fails as a whole.
func TestABadEventFailsAlone(t *testing.T) {
	t.Parallel()
	clock := newClock()
	i := serve(t, embedded(t, sqlite(t), clock.Now), clock.Now)
	h := i.found("acme")
	key := i.boost(h.org.ID, apikey.UserBoostLive(), id.Zero)
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	bad := []struct{ item, field, message string }{
		{`{"name":"auth_test","user":"test_user"}`, "user", "must be an object"},
		{`{"event":"x"}`, "user", "is required"},
		{`{"event":"x","user":{}}`, "user.id", "is required"},
		{`{"event":"x","user":{"id":7}}`, "user.id", "must be a string"},
		{`{"event":"x","user":{"id":""}}`, "user.id", "must be at least 1 character"},
		{`{"event":"x","user":{"id":"u","email":"no"}}`, "user.email", "must be an e-mail address"},
		{`{"event":"x","user":{"id":"u","traits":[]}}`, "user.traits", "must be an object or null"},
		{`{"user":{"id":"u"}}`, "event", "is required"},
		{`{"type":"identify","event":"x","user":{"id":"u"}}`, "event", "is for what happened, not for who somebody is"},
		{`{"type":"page","event":"x","user":{"id":"u"}}`, "type", "must be one of event, identify"},
		{`{"event":"x","user":{"id":"u"},"timestamp":"yesterday"}`, "timestamp", "must be an RFC 3339 date and time"},
		{`{"event":"x","user":{"id":"u"},"timestamp":"2026-02-22T11:59:59Z"}`, "timestamp", "must be at most 7 days ago"},
		{`{"event":"x","user":{"id":"u"},"timestamp":"2026-03-01T12:10:01Z"}`, "timestamp", "must be at most 10 minutes ahead"},
		{`{"event":"x","user":{"id":"u"},"properties":{"a":"` + strings.Repeat("x", 32<<10) + `"}}`, "properties", "must be at most 32768 bytes of JSON"},
		{`{"event":"x","user":{"id":"u","id":"v"}}`, "user.id", "appears twice"},
		{`{"event":"x","user":{"id":"u"},"properties":` + deep + `}`, "properties" + strings.Repeat(".a", 31), "is nested deeper than 32 levels"},
		{`7`, "", "must be an object"},
		{`null`, "", "must be an object"},
	}
	good := `{"event":"x","user":{"id":"u"}}`
	items := []string{good}
	for _, b := range bad {
		items = append(items, b.item)
	}
	items = append(items, good)
	answer := i.tell(key, "/v1/events", `{"events":[`+strings.Join(items, ",")+`]}`, http.StatusOK)
	if answer.Data.Processed != 2 || answer.Data.Failed != len(bad) || len(answer.Data.Results) != len(items) {
		t.Fatalf("%d processed, %d failed of %d", answer.Data.Processed, answer.Data.Failed, len(items))
	}
	for n, b := range bad {
		r := answer.Data.Results[n+1]
		if r.Index != n+1 || r.Success || r.EventID != "" || r.Retryable == nil || *r.Retryable || r.Error == nil ||
			r.Error.Code != "VALIDATION_ERROR" || r.Error.Field != b.field || r.Error.Message != b.message {
			t.Errorf("%.100s: %+v %+v", b.item, r, r.Error)
		}
		alone := i.tell(key, "/v1/events", `{"events":[`+b.item+`]}`, http.StatusBadRequest).Error
		field := strings.TrimSuffix("events[0]."+b.field, ".")
		if alone.Code != "VALIDATION_ERROR" || alone.Details.Fields[0].Field != field || alone.Details.Fields[0].Message != b.message {
			t.Errorf("%.100s alone: %+v", b.item, alone)
		}
		single := i.tell(key, "/v1/event", b.item, http.StatusBadRequest).Error
		if single.Code != "VALIDATION_ERROR" || !slices.ContainsFunc(single.Details.Fields, func(f struct{ Field, Message string }) bool {
			return f.Field == b.field && f.Message == b.message
		}) {
			t.Errorf("%.100s by itself: %+v", b.item, single)
		}
	}
	whole := i.tell(key, "/v1/events", `{"events":[`+strings.Repeat(bad[1].item+",", 119)+bad[2].item+`]}`, http.StatusBadRequest).Error.Details
	if len(whole.Fields) != 100 || len(whole.Results) != 120 {
		t.Fatalf("of 120 bad events %d faults and %d results are told", len(whole.Fields), len(whole.Results))
	}
	for n, r := range whole.Results {
		if r.Index != n || r.Success || r.Error.Code != "VALIDATION_ERROR" || r.Error.Field != map[bool]string{true: "user", false: "user.id"}[n < 119] {
			t.Errorf("%d: %+v", n, r)
		}
	}
	fields := i.tell(key, "/v1/event", bad[0].item, http.StatusBadRequest).Error.Details.Fields
	if len(fields) != 2 || fields[0].Field != "user" || fields[1].Field != "event" {
		t.Errorf("D18 names %v", fields)
	}
	for _, body := range []string{
		`{"events":[` + good + `,{"event":]}`, `{"events":[]}`, `{"events":{}}`, `{}`, `[` + good + `]`, good,
		`{"events":[` + strings.TrimSuffix(strings.Repeat(good+",", 1001), ",") + `]}`,
	} {
		i.tell(key, "/v1/events", body, http.StatusBadRequest)
	}
	if stored, _ := i.listed(h.sk, "/v1/events"); len(stored) != 2 {
		t.Errorf("%d are stored", len(stored))
	}
	i.tell(key, "/v1/events", `{"events":[`+strings.TrimSuffix(strings.Repeat(good+",", 1000), ",")+`]}`, http.StatusOK)
}

// An event that its sender names, by itself or by the request, is stored once within seven days.
func TestAnEventSentAgainIsStoredOnce(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		live, test := i.boost(h.org.ID, apikey.UserBoostLive(), id.Zero), i.boost(h.org.ID, apikey.UserBoostTest(), id.Zero)
		named := `{"event":"x","user":{"id":"u"},"event_id":"mine"}`
		plain := `{"event":"x","user":{"id":"u"}}`
		send := func(key, path, body string, duplicate bool, header ...string) []string {
			t.Helper()
			var ids []string
			for _, r := range i.tell(key, path, body, http.StatusOK, header...).Data.Results {
				if !r.Success || r.Duplicate != duplicate {
					t.Errorf("%s %v: %+v", body, header, r)
				}
				ids = append(ids, r.EventID)
			}
			return ids
		}
		all := map[string]bool{}
		keep := func(ids []string, same ...string) []string {
			t.Helper()
			if len(same) > 0 && !slices.Equal(ids, same) {
				t.Errorf("the ids are %v, want %v", ids, same)
			}
			for _, one := range ids {
				all[one] = true
			}
			return ids
		}
		first := keep(send(live, "/v1/event", named, false))
		keep(send(live, "/v1/event", named, true), first...)
		keep(send(live, "/v1/events", `{"events":[`+named+`]}`, true), first...)
		keep(send(test, "/v1/event", named, false)) // a rehearsal is not the thing
		byKey := keep(send(live, "/v1/event", plain, false, "Idempotency-Key", "k"))
		keep(send(live, "/v1/event", plain, true, "Idempotency-Key", "k"), byKey...)
		two := keep(send(live, "/v1/events", `{"events":[`+plain+`,`+plain+`]}`, false, "Idempotency-Key", "k"))
		keep(send(live, "/v1/events", `{"events":[`+plain+`,`+plain+`]}`, true, "Idempotency-Key", "k"), two...)
		keep(send(live, "/v1/event", plain, false))
		keep(send(live, "/v1/event", plain, false))
		i.clock.Advance(event.Remembered - time.Millisecond)
		keep(send(live, "/v1/event", named, true), first...)
		i.clock.Advance(time.Millisecond)
		again := keep(send(live, "/v1/event", named, false))
		keep(send(live, "/v1/event", named, true), again...)
		if stored, _ := i.listed(h.sk, "/v1/events?limit=100"); len(stored) != len(all) || len(all) != 8 {
			t.Errorf("%d are stored, and %d ids were told", len(stored), len(all))
		}
	})
}

// Lists are newest first, whole by pages, and of nothing but what is asked for; and a key of one App sees that App's alone.
func TestEventsAreListedByWhatIsAskedFor(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h, stranger := i.found("acme"), i.found("other")
		live, bound := i.boost(h.org.ID, apikey.UserBoostLive(), id.Zero), i.boost(h.org.ID, apikey.UserBoostLive(), h.app.ID)
		for n, row := range []struct{ key, name, user string }{
			{live, "a", "u"}, {bound, "b", "u"}, {live, "c", "v"}, {bound, "a", "v"}, {live, "b", "u"}, {live, "a", "u"},
		} {
			i.tell(row.key, "/v1/event", fmt.Sprintf(`{"event":%q,"user":{"id":%q,"traits":{}}}`, row.name, row.user), http.StatusOK)
			if n != 2 { // two are of the same millisecond
				i.clock.Advance(time.Second)
			}
		}
		_, onlyApp, err := i.manager.CreateKey(t.Context(), byTest(), h.org.ID, manage.KeyDraft{
			Name: "bound", App: h.app.ID, Scopes: []access.Right{access.EventsRead},
		})
		must(t, err)
		app := h.app.ID.String()
		for _, row := range []struct{ key, path, want string }{
			{h.sk, "/v1/events?name=a", "a a a"},
			{h.sk, "/v1/events?userId=v&name=c", "c"},
			{h.sk, "/v1/events?userId=nobody", ""},
			{h.sk, "/v1/events?appId=" + app, "a b"},
			{h.sk, "/v1/events?appId=" + stranger.app.ID.String(), ""},
			{h.sk, "/v1/events?appId=000000000000000000000000", ""},
			{h.sk, "/v1/events?from=2026-03-01T12:00:03Z", "a b"},
			{h.sk, "/v1/events?to=2026-03-01T12:00:01Z", "a"},
			{h.sk, "/v1/events?from=2026-03-01T12:00:01Z&to=2026-03-01T12:00:02Z", "b"},
			{h.sk, "/v1/events?from=2026-03-01T12:00:00.0001Z&to=2026-03-01T12:00:01.0001Z", "b"},
			{h.sk, "/v1/end-users/u/events", "a b b a"},
			{h.sk, "/v1/end-users/u/events?name=b&appId=" + app, "b"},
			{h.sk, "/v1/end-users/nobody/events", ""},
			{onlyApp.Reveal(), "/v1/events", "a b"},
			{onlyApp.Reveal(), "/v1/events?appId=" + stranger.app.ID.String(), ""},
			{onlyApp.Reveal(), "/v1/end-users/u/events", "b"},
			{stranger.sk, "/v1/events", ""},
			{stranger.sk, "/v1/end-users/u/events", ""},
		} {
			if events, _ := i.listed(row.key, row.path); namesOf(events) != row.want {
				t.Errorf("%s lists %q, want %q", row.path, namesOf(events), row.want)
			}
		}
		whole, _ := i.listed(h.sk, "/v1/events")
		for _, limit := range []int{1, 2, 3, 5, 6} {
			var walked []map[string]any
			for cursor := ""; ; {
				path := fmt.Sprintf("/v1/events?limit=%d", limit)
				if cursor != "" {
					path += "&cursor=" + cursor
				}
				page, next := i.listed(h.sk, path)
				walked = append(walked, page...)
				if cursor = next; cursor == "" {
					break
				}
				if len(page) != limit {
					t.Fatalf("a page of %d", len(page))
				}
			}
			if fmt.Sprint(walked) != fmt.Sprint(whole) || len(whole) != 6 {
				t.Errorf("by %d: %v\nwhole: %v", limit, walked, whole)
			}
		}
		others := whole[0]["id"].(string)
		for _, row := range []struct {
			key, path string
			status    int
		}{
			{stranger.sk, "/v1/events/" + others, http.StatusNotFound},
			{onlyApp.Reveal(), "/v1/events/" + others, http.StatusNotFound},
			{stranger.sk, "/v1/end-users/u", http.StatusNotFound},
			{onlyApp.Reveal(), "/v1/end-users/u", http.StatusNotFound},
			{h.sk, "/v1/end-users/u", http.StatusOK},
			{h.sk, "/v1/end-users/nobody", http.StatusNotFound},
			{h.sk, "/v1/end-users/%ff", http.StatusBadRequest},
			{h.sk, "/v1/end-users/%ff/events", http.StatusBadRequest},
			{h.sk, "/v1/events?cursor=" + strings.Repeat("f", 40), http.StatusBadRequest},
			{h.sk, "/v1/events?cursor=x", http.StatusBadRequest},
			{h.sk, "/v1/events?from=now", http.StatusBadRequest},
			{h.sk, "/v1/events?limit=101", http.StatusBadRequest},
			{h.sk, "/v1/events?page=1", http.StatusBadRequest},
		} {
			if w := i.call(http.MethodGet, row.path, row.key, ""); w.Code != row.status {
				t.Errorf("%s: %d %s, want %d", row.path, w.Code, w.Body, row.status)
			}
		}
	})
}

// D21: all keys of an Org share one minute by the clock; an Org can be given a number of its own.
func TestAllKeysOfAnOrgShareOneBudgetOfEvents(t *testing.T) {
	t.Parallel()
	clock := newClock() // on the minute
	i := serve(t, embedded(t, sqlite(t), clock.Now), clock.Now)
	org, err := i.manager.CreateOrg(t.Context(), byTest(), manage.OrgDraft{Slug: "acme", Name: "Acme"})
	must(t, err)
	keys := []string{
		i.boost(org.ID, apikey.UserBoostLive(), id.Zero), i.boost(org.ID, apikey.UserBoostLive(), id.Zero), i.boost(org.ID, apikey.UserBoostTest(), id.Zero),
	}
	send := func(n int, body string) *httptest.ResponseRecorder {
		return i.call(http.MethodPost, "/v1/event", keys[n%len(keys)], body)
	}
	show := func(w *httptest.ResponseRecorder) string {
		h := w.Header()
		return fmt.Sprint(w.Code, h.Get("X-RateLimit-Limit"), h.Get("X-RateLimit-Remaining"), h.Get("X-RateLimit-Reset"), h.Get("X-RateLimit-Window"), h.Get("Retry-After"))
	}
	reset := fmt.Sprint(clock.Now().Add(time.Minute).Unix())
	clock.Advance(15 * time.Second)
	for n := range 100 {
		body, status := `{"event":"x","user":{"id":"u"}}`, 200
		if n%2 == 1 {
			body, status = `{"event":"x"}`, 400
		}
		if got, want := show(send(n, body)), fmt.Sprint(status, "100", fmt.Sprint(99-n), reset, "60", ""); got != want {
			t.Fatalf("request %d: %s, want %s", n, got, want)
		}
	}
	w := send(0, `{"event":"x","user":{"id":"u"}}`)
	if got, want := show(w), fmt.Sprint(429, "100", "0", reset, "60", "45"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if want := `{"success":false,"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Rate limit exceeded. Try again in 45 seconds.",` +
		`"details":{"limit":100,"window_seconds":60,"retry_after_seconds":45,"requests_remaining":0}}}`; strings.TrimSpace(w.Body.String()) != want {
		t.Errorf("%s", w.Body)
	}
	clock.Advance(45 * time.Second)
	if w := send(1, `{"event":"x","user":{"id":"u"}}`); w.Code != http.StatusOK {
		t.Errorf("in the next minute: %d %s", w.Code, w.Body)
	}
}

func TestTheWireSaysTheCoresNumbersOfEvents(t *testing.T) {
	t.Parallel()
	var document any
	must(t, json.Unmarshal(userboost.Dialect{}.About().Document, &document))
	for path, want := range map[string]int{
		"NewEvent event maxLength":    event.MaxName,
		"NewEvent event_id maxLength": event.MaxClientID,
		"EventUser id maxLength":      event.MaxUserID,
		"EventUser email maxLength":   email.Max,
		"EventBatch events maxItems":  1000,
	} {
		if got := at(t, document, path); got != float64(want) {
			t.Errorf("%s is %v, not %d", path, got, want)
		}
	}
	said, _ := at(t, document, "/v1/event post description").(string)
	for _, words := range []string{"within 7 days", "at most 7 days ago and 10 minutes ahead", "32 KB"} {
		if !strings.Contains(said, words) {
			t.Errorf("it is not said that %q", words)
		}
	}
	if event.Remembered != 7*24*time.Hour || event.MaxLate != 7*24*time.Hour || event.MaxEarly != 10*time.Minute || event.MaxObject != 32<<10 {
		t.Error("and these words are not the core's")
	}
}
