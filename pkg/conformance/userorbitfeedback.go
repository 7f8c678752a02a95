package conformance

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// feedbackFields are those of a row [repo references/api.md], and ours.
const feedbackFields = "id title text status priority boardId assigneeId creatorId teamId publishedAt archivedAt createdAt updatedAt subscriber board tags votes"

// feedback ends the test unless something is a row of feedback, with these fields besides.
func feedback(t *testing.T, row any, more string) map[string]any {
	t.Helper()
	got := has(t, "feedback", row, feedbackFields+" "+more)
	if id, _ := got["id"].(string); !uuid.MatchString(id) {
		t.Fatalf("the id is %v", got["id"])
	}
	return got
}

// feedbacks asks for a list of feedback, whose envelope has a count too, and gives its rows.
func (o *userorbit) feedbacks(t *testing.T, who as, method, path string, body any) []map[string]any {
	t.Helper()
	got := o.ask(t, who, method, path, body)
	list := has(t, got.what, got.is(t, http.StatusOK).object(t), "pagination count data")
	paging := has(t, got.what, list["pagination"], "offset limit total")
	data, ok := list["data"].([]any)
	if !ok || list["count"] != paging["total"] {
		t.Fatalf("%s", got)
	}
	rows := make([]map[string]any, len(data))
	for n, row := range data {
		more := ""
		if strings.Contains(who.token, ".") { // a subscriber's (D15)
			more = "voted"
		}
		rows[n] = feedback(t, row, more)
	}
	return rows
}

// titles are those of rows, in their order.
func titles(rows []map[string]any) string {
	all := make([]string, len(rows))
	for n, row := range rows {
		all[n] = fmt.Sprint(row["title"])
	}
	return strings.Join(all, ",")
}

// listsFeedback is O1: every order and every filter, newest first where none is asked for.
func (o *userorbit) listsFeedback(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	if rows := o.feedbacks(t, team, "GET", "/v1/feedbacks.list", nil); len(rows) != 0 {
		t.Errorf("a new team has %v", rows)
	}
	board, _ := o.do(t, team, "feedback-boards.create", map[string]any{"name": "Ideas"})["id"].(string)
	tag, _ := o.do(t, team, "tags.create", map[string]any{"name": "UI"})["id"].(string)
	made := map[string]map[string]any{}
	for _, body := range []map[string]any{
		{"title": "a", "text": "Ölfilter", "status": "planned"}, {"title": "b", "boardId": board, "tagIds": []string{tag, tag}},
		{"title": "c", "priority": "high", "creatorEmail": "C@example.com", "creatorName": "Cee"}, {"title": "d"},
	} {
		row := feedback(t, o.do(t, team, "feedbacks.create", body), "")
		made[body["title"].(string)] = row
	}
	equal(t, "the tags", made["b"]["tags"], []any{map[string]any{"id": tag, "name": "UI", "color": "#3B82F6"}})
	equal(t, "the board", made["b"]["board"], map[string]any{"id": board, "name": "Ideas", "slug": "ideas"})
	equal(t, "the subscriber", made["c"]["subscriber"], map[string]any{"id": made["c"]["creatorId"], "name": "Cee", "email": "c@example.com"})
	o.do(t, team, "feedbacks.archive", map[string]any{"id": made["d"]["id"]})
	for _, voter := range []string{"a", "a", "b"} {
		_, person := o.subscriber(t, team)
		o.do(t, team, "feedbacks.vote", map[string]any{"id": made[voter]["id"], "subscriberId": person})
	}
	created, _ := made["b"]["createdAt"].(string)
	for query, want := range map[string]string{
		"": "c,b,a", "sortBy=newest": "c,b,a", "sortBy=top": "a,b,c", "status=planned": "a", "status=rejected": "", "search=%C3%B6LFILTER": "a",
		"boardId=" + board: "b", "limit=1&offset=1": "b", "from=" + created: "c,b", "to=" + created: "a", "assignedToMe=false&sortBy=top&limit=2": "a,b",
	} {
		if got := titles(o.feedbacks(t, team, "GET", "/v1/feedbacks.list?"+query, nil)); got != want {
			t.Errorf("%s gives %s; want %s", query, got, want)
		}
	}
	if got := titles(o.feedbacks(t, team, "POST", "/v1/feedbacks.list?sortBy=trending", nil)); got != "a,b,c" {
		t.Errorf("trending are %s", got)
	}
	equal(t, "the counts", o.do(t, team, "feedbacks.count", nil), map[string]any{
		"all": 3, "archived": 1, "closed": 0, "completed": 0, "in_progress": 0, "in_review": 2, "planned": 1, "rejected": 0,
	})
}

