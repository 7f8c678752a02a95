package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The statuses of D8.
var statuses = [...]string{
	"received", "sanitizing", "sanitized", "rejected", "duplicate", "batch_pending", "awaiting_manual", "queued", "running",
	"pr_opened", "merged", "closed", "failed", "archived",
}

// page reads one page of a list, and gives its ids and the cursor of the next; "" on the last.
func (s *suite) page(t *testing.T, who as, query string) (ids []string, next string) {
	t.Helper()
	got := s.ask(t, who, "GET", "/v1/feedback?"+query, nil).is(t, http.StatusOK)
	list := got.object(t)
	rows, isList := list["data"].([]any)
	cursor, told := list["nextCursor"]
	if !isList || !told || len(list) != 2 {
		t.Fatalf("%s is not {data, nextCursor}", got)
	}
	for _, row := range rows {
		row, _ := row.(map[string]any)
		ids = append(ids, fmt.Sprint(row["id"]))
	}
	if cursor == nil {
		return ids, ""
	}
	next, _ = cursor.(string)
	if len(ids) == 0 || next != ids[len(ids)-1] {
		t.Fatalf("nextCursor is %q, not the last id of %q", next, ids)
	}
	return ids, next
}

// listsNewestFirst is U1.
func (s *suite) listsNewestFirst(t *testing.T) {
	app, who := s.app(t, s.OrgID, anybody()), as{token: s.key(t, s.OrgID).Text}
	of := "appId=" + app.ID
	if ids, next := s.page(t, who, of); len(ids) != 0 || next != "" {
		t.Fatalf("a new App's list is %q, %q", ids, next)
	}
	first := s.submit(t, as{token: app.PublicKey}, said("first"))
	s.submitMany(t, app, 49)
	last := s.submit(t, as{token: app.PublicKey}, said("last"))

	all, next := s.page(t, who, of+"&limit=100")
	if len(all) != 51 || next != "" || all[0] != last || all[50] != first {
		t.Fatalf("limit=100 gave %d of 51 items, newest first, and the cursor %q", len(all), next)
	}
	if !slices.IsSortedFunc(all, func(a, b string) int { return strings.Compare(b, a) }) || slices.ContainsFunc(all, unlike(hexID.MatchString)) {
		t.Errorf("the ids are not 24-hex, newest first: %q", all)
	}
	for _, row := range []struct {
		query string
		pages []int
	}{
		{"", []int{50, 1}}, // 50 is the default
		{"&limit=51", []int{51}},
		{"&limit=20", []int{20, 20, 11}},
		{"&limit=17", []int{17, 17, 17}},
	} {
		var walked []string
		cursor := ""
		for i, size := range row.pages {
			ids, next := s.page(t, who, of+row.query+cursor)
			if len(ids) != size || (next == "") != (i == len(row.pages)-1) {
				t.Errorf("page %d of %q has %d items and the cursor %q; want %v", i+1, row.query, len(ids), next, row.pages)
			}
			walked, cursor = append(walked, ids...), "&cursor="+next
		}
		if !slices.Equal(walked, all) {
			t.Errorf("the pages of %q skip or repeat items", row.query)
		}
	}
	if ids, _ := s.page(t, who, "limit=1"); len(ids) != 1 || ids[0] != last {
		t.Errorf("without appId the newest of all Apps is %q, want %s", ids, last)
	}
}

func unlike(is func(string) bool) func(string) bool {
	return func(text string) bool { return !is(text) }
}

