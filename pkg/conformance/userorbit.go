package conformance

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Userorbit proves Userorbit's surface: acceptance O1–O11 under their names, and decisions D12–D17 where they show. It makes
// Orgs, keys, people and what they say in the target, and leaves them there.
func Userorbit(t *testing.T, target Target) {
	s := begin(target)
	defer s.http.CloseIdleConnections()
	o := &userorbit{suite: s}
	s.prove(t, []proof{
		{"O1", o.listsFeedback},
		{"O2", o.identifies},
		{"O3", o.takesFeedback},
		{"O4", o.listsDocuments},
		{"O5", o.listsDocumentsOfASubscriber},
		{"O6", o.tellsOfTheTeam},
		{"O7", o.refusesUnknownKeys},
		{"O8", o.refusesOldTokens},
		{"O9", o.refusesNobody},
		{"O10", o.refusesDeletedKeys},
		{"O11", o.forgetsSubscribers},
		{"Users", o.tellsOfTheUser},
		{"Subscribers", o.keepsSubscribers},
		{"Properties", o.keepsProperties},
		{"Articles", o.keepsArticles},
		{"Hooks", o.subscribesHooks},
		{"Samples", o.samplesHooks},
		{"Feedback", o.keepsFeedback},
		{"Boards", o.keepsBoards},
		{"Comments", o.keepsComments},
		{"Votes", o.countsVotes},
		{"D12", o.takesQueriesAndBodies},
		{"Faults", o.namesFaults},
		{"Documented", o.answersAsDocumented},
	})
}

// answersAsDocumented: the document describes each of the answers so far, and nothing that was not seen to succeed.
func (o *userorbit) answersAsDocumented(t *testing.T) {
	const path = "/openapi/userorbit.json"
	o.answeredAsIn(t, path, o.document(t, path).operations())
}

// userorbit is a run of that suite.
type userorbit struct{ *suite }

// team makes a key of Userorbit's surface, whose budget is nobody else's.
func (o *userorbit) team(t *testing.T, org string) as {
	t.Helper()
	return as{token: o.teamKey(t, org).Text}
}

func (o *userorbit) teamKey(t *testing.T, org string) (made key) {
	t.Helper()
	o.manage(t, org, "POST", "/v1/keys", map[string]any{"name": t.Name(), "format": "userorbit"}, &made)
	return made
}

// do asks for an action that succeeds, and gives the data of its answer: an object.
func (o *userorbit) do(t *testing.T, who as, action string, body any) map[string]any {
	t.Helper()
	got := o.act(t, who, action, body)
	data, _ := has(t, got.what, got.is(t, http.StatusOK).object(t), "data")["data"].(map[string]any)
	if data == nil {
		t.Fatalf("%s; want an object as its data", got)
	}
	return data
}

// list asks for a list, and gives its rows and its total.
func (o *userorbit) list(t *testing.T, who as, action string, body any) (rows []map[string]any, total int) {
	t.Helper()
	return o.act(t, who, action, body).rows(t)
}

// act asks for an action by POST. One that only reads says the same by GET (D12).
func (o *userorbit) act(t *testing.T, who as, action string, body any) answer {
	t.Helper()
	got := o.ask(t, who, "POST", "/v1/"+action, body)
	said, _ := body.(map[string]any)
	if !reads.MatchString(action) {
		return got
	}
	query := url.Values{}
	for name, value := range said {
		query.Set(name, fmt.Sprint(value))
	}
	if again := o.ask(t, who, "GET", "/v1/"+action+"?"+query.Encode(), nil); again.status != got.status || string(again.body) != string(got.body) {
		t.Errorf("%s; and by POST %s", again, got)
	}
	return got
}

// reads are the verbs of actions that change nothing.
var reads = regexp.MustCompile(`\.(list|info|count|search|sample)$`)

// rows are those of a list: its envelope has nothing else.
func (a answer) rows(t *testing.T) (rows []map[string]any, total int) {
	t.Helper()
	body := a.is(t, http.StatusOK).object(t)
	data, ok := body["data"].([]any)
	paging := has(t, a.what, body["pagination"], "offset limit total")
	count, _ := paging["total"].(float64)
	if !ok {
		t.Fatalf("%s; want {pagination, data}", a)
	}
	for _, entry := range data {
		row, _ := entry.(map[string]any)
		rows = append(rows, row)
	}
	return rows, int(count)
}

// unfit is the text of a flat refusal, whose envelope has nothing else (D14).
func (a answer) unfit(t *testing.T, status int) string {
	t.Helper()
	body := has(t, a.what, a.is(t, status).object(t), "error statusCode")
	text, _ := body["error"].(string)
	if body["statusCode"] != float64(status) || text == "" {
		t.Fatalf("%s; want {error, statusCode}", a)
	}
	return text
}

// shut ends the test unless an answer is the 401 that says so.
func (a answer) shut(t *testing.T, text string) {
	t.Helper()
	if got := a.unfit(t, http.StatusUnauthorized); got != text {
		t.Errorf("%s; want %q", a, text)
	}
}

const (
	required = "Authentication required"
	expired  = "Token expired"
)

// subscriber identifies somebody new, and gives what opens for them and their id.
func (o *userorbit) subscriber(t *testing.T, team as) (who as, id string) {
	t.Helper()
	got := o.ask(t, team, "POST", "/v1/public/subscriber.identify", map[string]any{"email": somebody().email, "name": "John Doe"}).is(t, http.StatusOK).object(t)
	who.token, _ = got["code"].(string)
	row, _ := got["data"].(map[string]any)
	id, _ = row["id"].(string)
	if who.token == "" || !uuid.MatchString(id) || got["isFirstSignin"] != true {
		t.Fatalf("identified as %v", got)
	}
	return who, id
}

// signed is the token that the installation would have signed for a subscriber then.
func (o *userorbit) signed(t *testing.T, team, person string, then time.Time) string {
	t.Helper()
	key, err := hex.DecodeString(strings.TrimSpace(o.HashKey))
	if err != nil || len(key) != 32 {
		t.Fatalf("the hash key is not 32 bytes in hex: %v", err)
	}
	claims := map[string]any{"sub": person, "team": team, "use": "subscriber", "iat": then.Unix(), "exp": then.Add(90 * 24 * time.Hour).Unix()}
	return sign(t, map[string]any{"alg": "HS256", "typ": "JWT"}, claims, sum("derive:subscriber tokens", key))
}
