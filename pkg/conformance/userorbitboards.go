package conformance

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// keepsBoards: boards, tags, and the tags of a board are made, changed, listed and deleted; feedback outlives them.
func (o *userorbit) keepsBoards(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	who, _ := o.subscriber(t, team)
	const fields = "id name slug configuration public teamId createdAt updatedAt"
	board := has(t, "a board", o.do(t, team, "feedback-boards.create", map[string]any{"name": "Feature Requests!", "configuration": map[string]any{"a": 1}}), fields)
	if board["slug"] != "feature-requests" || board["public"] != false {
		t.Errorf("made as %v", board)
	}
	equal(t, "the configuration", board["configuration"], map[string]any{"a": 1})
	o.ask(t, team, "POST", "/v1/feedback-boards.create", map[string]any{"name": "x", "slug": "Feature-Requests"}).unfit(t, http.StatusBadRequest)
	o.ask(t, team, "POST", "/v1/feedback-boards.create", map[string]any{"name": "x", "slug": "feature-requests"}).unfit(t, http.StatusConflict)
	id := board["id"]
	if rows, total := o.list(t, who, "feedback-boards.list", nil); len(rows) != 0 || total != 0 {
		t.Errorf("a subscriber sees %v", rows)
	}
	board = o.do(t, team, "feedback-boards.update", map[string]any{"id": id, "name": "Ideas", "public": true})
	if board["name"] != "Ideas" || board["public"] != true || board["slug"] != "feature-requests" {
		t.Errorf("changed to %v", board)
	}
	if rows, _ := o.list(t, who, "feedback-boards.list", nil); len(rows) != 1 || rows[0]["name"] != "Ideas" {
		t.Errorf("a subscriber sees %v", rows)
	}

	tag := func(body map[string]any) any {
		t.Helper()
		return has(t, "a tag", o.do(t, team, "tags.create", body), "id name color")["id"]
	}
	first, second := tag(map[string]any{"name": "UI"}), tag(map[string]any{"name": "API", "color": "#00ff00"})
	o.ask(t, team, "POST", "/v1/tags.create", map[string]any{"name": "ui"}).unfit(t, http.StatusConflict)
	o.ask(t, team, "POST", "/v1/tags.create", map[string]any{"name": "x", "color": "red"}).unfit(t, http.StatusBadRequest)
	o.do(t, team, "tags.update", map[string]any{"id": first, "name": "Interface"})
	on := func(more map[string]any) map[string]any {
		more["boardId"] = id
		return more
	}
	offered := func(want ...any) {
		t.Helper()
		rows, _ := o.list(t, team, "feedback-board-tags.list", on(map[string]any{}))
		names := make([]any, len(rows))
		for n, row := range rows {
			names[n] = row["name"]
		}
		equal(t, "the tags of the board", names, append([]any{}, want...))
	}
	o.do(t, team, "feedback-board-tags.create", on(map[string]any{"tagId": first}))
	o.do(t, team, "feedback-board-tags.create", on(map[string]any{"tagId": first}))
	offered("Interface")
	o.do(t, team, "feedback-board-tags.update", on(map[string]any{"oldTagId": first, "newTagId": second}))
	offered("API")
	o.do(t, team, "feedback-board-tags.delete", on(map[string]any{"tagId": second}))
	offered()
	o.do(t, team, "feedback-board-tags.create", on(map[string]any{"tagId": second}))
	equal(t, "the board by itself", o.do(t, team, "feedback-boards.info", map[string]any{"id": id})["name"], "Ideas")
	o.ask(t, team, "POST", "/v1/feedback-board-tags.delete", on(map[string]any{"tagId": first})).unfit(t, http.StatusNotFound)

	item := o.do(t, team, "feedbacks.create", on(map[string]any{"title": "x", "tagIds": []any{first, second}}))["id"]
	o.do(t, team, "tags.delete", map[string]any{"id": second})
	offered()
	o.do(t, team, "feedback-boards.delete", map[string]any{"id": id})
	row := o.do(t, team, "feedbacks.info", map[string]any{"id": item})
	if tags, _ := row["tags"].([]any); row["boardId"] != nil || row["board"] != nil || len(tags) != 1 {
		t.Errorf("what is gone is shown in %v", row)
	}
	if rows, total := o.list(t, team, "tags.list", nil); total != 1 || rows[0]["color"] != "#3B82F6" {
		t.Errorf("the tags are %v", rows)
	}
}