func (s *suite) submitMany(t *testing.T, app App, n int) {
	t.Helper()
	work := make(chan int)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for i := range work {
				got, err := s.try(as{token: app.PublicKey}, "POST", "/v1/feedback", said(fmt.Sprint("number ", i)))
				if err != nil || got.status != http.StatusCreated {
					t.Errorf("%s: %v", got, err)
				}
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	workers.Wait()
}

// givesOneItemWhole is U2.
func (s *suite) givesOneItemWhole(t *testing.T) {
	app, key := s.app(t, s.OrgID, anybody()), s.key(t, s.OrgID).Text
	whole := map[string]any{
		"text": "Dark mode, please \u2028 <b>\u0000 é 🦔", "severity": "high", "url": "https://shop.example/cart?a=1&b=%20#top",
		"userAgent": "Widget/1.0", "viewport": map[string]any{"w": 1280, "h": 720.5, "dpr": 2},
		"consoleLogs": []any{
			map[string]any{"level": "error", "message": "boom", "ts": 1772366400000},
			map[string]any{"level": "log", "message": "", "ts": 0},
		},
		"componentTarget": map[string]any{
			"name": "Cart", "meta": map[string]any{"props": []any{1, nil, "x"}}, "bbox": map[string]any{"x": -1.5, "y": 2, "w": 30, "h": 40},
		},
		"metadata": map[string]any{"release": "1.2.3", "n": 1e3, "deep": map[string]any{"a": []any{true, nil}}},
		"identity": map[string]any{"email": "ann@example.com", "name": "Ann", "externalUserId": "u-1"},
	}
	id := s.submit(t, as{token: app.PublicKey}, whole)
	got := s.item(t, key, id)
	created := instant(t, got, "createdAt")
	if updated := instant(t, got, "updatedAt"); !updated.Equal(created) || time.Since(created).Abs() > time.Minute {
		t.Errorf("created at %s and updated at %s", created, updated)
	}
	row := map[string]any{
		"id": id, "appId": app.ID, "status": "received", "stage": "in_review", "duplicateOf": nil,
		"submittedBy": map[string]any{"mode": "public", "externalUserId": "u-1", "email": "ann@example.com", "name": "Ann"},
		"severity":    "high", "text": whole["text"], "url": whole["url"], "userAgent": "Widget/1.0", "viewport": whole["viewport"],
		"createdAt": got["createdAt"], "updatedAt": got["updatedAt"],
	}
	list := s.ask(t, as{token: key}, "GET", "/v1/feedback?appId="+app.ID, nil).is(t, http.StatusOK).object(t)
	equal(t, "the list", list, map[string]any{"data": []any{row}, "nextCursor": nil})
	row["consoleLogs"], row["attachments"], row["componentTarget"] = whole["consoleLogs"], []any{}, whole["componentTarget"]
	row["metadata"], row["person"], row["recentEvents"] = whole["metadata"], nil, []any{}
	equal(t, "the item", got, row)

	least := s.item(t, key, s.submit(t, as{token: app.PublicKey}, `{"text":"x","severity":null}`, "User-Agent", "Browser/2.0"))
	equal(t, "the least item", least, map[string]any{
		"id": least["id"], "appId": app.ID, "status": "received", "stage": "in_review", "duplicateOf": nil,
		"submittedBy": map[string]any{"mode": "public", "externalUserId": nil, "email": nil, "name": nil},
		"severity":    nil, "text": "x", "url": nil, "userAgent": "Browser/2.0",
		"createdAt": least["createdAt"], "updatedAt": least["updatedAt"], "consoleLogs": []any{}, "attachments": []any{}, "metadata": nil,
		"person": nil, "recentEvents": []any{},
	})
	for _, missing := range []string{"/v1/feedback/000000000000000000000000", "/v1/feedback/nobody", "/v1/feedback/" + strings.ToUpper(id) + "0"} {
		s.ask(t, as{token: key}, "GET", missing, nil).refused(t, http.StatusNotFound, "not_found")
	}
	s.ask(t, as{token: key}, "GET", "/v1/agent-runs/"+id, nil).refused(t, http.StatusNotFound, "not_found")
}

func instant(t *testing.T, object map[string]any, name string) time.Time {
	t.Helper()
	text, _ := object[name].(string)
	at, err := time.Parse("2006-01-02T15:04:05.000Z", text)
	if err != nil {
		t.Errorf("%s is %q, not ISO 8601 in UTC: %v", name, text, err)
	}
	return at
}

// movesAnItem is U3 and D6.
func (s *suite) movesAnItem(t *testing.T) {
	who := as{token: s.key(t, s.OrgID).Text}
	id := s.submit(t, user(t, s.Private), said("nudge me"))
	set := func(status string) answer {
		t.Helper()
		return s.ask(t, who, "PATCH", "/v1/feedback/"+id, map[string]any{"status": status})
	}
	illegal := func(status, current string, allowed ...any) {
		t.Helper()
		fault := set(status).refused(t, http.StatusConflict, "invalid_transition")
		equal(t, "details", fault["details"], map[string]any{"current": current, "allowed": append([]any{}, allowed...)})
	}
	moved := func(status string) {
		t.Helper()
		got := set(status).is(t, http.StatusOK).object(t)
		if got["id"] != id || got["status"] != status || instant(t, got, "updatedAt").Before(instant(t, got, "createdAt")) {
			t.Errorf("moved to %s it is %v", status, got)
		}
		equal(t, "the item read back", s.item(t, who.token, id), got)
	}
	illegal("queued", "received", "archived")
	s.Sanitize(t, id)
	moved("queued")
	illegal("queued", "queued", "archived")
	moved("archived")
	illegal("archived", "archived")
	illegal("queued", "archived")

	for _, body := range []struct{ text, fault string }{
		{`{"status":"sanitized"}`, "status invalid_value"},
		{`{}`, "status required"},
		{`{"status":null}`, "status invalid_type"},
		{`{"status":"archived","text":"x"}`, "text unrecognized_keys"},
		{``, "invalid_json"},
	} {
		s.ask(t, who, "PATCH", "/v1/feedback/"+id, body.text).names(t, "invalid_body", body.fault)
	}
	s.ask(t, who, "PATCH", "/v1/feedback/000000000000000000000000", map[string]any{"status": "archived"}).refused(t, http.StatusNotFound, "not_found")

	raced := s.submit(t, user(t, s.Private), said("race"))
	var racers sync.WaitGroup
	won := make(chan answer, 8)
	for range cap(won) {
		racers.Go(func() {
			got, err := s.try(who, "PATCH", "/v1/feedback/"+raced, map[string]any{"status": "archived"})
			if err != nil || got.status != http.StatusOK && got.status != http.StatusConflict {
				t.Errorf("%s: %v", got, err)
			}
			if got.status == http.StatusOK {
				won <- got
			}
		})
	}
	racers.Wait()
	if len(won) != 1 {
		t.Errorf("%d of %d archived the same item", len(won), cap(won))
	}
}

// refusesQueries is D7.
func (s *suite) refusesQueries(t *testing.T) {
	who := as{token: s.key(t, s.OrgID).Text}
	id := s.submit(t, user(t, s.Private), said("x"))
	for _, row := range []struct{ path, fault string }{
		{"/v1/feedback?nobody=1", "nobody unrecognized_keys"},
		{"/v1/feedback?Limit=1", "Limit unrecognized_keys"},
		{"/v1/feedback?limit=0", "limit too_small"},
		{"/v1/feedback?limit=101", "limit too_big"},
		{"/v1/feedback?limit=ten", "limit invalid_type"},
		{"/v1/feedback?limit=1&limit=2", "limit duplicate_key"},
		{"/v1/feedback?appId=website", "appId invalid_format"},
		{"/v1/feedback?cursor=" + id[:23], "cursor invalid_format"},
		{"/v1/feedback?status=done", "status invalid_value"},
		{"/v1/feedback?includeDuplicates=yes", "includeDuplicates invalid_type"},
		{"/v1/feedback?a=%zz", "invalid_format"},
		{"/v1/feedback/" + id + "?x=", "x unrecognized_keys"},
		{"/v1/apps?limit=1", "limit unrecognized_keys"},
		{"/v1/agent-runs/" + id + "?x=1", "x unrecognized_keys"},
	} {
		s.ask(t, who, "GET", row.path, nil).names(t, "invalid_query", row.fault)
	}
	s.ask(t, who, "POST", "/v1/tokens/mint", map[string]any{"sub": "u"}).names(t, "invalid_query", "appId required")
	s.ask(t, user(t, s.Private), "POST", "/v1/feedback?debug=1", said("x")).names(t, "invalid_query", "debug unrecognized_keys")
	s.ask(t, user(t, s.Private), "POST", "/v1/feedback/upload-url?x=1", map[string]any{}).names(t, "invalid_query", "x unrecognized_keys")
}

// filtersByEveryStatus is D8.
func (s *suite) filtersByEveryStatus(t *testing.T) {
	who := as{token: s.key(t, s.OrgID).Text}
	app := s.app(t, s.OrgID, anybody())
	received, sanitized := s.submit(t, as{token: app.PublicKey}, said("a")), s.submit(t, as{token: app.PublicKey}, said("b"))
	s.Sanitize(t, sanitized)
	want := map[string][]string{"received": {received}, "sanitized": {sanitized}}
	for _, status := range statuses {
		if ids, _ := s.page(t, who, "appId="+app.ID+"&status="+status); !slices.Equal(ids, want[status]) {
			t.Errorf("%s gives %q, want %q", status, ids, want[status])
		}
	}
	for _, query := range []string{"&includeDuplicates=true", "&includeDuplicates=false"} {
		if ids, _ := s.page(t, who, "appId="+app.ID+query); !slices.Equal(ids, []string{sanitized, received}) {
			t.Errorf("%s gives %q", query, ids)
		}
	}
	if ids, _ := s.page(t, who, "appId=000000000000000000000000"); len(ids) != 0 {
		t.Errorf("an App that there is not has %q", ids)
	}
}