// takesFeedback is O3.
func (o *userorbit) takesFeedback(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	who, person := o.subscriber(t, team)
	row := feedback(t, o.do(t, who, "public/feedbacks.create", map[string]any{"title": "Feature request", "text": "Add dark mode support"}), "")
	if row["title"] != "Feature request" || row["text"] != "Add dark mode support" || row["status"] != "in_review" || row["creatorId"] != person {
		t.Errorf("stored as %v", row)
	}
	if got := titles(o.feedbacks(t, who, "POST", "/v1/public/feedbacks.list?sortBy=top&limit=10", nil)); got != "Feature request" {
		t.Errorf("they see %s", got)
	}
	if got := titles(o.feedbacks(t, team, "POST", "/v1/public/feedbacks.list?sortBy=top&limit=10", nil)); got != "Feature request" {
		t.Errorf("the team sees %s", got)
	}
	o.ask(t, team, "POST", "/v1/public/feedbacks.create", map[string]any{"title": "x"}).shut(t, required)
	o.ask(t, who, "POST", "/v1/feedbacks.create", map[string]any{"title": "x"}).shut(t, required)
	o.do(t, team, "subscribers.delete", map[string]any{"id": person})
	o.ask(t, who, "POST", "/v1/public/feedbacks.create", map[string]any{"title": "x"}).shut(t, required)
}

// keepsFeedback: every field is changed and taken back, and what is archived, merged or deleted is where it belongs.
func (o *userorbit) keepsFeedback(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	board := o.do(t, team, "feedback-boards.create", map[string]any{"name": "Ideas"})["id"]
	id := o.do(t, team, "feedbacks.create", map[string]any{"title": "x", "meta": map[string]any{"a": 1}})["id"]
	edit := func(body map[string]any) map[string]any {
		t.Helper()
		body["id"] = id
		o.do(t, team, "feedbacks.update", body)
		return feedback(t, o.do(t, team, "feedbacks.info", map[string]any{"id": id}), "commentsCount meta")
	}
	row := edit(map[string]any{"title": "y", "text": "z", "status": "completed", "priority": "low", "boardId": board, "meta": map[string]any{"b": 2}})
	if row["title"] != "y" || row["text"] != "z" || row["status"] != "completed" || row["priority"] != "low" || row["boardId"] != board {
		t.Errorf("changed to %v", row)
	}
	equal(t, "the meta", row["meta"], map[string]any{"b": 2})
	if row := edit(map[string]any{"title": "w"}); row["title"] != "w" || row["text"] != "z" || row["boardId"] != board || row["status"] != "completed" {
		t.Errorf("changed to %v", row)
	}
	o.do(t, team, "feedbacks.update", map[string]any{"id": id, "boardId": nil, "meta": nil, "text": ""})
	if row := feedback(t, o.do(t, team, "feedbacks.info", map[string]any{"id": id}), "commentsCount"); row["boardId"] != nil || row["text"] != "" {
		t.Errorf("taken back to %v", row)
	}
	if row := o.do(t, team, "feedbacks.archive", map[string]any{"id": id}); row["archivedAt"] == nil {
		t.Errorf("archived as %v", row)
	}
	o.ask(t, team, "POST", "/v1/feedbacks.update", map[string]any{"id": id, "status": "planned"}).unfit(t, http.StatusConflict)
	if row := o.do(t, team, "feedbacks.restore", map[string]any{"id": id}); row["archivedAt"] != nil || row["status"] != "completed" {
		t.Errorf("restored as %v", row)
	}
	target := o.do(t, team, "feedbacks.create", map[string]any{"title": "target"})["id"]
	if row := o.do(t, team, "feedbacks.merge", map[string]any{"id": id, "targetId": target}); row["id"] != target {
		t.Errorf("merged into %v", row)
	}
	if got := titles(o.feedbacks(t, team, "GET", "/v1/feedbacks.list", nil)); got != "target" {
		t.Errorf("then %s are there", got)
	}
	o.do(t, team, "feedbacks.delete", map[string]any{"id": target})
	o.ask(t, team, "GET", "/v1/feedbacks.info?id="+fmt.Sprint(target), nil).unfit(t, http.StatusNotFound)
}

