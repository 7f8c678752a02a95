package heard_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/dialect/userz"
)

// somebody is a person who came through every door.
type somebody struct {
	world
	item, event string
	account     string
	subscriber  string
}

// comesIn sends ann through the widget, by an event, by Userorbit and as an account; she votes and comments.
func (i *installation) comesIn(w world, name string) somebody {
	i.t.Helper()
	s := somebody{world: w}
	address := name + "@People.example"
	step := func() { i.clock.Advance(time.Second) }
	mint := fmt.Sprintf(`{"sub":%q,"ctx":{"email":%q,"name":"Ann"}}`, name, address)
	token := i.ask(200, "POST", "/v1/tokens/mint?appId="+w.app.ID.String(), w.sk, mint).text("token")
	file := i.upload(w.app, "what "+name+" saw")
	body := fmt.Sprintf(`{"text":"see there","attachments":[{"key":%q,"kind":"screenshot","contentType":%q,"byteSize":%d}]}`, file.Key, file.ContentType, file.ByteSize)
	s.item, _ = i.stored(i.call("POST", "/v1/feedback", w.app.PublicKey, body, "X-Userz-User-Token", token))
	i.Met.Flush(context.Background())
	step()
	told := i.tell(w.said["ub_live"], "/v1/event", fmt.Sprintf(`{"event":"signed_up","user":{"id":%q,"traits":{"plan":"pro"}}}`, name), 200)
	s.event = told.Data.Results[0].EventID
	i.Met.Flush(context.Background())
	identified := i.ask(200, "POST", "/v1/public/subscriber.identify", w.said["userorbit"], fmt.Sprintf(`{"email":%q,"name":"Ann"}`, address))
	if s.subscriber, _ = identified["data"].(map[string]any)["id"].(string); identified["isFirstSignin"] == true {
		i.t.Error("subscriber.identify met somebody new")
	}
	s.account = i.ask(201, "POST", "/v1/users", w.sk, fmt.Sprintf(`{"name":"Ann","email":%q,"password":%q}`, address, theirPassword)).text("id")
	i.Met.Flush(context.Background())
	person, err := i.People.ByExternalID(context.Background(), w.org.ID, name)
	must(i.t, err)
	step()
	_, err = i.Store.CastVote(context.Background(), w.org.ID, vote.Vote{Kind: vote.OnFeedback, Subject: w.id("feedback"), Person: person.ID, Value: 1, At: i.Now()})
	must(i.t, err)
	step()
	must(i.t, i.Store.InsertComment(context.Background(), w.org.ID, comment.Comment{
		ID: i.IDs.New(), Org: w.org.ID, Item: w.id("feedback"), Person: person.ID, Text: "me too", Source: "widget", CreatedAt: i.Now(), UpdatedAt: i.Now(), Version: 1,
	}))
	return s
}

func (t thing) within(name string) thing {
	object, _ := t[name].(map[string]any)
	return object
}

