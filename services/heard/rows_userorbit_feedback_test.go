package heard_test

import (
	"context"

	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
)

// orbitRows are routes of Userorbit's surface.
type orbitRows map[string]row

// read adds an action that changes nothing, by query and by body.
func (o orbitRows) read(action, query string, bodies ...string) {
	if len(bodies) == 0 {
		bodies = []string{"{}"}
	}
	target := "/v1/" + action
	o["POST "+target] = row{target: target, bodies: bodies, free: true} // nothing is changed by it
	if query != "" {
		query = "?" + query
	}
	o["GET "+target] = row{target: target + query}
}

func (o orbitRows) write(action string, bodies ...string) {
	o["POST /v1/"+action] = row{target: "/v1/" + action, bodies: bodies}
}

// orbitFeedbackRows are the routes of Userorbit's surface about feedback.
func orbitFeedbackRows() map[string]row {
	all := orbitRows{}
	all.write("public/feedbacks.create", `{"title":"x","boardId":"$board"}`)
	all.write("feedbacks.create", `{"title":"x","boardId":"$board","tagIds":["$tag"],"assignee":"$colleague","creatorId":"$subscriber"}`,
		`{"title":"x","creatorEmail":"fresh@fresh.example"}`)
	all.read("public/feedbacks.list", "boardId=$board", `{"boardId":"$board"}`)
	all.read("feedbacks.list", "boardId=$board&assignedToMe=true", `{"boardId":"$board"}`)
	all.read("feedbacks.info", "id=$idea", `{"id":"$idea"}`)
	all.read("feedbacks.count", "")
	all.write("feedbacks.update", `{"id":"$idea","boardId":"$board","tagIds":["$tag"],"assignee":"$colleague","status":"planned"}`)
	all.write("feedbacks.merge", `{"id":"$idea","targetId":"$original"}`)
	all.write("feedbacks.vote", `{"id":"$idea","subscriberId":"$subscriber"}`)
	for _, verb := range []string{"archive", "restore", "delete"} {
		all.write("feedbacks."+verb, `{"id":"$idea"}`)
	}
	all.read("feedback-boards.list", "")
	all.read("feedback-boards.info", "id=$board", `{"id":"$board"}`)
	all.write("feedback-boards.create", `{"name":"Fresh"}`)
	all.write("feedback-boards.update", `{"id":"$board","name":"Renamed"}`)
	all.write("feedback-boards.delete", `{"id":"$board"}`)
	all.read("feedback-board-tags.list", "boardId=$board", `{"boardId":"$board"}`)
	all.write("feedback-board-tags.create", `{"boardId":"$board","tagId":"$spare"}`)
	all.write("feedback-board-tags.update", `{"boardId":"$board","oldTagId":"$tag","newTagId":"$spare"}`)
	all.write("feedback-board-tags.delete", `{"boardId":"$board","tagId":"$tag"}`)
	all.read("tags.list", "")
	all.write("tags.create", `{"name":"Fresh"}`)
	all.write("tags.update", `{"id":"$tag","name":"Renamed"}`)
	all.write("tags.delete", `{"id":"$tag"}`)
	all.read("feedback-comments.list", "id=$idea", `{"id":"$idea"}`)
	all.write("feedback-comments.create", `{"id":"$idea","text":"x","parentId":"$remark","subscriberId":"$subscriber"}`)
	all.write("feedback-comments.update", `{"id":"$remark","text":"Rewritten"}`)
	all.write("feedback-comments.delete", `{"id":"$remark"}`)
	return all
}

// boarded is what stands on a team's boards, one of each. The ask is for an action, and gives an id.
func (w *world) boarded(ask func(action, body string) string) {
	slug := w.org.Slug
	w.named["colleague"] = w.id("member").UUID()
	w.named["board"] = ask("feedback-boards.create", `{"name":"board of `+slug+`","public":true}`)
	w.named["tag"] = ask("tags.create", `{"name":"tag of `+slug+`"}`)
	w.named["spare"] = ask("tags.create", `{"name":"spare of `+slug+`"}`)
	ask("feedback-board-tags.create", `{"boardId":"`+w.named["board"]+`","tagId":"`+w.named["tag"]+`"}`)
	on := `","boardId":"` + w.named["board"] + `","tagIds":["` + w.named["tag"] + `"]}`
	w.named["idea"] = ask("feedbacks.create", `{"title":"idea of `+slug+on)
	w.named["original"] = ask("feedbacks.create", `{"title":"original of `+slug+on)
	w.named["remark"] = ask("feedback-comments.create", `{"id":"`+w.named["idea"]+`","text":"remark of `+slug+`"}`)
	ask("feedbacks.vote", `{"id":"`+w.named["idea"]+`","subscriberId":"`+w.named["subscriber"]+`"}`)
}

// dumpBoarded adds what stands on a team's boards to a dump, but for the items.
func (i *installation) dumpBoarded(w world, all map[string]any) {
	i.t.Helper()
	ctx, org := context.Background(), w.org.ID
	for _, kind := range []resource.Kind{"board", "tag"} {
		kept, err := i.Store.Resources(ctx, org, resource.Query{Kind: kind})
		must(i.t, err)
		all[string(kind)] = kept
	}
	said, err := i.Store.Comments(ctx, org, comment.Query{Item: userorbit.ID(w.named["idea"]), Private: true, Limit: 100})
	must(i.t, err)
	all["comments"] = said
}
