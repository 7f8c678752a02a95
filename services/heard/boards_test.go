package heard_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/id"
)

// team is a household that has boards, and what opens them.
type team struct {
	household
	i   *installation
	key string
}

func (i *installation) team(slug string) team {
	i.t.Helper()
	h := i.found(slug)
	_, key, err := i.manager.CreateKey(context.Background(), byTest(), h.org.ID, manage.KeyDraft{Name: "team", Format: apikey.Userorbit().Name})
	must(i.t, err)
	return team{h, i, key.Reveal()}
}

// subscriber is somebody whom the team vouches for, and what opens for them.
func (w team) subscriber(name string) (person enduser.Person, token string) {
	w.i.t.Helper()
	person, _, err := w.i.People.Meet(context.Background(), w.org.ID, enduser.Sighting{
		Email: name + "@" + w.org.Slug + ".example", Name: name, Source: enduser.FromSubscriber,
	})
	must(w.i.t, err)
	text, err := usertoken.MintSubscriber(usertoken.Subscriber{Org: w.org.ID, Person: person.ID}, auth.SubscriberKey(w.i.Hasher), w.i.Now())
	must(w.i.t, err)
	return person, text.Reveal()
}

// orbitRow is what these tests look at of a row of feedback.
type orbitRow struct {
	ID, Title, Text, Status, Priority        string
	BoardID, CreatorID, ArchivedAt, Assignee *string
	MergedInto                               *string
	Subscriber                               *struct{ ID, Name, Email *string }
	Board                                    *struct{ Name string }
	Tags                                     []struct{ ID, Name, Color string }
	Votes                                    int64
	Voted                                    *bool
	CommentsCount                            int64
	Meta                                     map[string]any
}

func (w team) act(token, action, body string) *httptest.ResponseRecorder {
	w.i.t.Helper()
	return w.i.call(http.MethodPost, "/v1/"+action, token, body)
}

// do acts, and gives the data of the answer.
func (w team) do(token, action, body string, into any) {
	w.i.t.Helper()
	w.i.answer(w.act(token, action, body), http.StatusOK, &struct{ Data any }{into})
}

// refused acts, and demands that status.
func (w team) refused(token, action, body string, status int) {
	w.i.t.Helper()
	if got := w.act(token, action, body); got.Code != status {
		w.i.t.Errorf("%s %s: %d %s; want %d", action, body, got.Code, got.Body, status)
	}
}

func (w team) create(body string) (row orbitRow) {
	w.i.t.Helper()
	w.do(w.key, "feedbacks.create", body, &row)
	return row
}

func (w team) info(token, item string) (row orbitRow) {
	w.i.t.Helper()
	w.do(token, "feedbacks.info", `{"id":"`+item+`"}`, &row)
	return row
}

// listed are the titles of a list, in its order.
func (w team) listed(token, action, body string) string {
	w.i.t.Helper()
	var rows []orbitRow
	w.do(token, action, body, &rows)
	titles := make([]string, len(rows))
	for n, row := range rows {
		titles[n] = row.Title
	}
	return strings.Join(titles, ",")
}

// nativeRow is the same item as the native surface shows it.
type nativeRow struct {
	ID, Status, Stage, Title, Text string
	AppID, DuplicateOf, Severity   *string
	SubmittedBy                    struct {
		Mode        string
		Email, Name *string
	}
	Votes    int64
	Metadata map[string]any
}

func (w team) native(item string) (row nativeRow) {
	w.i.t.Helper()
	w.i.answer(w.i.call(http.MethodGet, "/v1/feedback/"+userorbit.ID(item).String(), w.sk, ""), http.StatusOK, &row)
	return row
}

// said is an item of the native widget, by its UUID.
func (w team) said(body string) string {
	w.i.t.Helper()
	var receipt struct{ ID string }
	w.i.answer(w.i.call(http.MethodPost, "/v1/feedback", w.app.PublicKey, body), http.StatusCreated, &receipt)
	item, err := id.Parse(receipt.ID)
	must(w.i.t, err)
	return item.UUID()
}

func text(p *string) string {
	if p == nil {
		return "none"
	}
	return *p
}