func TestOnePersonIsSeenThroughEveryDoor(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		ann := i.comesIn(i.settle("acme", false), "ann")
		var found string
		for _, query := range []string{"externalUserId=ann", "email=ANN@people.example", "q=ann%40people", "externalUserId=ann&email=ann@people.example"} {
			page := i.ask(200, "GET", "/v1/people?"+query, ann.sk, "")
			people := page.list("data")
			if len(people) != 1 || !same(page["total"], 1.0) || found != "" && people[0]["id"] != found {
				t.Fatalf("%s finds %v", query, page)
			}
			found = people[0].text("id")
		}
		got := i.ask(200, "GET", "/v1/people/"+found, ann.sk, "")
		for name, want := range map[string]any{
			"externalUserIds": []any{"ann"}, "emails": []any{"ann@people.example"}, "contestedEmails": []any{}, "name": "Ann", "accountId": ann.account,
			"source": "widget", "subscriber": map[string]any{"id": ann.subscriber, "active": true, "deactivatedAt": nil}, "traits": map[string]any{"plan": "pro"},
		} {
			if !same(got[name], want) {
				t.Errorf("%s: %v, want %v", name, got[name], want)
			}
		}
		var kinds []string
		entries := got.within("timeline").list("data")
		for _, entry := range entries {
			kinds = append(kinds, entry.text("type"))
		}
		if !slices.Equal(kinds, []string{"comment", "vote", "event", "feedback"}) || got.within("timeline")["nextCursor"] != nil {
			t.Fatalf("%v", got["timeline"])
		}
		said := entries[3].within("feedback")
		if said["id"] != ann.item || entries[2].within("event")["eventId"] != ann.event || len(said.list("attachments")) != 1 {
			t.Errorf("%v", entries)
		}
		if w := i.call("GET", said.list("attachments")[0].text("downloadUrl"), "", ""); w.Body.String() != "what ann saw" {
			t.Errorf("her file is %d %s", w.Code, w.Body)
		}
		var paged []string
		for target := "/v1/people/" + found + "?limit=1"; ; {
			page := i.ask(200, "GET", target, ann.sk, "").within("timeline")
			paged = append(paged, page.list("data")[0].text("type"))
			if page["nextCursor"] == nil {
				break
			}
			target = "/v1/people/" + found + "?limit=1&cursor=" + page.text("nextCursor")
		}
		if !slices.Equal(paged, kinds) {
			t.Errorf("paged: %v", paged)
		}
		i.refuse(400, "invalid_query", "GET", "/v1/people/"+found+"?cursor="+fmt.Sprintf("%066d", 0), ann.sk, "")

		item := i.ask(200, "GET", "/v1/feedback/"+ann.item, ann.sk, "")
		if who := item.within("person"); who["id"] != found || who["name"] != "Ann" || who["email"] != "ann@people.example" {
			t.Errorf("%v", item)
		}
		if last := item.list("recentEvents"); len(last) != 1 || last[0]["eventId"] != ann.event {
			t.Errorf("%v", item)
		}
	})
}

// Who a page claims to be, and who only tests, is nobody; and who may not read people is told of none.
func TestNobodyIsAPersonByAClaim(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		ann := i.comesIn(i.settle("acme", false), "ann")
		claimed := i.by(ann.app, map[string]string{"externalUserId": "ann", "email": "ann@people.example", "name": "Eve"})
		i.by(ann.app, map[string]string{"externalUserId": "eve", "email": "eve@people.example"})
		i.tell(ann.said["ub_test"], "/v1/event", `{"event":"x","user":{"id":"tess"}}`, 200)
		i.tell(ann.said["ub_live"], "/v1/events", `{"events":[{"event":"x","user":{"id":"bob"}},{"event":"","user":{"id":"carl"}}]}`, 200)
		i.Met.Flush(t.Context())
		for name, want := range map[string]int{"eve": 0, "tess": 0, "carl": 0, "bob": 1, "ann": 1} {
			if found := i.ask(200, "GET", "/v1/people?externalUserId="+name, ann.sk, "").list("data"); len(found) != want {
				t.Errorf("%s is %v", name, found)
			}
		}
		item := i.ask(200, "GET", "/v1/feedback/"+claimed, ann.sk, "")
		if item["person"] != nil || len(item.list("recentEvents")) != 0 {
			t.Errorf("%v", item)
		}
		person := i.ask(200, "GET", "/v1/people?externalUserId=ann", ann.sk, "").list("data")[0]
		if got := i.ask(200, "GET", "/v1/people/"+person.text("id"), ann.sk, ""); person["name"] != "Ann" || len(got.within("timeline").list("data")) != 4 {
			t.Errorf("%v", got)
		}
		for name, draft := range map[string]manage.KeyDraft{
			"without the right": {Scopes: []access.Right{access.FeedbackRead, access.EventsRead}},
			"bound to one App":  {App: ann.app.ID},
		} {
			draft.Name, draft.Format = name, apikey.Secret().Name
			_, key, err := i.manager.CreateKey(t.Context(), byTest(), ann.org.ID, draft)
			must(t, err)
			item := i.ask(200, "GET", "/v1/feedback/"+ann.item, key.Reveal(), "")
			if item["person"] != nil || len(item.list("recentEvents")) != 0 {
				t.Errorf("%s: %v", name, item)
			}
			for _, path := range []string{"", "/" + person.text("id"), "/" + person.text("id") + "/export"} {
				i.refuse(403, "forbidden", "GET", "/v1/people"+path, key.Reveal(), "")
			}
		}
	})
}

