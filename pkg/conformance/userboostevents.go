package conformance

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// events are a page of an Org's events, as its owner reads them.
func (b *userboost) events(t *testing.T, org, path string) (events []map[string]any, next string) {
	t.Helper()
	page := has(t, path, b.ask(t, b.owner(t, org), "GET", path, nil).is(t, http.StatusOK).object(t), "data nextCursor")
	data, _ := page["data"].([]any)
	for _, entry := range data {
		events = append(events, has(t, "an event", entry,
			"id eventId appId type name user properties timestamp receivedAt test ipAddress userAgent"))
	}
	next, _ = page["nextCursor"].(string)
	return events, next
}

// eventIDs are the ids of a whole list, newest first, by pages.
func (b *userboost) eventIDs(t *testing.T, org, path string, limit int) (ids []string) {
	t.Helper()
	query := url.Values{"limit": {fmt.Sprint(limit)}}
	for {
		events, next := b.events(t, org, path+"?"+query.Encode())
		for _, e := range events {
			ids = append(ids, fmt.Sprint(e["eventId"]))
		}
		if next == "" {
			return ids
		}
		if len(events) != limit {
			t.Fatalf("a page of %d has %d events, and another follows", limit, len(events))
		}
		query.Set("cursor", next)
	}
}

// marksTests is D19.
func (b *userboost) marksTests(t *testing.T) {
	org, live := b.account(t)
	test := as{token: b.boosted(t, org, "ub_test").Text}
	b.ask(t, live, "POST", "/v1/event", happened("real", "u")).stored(t, false)
	b.ask(t, test, "POST", "/v1/event", happened("rehearsed", "u")).stored(t, false)
	events, _ := b.events(t, org, "/v1/events")
	for _, e := range events {
		if e["test"] != (e["name"] == "rehearsed") {
			t.Errorf("%v", e)
		}
	}
	if len(events) != 2 {
		t.Errorf("%d events", len(events))
	}
}

// judgesEachOfABatch is D24.
func (b *userboost) judgesEachOfABatch(t *testing.T) {
	org, live := b.account(t)
	good, bad := happened("x", "u"), map[string]any{"event": "x", "user": "u"}
	results := b.ask(t, live, "POST", "/v1/events", map[string]any{"sent_at": "whenever", "events": []any{
		good, bad, map[string]any{"type": "identify", "user": map[string]any{"id": "u"}}, 7, map[string]any{"user": map[string]any{"id": "u"}}, good,
	}}).results(t, 3, 3)
	for i, field := range map[int]string{1: "user", 3: "", 4: "event"} {
		result := has(t, "a failure", results[i], "index success error retryable")
		fault, _ := result["error"].(map[string]any)
		message, _ := fault["message"].(string)
		named, _ := fault["field"].(string)
		if result["success"] != false || result["retryable"] != false || fault["code"] != "VALIDATION_ERROR" || message == "" || named != field {
			t.Errorf("result %d is %v; want %s named", i, result, field)
		}
	}
	stored := b.eventIDs(t, org, "/v1/events", 100)
	for _, i := range []int{0, 2, 5} {
		if id := fmt.Sprint(results[i]["event_id"]); !slices.Contains(stored, id) {
			t.Errorf("%s is told to be stored, and is not among %v", id, stored)
		}
	}
	if len(stored) != 3 {
		t.Errorf("%d are stored", len(stored))
	}
	if got := b.ask(t, live, "POST", "/v1/events", map[string]any{"events": []any{bad, bad}}); got.fields(t) != "events[0].user events[1].user" {
		t.Errorf("%s names %q", got, got.fields(t))
	}
	many := make([]any, 1000)
	for i := range many {
		many[i] = good
	}
	b.ask(t, live, "POST", "/v1/events", map[string]any{"events": many}).stored(t, false)
	for _, body := range []any{
		map[string]any{"events": append(many, good)}, map[string]any{"events": []any{}}, map[string]any{}, good, `[]`, `{"events":{}}`, `{"events":null}`,
	} {
		b.ask(t, live, "POST", "/v1/events", body).fields(t)
	}
	if n := len(b.eventIDs(t, org, "/v1/events", 100)); n != 1003 {
		t.Errorf("%d are stored", n)
	}
}