// keepsComments: people talk in threads, what is private is the team's, and everybody changes their own.
func (o *userorbit) keepsComments(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	who, person := o.subscriber(t, team)
	other, _ := o.subscriber(t, team)
	id := o.do(t, team, "feedbacks.create", map[string]any{"title": "x"})["id"]
	say := func(who as, body map[string]any) map[string]any {
		t.Helper()
		body["id"] = id
		return has(t, "a comment", o.do(t, who, "feedback-comments.create", body),
			"id feedbackId parentId text type source authorName subscriberId userId createdAt updatedAt")
	}
	first := say(who, map[string]any{"text": "Please!"})
	if first["subscriberId"] != person || first["source"] != "widget" || first["type"] != "public" || first["authorName"] != "John Doe" || first["feedbackId"] != id {
		t.Errorf("said as %v", first)
	}
	inner := say(team, map[string]any{"text": "Shall we?", "parentId": first["id"], "type": "private"})
	if answer := say(team, map[string]any{"text": "No.", "parentId": inner["id"]}); answer["type"] != "private" || answer["source"] != "admin" {
		t.Errorf("answered as %v", answer)
	}
	o.ask(t, team, "POST", "/v1/feedback-comments.create", map[string]any{"id": id, "text": "x", "parentId": inner["id"], "type": "public"}).unfit(t, http.StatusBadRequest)
	o.ask(t, who, "POST", "/v1/feedback-comments.create", map[string]any{"id": id, "text": "x", "parentId": inner["id"]}).unfit(t, http.StatusNotFound)
	o.ask(t, who, "POST", "/v1/feedback-comments.create", map[string]any{"id": id, "text": "x", "type": "private"}).unfit(t, http.StatusForbidden)
	for whose, want := range map[as]int{team: 3, who: 1, other: 1} {
		rows, total := o.list(t, whose, "feedback-comments.list", map[string]any{"id": id})
		if info := o.do(t, whose, "feedbacks.info", map[string]any{"id": id}); len(rows) != want || total != want || info["commentsCount"] != float64(want) {
			t.Errorf("%d of %d are read, %v counted; want %d", len(rows), total, info["commentsCount"], want)
		}
	}
	change := func(who as, id any) answer {
		return o.ask(t, who, "POST", "/v1/feedback-comments.update", map[string]any{"id": id, "text": "Changed"})
	}
	change(who, first["id"]).is(t, http.StatusOK)
	change(team, first["id"]).is(t, http.StatusOK)
	change(other, first["id"]).unfit(t, http.StatusForbidden)
	change(who, inner["id"]).unfit(t, http.StatusNotFound)
	o.ask(t, other, "POST", "/v1/feedback-comments.delete", map[string]any{"id": first["id"]}).unfit(t, http.StatusForbidden)
	o.do(t, who, "feedback-comments.delete", map[string]any{"id": first["id"]})
	if rows, _ := o.list(t, team, "feedback-comments.list", map[string]any{"id": id, "limit": 1, "offset": 1}); len(rows) != 1 || rows[0]["text"] != "No." {
		t.Errorf("what is left is %v", rows)
	}
}

// countsVotes: a person's vote is one, whoever turns it over, and however many at once.
func (o *userorbit) countsVotes(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	who, person := o.subscriber(t, team)
	id := o.do(t, team, "feedbacks.create", map[string]any{"title": "x"})["id"]
	vote := func(who as, more map[string]any, voted bool, votes float64) {
		t.Helper()
		more["id"] = id
		if got := o.do(t, who, "feedbacks.vote", more); got["voted"] != voted || got["votes"] != votes {
			t.Errorf("%v is answered %v", more, got)
		}
	}
	vote(who, map[string]any{}, true, 1)
	vote(team, map[string]any{"subscriberId": person}, false, 0)
	vote(team, map[string]any{"subscriberId": person}, true, 1)
	var racing sync.WaitGroup
	for range 16 {
		racing.Go(func() {
			got, err := o.try(who, "POST", "/v1/feedbacks.vote", fmt.Sprintf(`{"id":%q,"voted":true}`, id))
			if err != nil || got.status != http.StatusOK {
				t.Errorf("%s: %v", got, err)
			}
		})
	}
	racing.Wait()
	vote(who, map[string]any{"voted": true}, true, 1)
	vote(who, map[string]any{"voted": false}, false, 0)
}