func TestPeopleDecideWhoIsWho(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		w := i.settle("acme", false)
		ann := i.comesIn(w, "ann")
		i.clock.Advance(time.Hour)
		twin := i.comesIn(w, "anna")
		of := func(name string) string {
			return i.ask(200, "GET", "/v1/people?externalUserId="+name, w.sk, "").list("data")[0].text("id")
		}
		a, b := of("ann"), of("anna")
		before := i.ask(200, "GET", "/v1/people/"+a, w.sk, "")
		merged := i.ask(200, "POST", "/v1/people/"+a+"/merge", w.sk, `{"into":"`+b+`"}`)
		if merged["id"] != b || !same(merged["externalUserIds"], []any{"anna", "ann"}) || len(merged.list("records")) != 2 || of("ann") != b {
			t.Errorf("merged: %v", merged)
		}
		together := i.ask(200, "GET", "/v1/people/"+a, w.sk, "")
		if together["id"] != b || len(together.within("timeline").list("data")) != 8 {
			t.Errorf("together: %v", together)
		}
		for item, person := range map[string]string{ann.item: b, twin.item: b} {
			if got := i.ask(200, "GET", "/v1/feedback/"+item, w.sk, ""); got.within("person")["id"] != person || len(got.list("recentEvents")) != 2 {
				t.Errorf("%v", got)
			}
		}
		i.refuse(409, "already_exists", "POST", "/v1/people/"+a+"/merge", w.sk, `{"into":"`+b+`"}`)
		i.refuse(404, "not_found", "POST", "/v1/people/"+a+"/merge", w.sk, `{"into":"`+userz.ID("").String()+`"}`)
		split := i.ask(200, "POST", "/v1/people/"+a+"/split", w.sk, "")
		after := i.ask(200, "GET", "/v1/people/"+a, w.sk, "")
		if split["id"] != a || !same(after["externalUserIds"], before["externalUserIds"]) || len(after.within("timeline").list("data")) != 4 {
			t.Errorf("split: %v", after)
		}
		i.refuse(409, "changed_meanwhile", "POST", "/v1/people/"+a+"/split", w.sk, "")
		for _, action := range []string{"person.merge", "person.split"} {
			if done := i.ask(200, "GET", "/v1/audit?action="+action+"&targetId="+a, w.sk, "").list("data"); len(done) != 1 {
				t.Errorf("%s: %v", action, done)
			}
		}
	})
}

func TestAPersonIsExportedWhole(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		ann := i.comesIn(i.settle("acme", false), "ann")
		person := i.ask(200, "GET", "/v1/people?externalUserId=ann", ann.sk, "").list("data")[0].text("id")
		gathered := map[string]thing{}
		for target := "/v1/people/" + person + "/export?limit=1"; ; {
			page := i.ask(200, "GET", target, ann.sk, "")
			for _, entry := range page.list("data") {
				gathered[entry.text("type")] = entry.within(entry.text("type"))
			}
			if who := page.within("person"); len(gathered) == 1 {
				if profiles := who.list("profiles"); who["accountId"] != ann.account || len(profiles) != 1 || len(who.list("records")) != 1 {
					t.Errorf("%v", who)
				}
			}
			if page["nextCursor"] != nil {
				target = "/v1/people/" + person + "/export?limit=1&cursor=" + page.text("nextCursor")
				continue
			}
			want := map[string]any{"records": 1.0, "profiles": 1.0, "feedback": 1.0, "attachments": 1.0, "events": 1.0, "votes": 1.0, "comments": 1.0}
			if !same(page["receipt"], want) {
				t.Errorf("%v", page["receipt"])
			}
			break
		}
		item := i.ask(200, "GET", "/v1/feedback/"+ann.item, ann.sk, "")
		for _, field := range []string{"text", "submittedBy", "consoleLogs", "metadata", "createdAt"} {
			if !same(gathered["feedback"][field], item[field]) {
				t.Errorf("%s: %v, want %v", field, gathered["feedback"][field], item[field])
			}
		}
		if gathered["comment"]["text"] != "me too" || gathered["vote"]["id"] != ann.named["feedback"] || gathered["event"]["eventId"] != ann.event {
			t.Errorf("%v", gathered)
		}
	})
}