// refusesWhatIsTooLate: seven days late and ten minutes early are taken, more is not.
func (b *userboost) refusesWhatIsTooLate(t *testing.T) {
	_, live := b.account(t)
	at := func(d time.Duration) map[string]any {
		e := happened("x", "u")
		e["timestamp"] = time.Now().Add(d).UTC().Format(time.RFC3339Nano)
		return e
	}
	const day, slack = 24 * time.Hour, 30 * time.Second
	results := b.ask(t, live, "POST", "/v1/events", map[string]any{"events": []any{
		at(-7*day + slack), at(-7*day - slack), at(10*time.Minute - slack), at(10*time.Minute + slack),
	}}).results(t, 2, 2)
	for i, result := range results {
		fault, _ := result["error"].(map[string]any)
		if taken := i%2 == 0; result["success"] != taken || !taken && fault["field"] != "timestamp" {
			t.Errorf("result %d is %v", i, result)
		}
	}
}

// refusesWhatIsTooLarge is D24's 1 MiB.
func (b *userboost) refusesWhatIsTooLarge(t *testing.T) {
	_, live := b.account(t)
	for _, path := range boosts() {
		b.ask(t, live, "POST", path, `{"x":"`+strings.Repeat("x", 1<<20)+`"}`).fault(t, http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE")
	}
	fits := `{"events":[{"event":"x","user":{"id":"u"}}],"x":"`
	b.ask(t, live, "POST", "/v1/events", fits+strings.Repeat("x", 1<<20-len(fits)-2)+`"}`).stored(t, false)
}

// storesOnce: what its sender names is stored once, however often and in whatever way it comes.
func (b *userboost) storesOnce(t *testing.T) {
	org, live := b.account(t)
	named, plain := happened("x", "u"), happened("x", "u")
	named["event_id"] = "e-1"
	batch := map[string]any{"events": []any{plain, plain}}
	var want []string
	for _, row := range []struct {
		path string
		body any
		key  string
	}{{"/v1/event", named, ""}, {"/v1/event", plain, "k-1"}, {"/v1/events", batch, "k-1"}, {"/v1/events", batch, "k-2"}} {
		first := b.ask(t, live, "POST", row.path, row.body, "Idempotency-Key", row.key).stored(t, false)
		again := b.ask(t, live, "POST", row.path, row.body, "Idempotency-Key", row.key).stored(t, true)
		if !slices.Equal(first, again) {
			t.Errorf("%v was stored as %v, and again as %v", row, first, again)
		}
		want = append(want, first...)
	}
	got := b.eventIDs(t, org, "/v1/events", 100)
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("stored are\n%v\ntold were\n%v", got, want)
	}
	_, stranger := b.account(t)
	b.ask(t, stranger, "POST", "/v1/event", named).stored(t, false)
}

// mergesTraits: what events tell of a user is put together.
func (b *userboost) mergesTraits(t *testing.T) {
	org, live := b.account(t)
	tell := func(user string) {
		t.Helper()
		b.ask(t, live, "POST", "/v1/events", `{"events":[{"type":"identify","user":`+user+`}]}`).stored(t, false)
	}
	path := "/v1/end-users/" + url.PathEscape("u/1")
	b.ask(t, b.owner(t, org), "GET", path, nil).refused(t, http.StatusNotFound, "not_found")
	tell(`{"id":"u/1","traits":{"plan":"free","company":{"name":"Acme","size":3}}}`)
	tell(`{"id":"u/1","email":"u@b.example","traits":{"plan":"pro","company":{"size":null},"n":12345678901234567890}}`)
	tell(`{"id":"u/1"}`)
	got := b.ask(t, b.owner(t, org), "GET", path, nil).is(t, http.StatusOK)
	known := has(t, "a profile", got.object(t), "userId email traits createdAt updatedAt")
	if known["userId"] != "u/1" || known["email"] != "u@b.example" || !strings.Contains(string(got.body), "12345678901234567890") {
		t.Errorf("%s", got)
	}
	if instant(t, known, "createdAt").After(instant(t, known, "updatedAt")) {
		t.Errorf("%s", got)
	}
	traits, _ := known["traits"].(map[string]any)
	delete(traits, "n")
	equal(t, "traits", traits, map[string]any{"plan": "pro", "company": map[string]any{"name": "Acme"}})
	if n := len(b.eventIDs(t, org, path+"/events", 2)); n != 3 {
		t.Errorf("%d events of the user", n)
	}
}