// What comes in on a board is read natively, field by field.
func TestWhatStandsOnABoardIsReadNatively(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		w := i.team("acme")
		row := w.create(`{"title":"Dark mode","text":"Please.","priority":"high","status":"planned","creatorEmail":"Ada@acme.example","creatorName":"Ada","meta":{"a":1}}`)
		got := w.native(row.ID)
		if got.ID != userorbit.ID(row.ID).String() || got.AppID != nil || got.Title != "Dark mode" || got.Text != "Please." || text(got.Severity) != "high" ||
			got.Status != "queued" || got.Stage != "planned" || got.SubmittedBy.Mode != "private" || text(got.SubmittedBy.Email) != "ada@acme.example" ||
			text(got.SubmittedBy.Name) != "Ada" || got.Metadata["a"] != 1.0 || got.Votes != 0 {
			t.Errorf("created as %+v, read as %+v", row, got)
		}
		bare := w.create(`{"title":"Only this"}`)
		if got := w.native(bare.ID); got.Text != "Only this" || got.Severity != nil || got.Stage != "in_review" || bare.Priority != "medium" || bare.Text != "" || bare.Status != "in_review" {
			t.Errorf("created as %+v, read as %+v", bare, got)
		}
		_, token := w.subscriber("eve")
		var own orbitRow
		w.do(token, "public/feedbacks.create", `{"title":"Mine"}`, &own)
		if got := w.native(own.ID); got.Status != "received" || text(got.SubmittedBy.Email) != "eve@acme.example" || text(own.Subscriber.Email) != "eve@acme.example" {
			t.Errorf("submitted as %+v, read as %+v", own, got)
		}
		for _, stage := range feedback.Stages() { // as created, and as changed from there
			made := w.create(`{"title":"x","status":"` + string(stage) + `"}`)
			w.do(w.key, "feedbacks.update", `{"id":"`+row.ID+`","status":"`+string(stage)+`"}`, &row)
			for _, same := range []orbitRow{made, row} {
				if got := w.native(same.ID); got.Stage != string(stage) || same.Status != string(stage) || feedback.Status(got.Status).Stage() != stage {
					t.Errorf("%s is shown as %+v and natively as %+v", stage, same, got)
				}
			}
		}
		w.do(w.key, "feedbacks.update", `{"id":"`+row.ID+`","title":"Light mode","text":"No.","priority":"low","meta":null}`, &row)
		if got := w.native(row.ID); got.Title != "Light mode" || got.Text != "No." || text(got.Severity) != "low" || got.Metadata != nil {
			t.Errorf("changed to %+v, read as %+v", row, got)
		}
	})
}

// What the widget sends stands on the team's boards, field by field, and each surface sees what the other decides.
func TestWhatTheWidgetSendsStandsOnTheBoards(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		w := i.team("acme")
		item := w.said(`{"text":"It hurts\nwhen I laugh","severity":"high","identity":{"email":"claimed@acme.example"}}`)
		row := w.info(w.key, item)
		if row.ID != item || row.Title != "It hurts …" || row.Text != "It hurts\nwhen I laugh" || row.Priority != "high" || row.Status != "in_review" ||
			row.Subscriber != nil || row.CreatorID != nil || row.ArchivedAt != nil {
			t.Errorf("%+v", row)
		}
		if row := w.info(w.key, w.said(`{"text":"`+strings.Repeat("é", 100)+`"}`)); row.Title != strings.Repeat("é", 79)+"…" || row.Priority != "medium" {
			t.Errorf("%+v", row)
		}
		stored := userorbit.ID(item)
		for from, next := feedback.Received, 0; next < len(feedback.Statuses()); next++ {
			to := feedback.Statuses()[next]
			_, err := i.Store.AmendFeedback(t.Context(), w.org.ID, stored, from, feedback.Change{Status: &to}, i.Now())
			must(t, err)
			if row, stage := w.info(w.key, item), to.Stage(); stage != "" && row.Status != string(stage) || (to == feedback.Archived) != (row.ArchivedAt != nil) {
				t.Errorf("%s natively is %+v", to, row)
			}
			from = to
		}
		item = w.said(`{"text":"Another"}`)
		nudge := func(status string) {
			t.Helper()
			i.answer(i.call(http.MethodPatch, "/v1/feedback/"+userorbit.ID(item).String(), w.sk, `{"status":"`+status+`"}`), http.StatusOK, &struct{}{})
		}
		w.do(w.key, "feedbacks.update", `{"id":"`+item+`","status":"closed"}`, &row)
		w.do(w.key, "feedbacks.update", `{"id":"`+item+`","status":"in_review"}`, &row)
		nudge("queued")
		if row := w.info(w.key, item); row.Status != "planned" {
			t.Errorf("queued natively is %+v", row)
		}
		nudge("archived")
		if row := w.info(w.key, item); row.ArchivedAt == nil || row.Status != "planned" {
			t.Errorf("archived natively is %+v", row)
		}
		w.refused(w.key, "feedbacks.update", `{"id":"`+item+`","status":"closed"}`, http.StatusConflict)
		w.do(w.key, "feedbacks.restore", `{"id":"`+item+`"}`, &row)
		if got := w.native(item); got.Status != "queued" || row.ArchivedAt != nil {
			t.Errorf("restored natively is %+v", got)
		}
		w.do(w.key, "feedbacks.archive", `{"id":"`+item+`"}`, &row)
		if got := w.native(item); got.Status != "archived" || got.Stage != "" || row.ArchivedAt == nil {
			t.Errorf("archived here is natively %+v", got)
		}
	})
}