// takesQueriesAndBodies is D12 and D13: a read takes both methods under both bases, a write only one.
func (o *userorbit) takesQueriesAndBodies(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	id := fmt.Sprint(o.do(t, team, "feedbacks.create", map[string]any{"title": "x"})["id"])
	for _, base := range []string{"/v1/", "/api/v1/"} {
		for _, got := range []answer{
			o.ask(t, team, "GET", base+"feedbacks.info?id="+id, nil), o.ask(t, team, "POST", base+"feedbacks.info?id="+id, nil),
			o.ask(t, team, "POST", base+"feedbacks.info", map[string]any{"id": id, "surplus": 1}),
		} {
			got.is(t, http.StatusOK)
		}
		o.ask(t, team, "GET", base+"feedbacks.archive?id="+id, nil).unfit(t, http.StatusMethodNotAllowed)
		o.ask(t, team, "POST", base+"feedbacks.update?id="+id, map[string]any{"title": "y"}).is(t, http.StatusOK)
		o.ask(t, team, "POST", base+"feedbacks.info?id="+id, map[string]any{"id": id}).unfit(t, http.StatusBadRequest)
	}
}

// namesFaults: whatever is wrong is named, and an id that spells nothing is nobody's (D17).
func (o *userorbit) namesFaults(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	id := o.do(t, team, "feedbacks.create", map[string]any{"title": "x"})["id"]
	for body, field := range map[string]string{
		`{}`: "title", `{"title":" "}`: "title", `{"title":"x","status":"done"}`: "status", `{"title":"x","priority":"urgent"}`: "priority",
		`{"title":"x","creatorName":"Ann"}`: "creatorEmail", `{"title":"x","creatorEmail":"x"}`: "creatorEmail", `{"title":"x","meta":[]}`: "meta",
		`{"title":"x","meta":{"a":"` + strings.Repeat("x", 5<<10) + `"}}`: "meta", `{"title":"` + strings.Repeat("x", 257) + `"}`: "title",
		`{"title":"x","text":"` + strings.Repeat("x", 8193) + `"}`: "text", `{"title":"x","tagIds":"x"}`: "tagIds",
	} {
		if text := o.ask(t, team, "POST", "/v1/feedbacks.create", body).unfit(t, http.StatusBadRequest); !strings.Contains(text, field) {
			t.Errorf("%.80s: %q does not name %s", body, text, field)
		}
	}
	for _, nobodys := range []string{"x", "00000000-0000-0000-0000-000000000000", "01234567-89ab-8cde-8f00-112233445566"} {
		for action, body := range map[string]map[string]any{
			"feedbacks.info": {"id": nobodys}, "feedbacks.update": {"id": nobodys}, "feedbacks.delete": {"id": nobodys},
			"feedbacks.create": {"title": "x", "boardId": nobodys}, "feedbacks.list": {"boardId": nobodys}, "feedbacks.vote": {"id": id, "subscriberId": nobodys},
			"feedbacks.merge": {"id": id, "targetId": nobodys}, "tags.delete": {"id": nobodys}, "feedback-comments.list": {"id": nobodys},
		} {
			o.ask(t, team, "POST", "/v1/"+action, body).unfit(t, http.StatusNotFound)
		}
		o.ask(t, team, "POST", "/v1/feedbacks.create", map[string]any{"title": "x", "tagIds": []string{nobodys}}).unfit(t, http.StatusNotFound)
		o.ask(t, team, "POST", "/v1/feedbacks.create", map[string]any{"title": "x", "assignee": nobodys}).unfit(t, http.StatusNotFound)
		o.ask(t, team, "POST", "/v1/feedbacks.create", map[string]any{"title": "x", "creatorId": nobodys}).unfit(t, http.StatusNotFound)
	}
}