// readsBack: the native surface lists what came in here.
func (b *userboost) readsBack(t *testing.T) {
	org, live := b.account(t)
	var newest []string
	for i := range 7 {
		e := happened([]string{"a", "b"}[i%2], []string{"u", "v", "w"}[i%3])
		newest = append(b.ask(t, as{token: live.token, address: "198.51.100.7"}, "POST", "/v1/event", e, "User-Agent", "agent/7").stored(t, false), newest...)
		time.Sleep(2 * time.Millisecond) // the order of one millisecond is nobody's
	}
	for _, limit := range []int{1, 3, 7, 100} {
		if got := b.eventIDs(t, org, "/v1/events", limit); !slices.Equal(got, newest) {
			t.Errorf("by %d: %v, want %v", limit, got, newest)
		}
	}
	select7 := func(which func(i int) bool) (ids []string) {
		for n, id := range newest {
			if which(6 - n) {
				ids = append(ids, id)
			}
		}
		return ids
	}
	for query, want := range map[string][]string{
		"?name=a":                    select7(func(i int) bool { return i%2 == 0 }),
		"?userId=v":                  select7(func(i int) bool { return i%3 == 1 }),
		"?name=b&userId=u":           select7(func(i int) bool { return i == 3 }),
		"?name=c":                    nil,
		"?to=2020-01-01T00:00:00Z":   nil,
		"?from=2020-01-01T00:00:00Z": newest,
		"?appId=" + b.Public.ID:      nil,
	} {
		var got []string
		events, _ := b.events(t, org, "/v1/events"+query)
		for _, e := range events {
			got = append(got, fmt.Sprint(e["eventId"]))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s lists %v, want %v", query, got, want)
		}
	}
	events, _ := b.events(t, org, "/v1/events?limit=1")
	id, _ := events[0]["id"].(string)
	if !hexID.MatchString(id) || events[0]["userAgent"] != "agent/7" || b.TrustsForwardedFor && events[0]["ipAddress"] != "198.51.100.7" {
		t.Errorf("%v", events[0])
	}
	equal(t, "the event by itself", b.ask(t, b.owner(t, org), "GET", "/v1/events/"+id, nil).is(t, http.StatusOK).object(t), events[0])
	for _, query := range []string{"?limit=0", "?limit=101", "?cursor=x", "?from=x", "?to=x", "?name=", "?page=1", "?appId=x"} {
		b.ask(t, b.owner(t, org), "GET", "/v1/events"+query, nil).refused(t, http.StatusBadRequest, "invalid_query")
	}
}

// keepsEventsApart: another Org's events and users cannot be told from those that do not exist.
func (b *userboost) keepsEventsApart(t *testing.T) {
	org, live := b.account(t)
	other, _ := b.account(t)
	b.ask(t, live, "POST", "/v1/event", `{"event":"x","user":{"id":"theirs","traits":{}}}`).stored(t, false)
	events, _ := b.events(t, org, "/v1/events")
	b.ask(t, b.owner(t, org), "GET", "/v1/end-users/theirs", nil).is(t, http.StatusOK)
	stranger := b.owner(t, other)
	b.ask(t, stranger, "GET", "/v1/events/"+fmt.Sprint(events[0]["id"]), nil).refused(t, http.StatusNotFound, "not_found")
	b.ask(t, stranger, "GET", "/v1/end-users/theirs", nil).refused(t, http.StatusNotFound, "not_found")
	for _, path := range []string{"/v1/events", "/v1/events?userId=theirs", "/v1/end-users/theirs/events"} {
		if got, _ := b.events(t, other, path); len(got) != 0 {
			t.Errorf("%s shows another Org %v", path, got)
		}
	}
}

// tellsOfFaults: what cannot be stored is never told to be, and nobody is told why.
func (b *userboost) tellsOfFaults(t *testing.T) {
	org, live := b.account(t)
	b.ask(t, live, "POST", "/v1/event", happened("before", "u")).stored(t, false)
	restore := b.Break(t)
	mended := false
	defer func() {
		if !mended {
			restore()
		}
	}()
	during := happened("during", "u")
	during["event_id"] = "during"
	got := b.ask(t, live, "POST", "/v1/events", map[string]any{"events": []any{during, during}})
	got.fault(t, http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE")
	if got.header.Get("Retry-After") == "" {
		t.Errorf("%s does not say when to come back", got)
	}
	restore()
	mended = true
	eventually(t, "events are taken", func() bool {
		got, err := b.try(live, "POST", "/v1/event", during)
		return err == nil && got.status == http.StatusOK
	})
	b.ask(t, live, "POST", "/v1/event", during).stored(t, true)
	if n := len(b.eventIDs(t, org, "/v1/events", 100)); n != 2 {
		t.Errorf("%d events are stored", n)
	}
}