// To a subscriber there is what is public and what is theirs, whatever they ask for.
func TestASubscriberSeesWhatIsPublicAndTheirOwn(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		w := i.team("acme")
		ada, token := w.subscriber("ada")
		board := func(name string, public bool) (made struct{ ID, Slug string }) {
			w.do(w.key, "feedback-boards.create", fmt.Sprintf(`{"name":%q,"public":%t}`, name, public), &made)
			return made
		}
		open, closed := board("Open to all", true), board("Closed", false)
		if open.Slug != "open-to-all" {
			t.Errorf("the slug is %s", open.Slug)
		}
		on := func(title, board string) orbitRow {
			return w.create(`{"title":"` + title + `","boardId":"` + board + `","creatorEmail":"other@acme.example"}`)
		}
		public, hidden := on("public", open.ID), on("hidden", closed.ID)
		loose := w.create(`{"title":"loose","creatorEmail":"other@acme.example"}`)
		own := w.create(`{"title":"own","boardId":"` + closed.ID + `","creatorId":"` + ada.ID.UUID() + `"}`)
		widget := w.said(`{"text":"widget"}`)
		archived := on("archived", open.ID)
		w.do(w.key, "feedbacks.archive", `{"id":"`+archived.ID+`"}`, &archived)

		if got := w.listed(token, "public/feedbacks.list", `{}`); got != "own,loose,public" {
			t.Errorf("they see %s", got)
		}
		if got := w.listed(w.key, "public/feedbacks.list", `{}`); got != "widget,own,loose,hidden,public" {
			t.Errorf("the team sees %s", got)
		}
		if got := w.listed(token, "public/feedbacks.list", `{"boardId":"`+open.ID+`"}`); got != "public" {
			t.Errorf("on the open board they see %s", got)
		}
		w.refused(token, "public/feedbacks.list", `{"boardId":"`+closed.ID+`"}`, http.StatusNotFound)
		w.refused(token, "public/feedbacks.create", `{"title":"x","boardId":"`+closed.ID+`"}`, http.StatusNotFound)
		w.refused(token, "feedback-boards.info", `{"id":"`+closed.ID+`"}`, http.StatusNotFound)
		for _, unseen := range []string{hidden.ID, widget, archived.ID} {
			for _, action := range []string{"feedbacks.info", "feedbacks.vote", "feedback-comments.list"} {
				w.refused(token, action, `{"id":"`+unseen+`"}`, http.StatusNotFound)
			}
			w.refused(token, "feedback-comments.create", `{"id":"`+unseen+`","text":"x"}`, http.StatusNotFound)
		}
		for item, email := range map[string]string{public.ID: "none", loose.ID: "none", own.ID: "ada@acme.example"} {
			if row := w.info(token, item); row.Subscriber == nil || text(row.Subscriber.Email) != email || row.Voted == nil || *row.Voted {
				t.Errorf("they see %+v", row)
			}
		}
		w.do(w.key, "feedbacks.update", `{"id":"`+widget+`","boardId":"`+open.ID+`"}`, &public)
		if got := w.listed(token, "public/feedbacks.list", `{"boardId":"`+open.ID+`"}`); got != "widget,public" {
			t.Errorf("once it is published they see %s", got)
		}
		w.do(w.key, "feedback-boards.delete", `{"id":"`+open.ID+`"}`, &struct{}{})
		if row := w.info(w.key, widget); row.BoardID != nil || row.Board != nil {
			t.Errorf("on a board that is gone stands %+v", row)
		}
		if got := w.listed(token, "public/feedbacks.list", `{}`); got != "own,loose" {
			t.Errorf("once the board is gone they see %s", got)
		}
	})
}
