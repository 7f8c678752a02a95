package conformance

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Userboost proves UserBoost's surface: acceptance B1–B10 under their names, and decisions D18–D24 where they show. It makes
// Orgs, keys and events in the target, and leaves them there.
func Userboost(t *testing.T, target Target) {
	s := begin(target)
	defer s.http.CloseIdleConnections()
	b := &userboost{suite: s}
	s.prove(t, []proof{
		{"B1", b.takesAnEvent},
		{"B2", b.takesWhatIsToldOfAUser},
		{"B3", b.refusesWhatIsNoJSON},
		{"B4", b.answersInTheShapeOfABatch}, // D18, D23
		{"B5", b.refusesAUserThatIsText},
		{"B6", b.refusesUnknownKeys},
		{"B7", b.refusesBadHeaders},
		{"B8", b.refusesOtherKeys}, // D19, D20, D35
		{"B9", b.showsLimits},      // D22
		{"B10", b.limitsAccounts},  // D21
		{"D19", b.marksTests},
		{"D24", b.judgesEachOfABatch},
		{"Late", b.refusesWhatIsTooLate},
		{"Large", b.refusesWhatIsTooLarge},
		{"Repeats", b.storesOnce},
		{"Profiles", b.mergesTraits},
		{"Reading", b.readsBack},
		{"Tenants", b.keepsEventsApart},
		{"Faults", b.tellsOfFaults},
		{"Documented", func(t *testing.T) {
			s.answeredAsIn(t, "/openapi/userboost.json", []string{"POST /v1/event", "POST /v1/events"})
		}},
	})
}

// userboost is a run of that suite.
type userboost struct{ *suite }

var (
	uuid   = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	ubLive = regexp.MustCompile(`^ub_live_[0-9a-z]{36}$`)
	ubTest = regexp.MustCompile(`^ub_test_[0-9a-z]{36}$`)
)

// boosted makes a key of UserBoost's surface.
func (b *userboost) boosted(t *testing.T, org, format string) (made key) {
	t.Helper()
	b.manage(t, org, "POST", "/v1/keys", map[string]any{"name": t.Name(), "format": format}, &made)
	return made
}

// account is an Org whose budget is nobody else's, and a live key of it.
func (b *userboost) account(t *testing.T) (org string, live as) {
	t.Helper()
	org = b.org(t).ID
	return org, as{token: b.boosted(t, org, "ub_live").Text}
}

// happened is the least that can be told.
func happened(name, user string) map[string]any {
	return map[string]any{"event": name, "user": map[string]any{"id": user}}
}

// results are what became of each event: the envelope of success has nothing else.
func (a answer) results(t *testing.T, processed, failed int) []map[string]any {
	t.Helper()
	body := has(t, a.what, a.is(t, http.StatusOK).object(t), "success data")
	data := has(t, a.what, body["data"], "processed_count failed_count results")
	list, _ := data["results"].([]any)
	if body["success"] != true || data["processed_count"] != float64(processed) || data["failed_count"] != float64(failed) || len(list) != processed+failed {
		t.Fatalf("%s; want %d processed and %d failed", a, processed, failed)
	}
	results := make([]map[string]any, len(list))
	for i, entry := range list {
		result, _ := entry.(map[string]any)
		if result["index"] != float64(i) {
			t.Fatalf("%s: result %d is %v", a, i, result)
		}
		results[i] = result
	}
	return results
}

// stored are the ids of events that were all taken.
func (a answer) stored(t *testing.T, duplicate bool) []string {
	t.Helper()
	body := a.is(t, http.StatusOK).object(t)
	data, _ := body["data"].(map[string]any)
	list, _ := data["results"].([]any)
	var ids []string
	for _, result := range a.results(t, len(list), 0) {
		fields := "index success event_id"
		if duplicate {
			fields += " duplicate"
		}
		has(t, a.what, result, fields)
		id, _ := result["event_id"].(string)
		if result["success"] != true || duplicate && result["duplicate"] != true || !uuid.MatchString(id) {
			t.Fatalf("%s: %v", a, result)
		}
		ids = append(ids, id)
	}
	return ids
}

// fault is the error of a refusal: its envelope has nothing else.
func (a answer) fault(t *testing.T, status int, code string) map[string]any {
	t.Helper()
	body := has(t, a.what, a.is(t, status).object(t), "success error")
	fault, _ := body["error"].(map[string]any)
	message, _ := fault["message"].(string)
	if body["success"] != false || fault["code"] != code || message == "" {
		t.Fatalf("%s; want %s", a, code)
	}
	return fault
}

// names is every field that a 400 names.
func (a answer) fields(t *testing.T) string {
	t.Helper()
	details, _ := a.fault(t, http.StatusBadRequest, "VALIDATION_ERROR")["details"].(map[string]any)
	list, _ := details["fields"].([]any)
	var names []string
	for _, entry := range list {
		field, _ := entry.(map[string]any)
		if message, _ := field["message"].(string); message == "" {
			t.Errorf("%s: a field without a message", a)
		}
		names = append(names, fmt.Sprint(field["field"]))
	}
	return strings.Join(names, " ")
}

// takesAnEvent is B1, by the target's own key too.
func (b *userboost) takesAnEvent(t *testing.T) {
	_, live := b.account(t)
	body := `{"event":"user_signed_up","user":{"id":"user_123"}}`
	b.ask(t, live, "POST", "/v1/event", body).stored(t, false)
	b.ask(t, as{token: b.Keys["userboost"]}, "POST", "/v1/event", body).stored(t, false)
}

// takesWhatIsToldOfAUser is B2; what is not known is passed over.
func (b *userboost) takesWhatIsToldOfAUser(t *testing.T) {
	org, live := b.account(t)
	b.ask(t, live, "POST", "/v1/event", `{"event":"user_signed_up","user":{"id":"user_123","email":"user@example.com",`+
		`"traits":{"plan":"free","created_at":"2024-01-15T10:30:00Z"},"avatar":7},"properties":null,"source":"web"}`).stored(t, false)
	got := b.ask(t, b.owner(t, org), "GET", "/v1/end-users/user_123", nil).is(t, http.StatusOK).object(t)
	equal(t, "the traits", got["traits"], map[string]any{"plan": "free", "created_at": "2024-01-15T10:30:00Z"})
	if got["email"] != "user@example.com" {
		t.Errorf("%v", got)
	}
}

// refusesWhatIsNoJSON is B3: the sample as it is printed, and corrected.
func (b *userboost) refusesWhatIsNoJSON(t *testing.T) {
	_, live := b.account(t)
	for _, path := range []string{"/v1/event", "/v1/events"} {
		for _, body := range []string{
			`{"event":"user_signed_up","user":{ id: "xxx" },"properties":{"email":"a@b.example","plan":"pro"}}`, `{"events":[`, ``, `{}x`, "\xff",
		} {
			b.ask(t, live, "POST", path, body).fault(t, http.StatusBadRequest, "VALIDATION_ERROR")
		}
	}
	b.ask(t, live, "POST", "/v1/event", `{"event":"user_signed_up","user":{"id":"xxx"},"properties":{"email":"a@b.example","plan":"pro"}}`).stored(t, false)
	b.ask(t, live, "POST", "/v1/event", `{"event":"x","user":{"id":"u"}}`, "Content-Type", "text/plain").
		fault(t, http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE")
}

// answersInTheShapeOfABatch is B4, as D18 and D23 have it.
func (b *userboost) answersInTheShapeOfABatch(t *testing.T) {
	_, live := b.account(t)
	if got := b.ask(t, live, "POST", "/v1/event", `{"name":"auth_test","user":"test_user"}`); got.fields(t) != "user event" {
		t.Errorf("%s names %q", got, got.fields(t))
	}
	got := b.ask(t, live, "POST", "/v1/event", `{"event":"auth_test","user":{"id":"test_user"}}`)
	id := got.stored(t, false)[0]
	want := `{"success":true,"data":{"processed_count":1,"failed_count":0,"results":[{"index":0,"success":true,"event_id":"` + id + `"}]}}`
	if text := strings.TrimSpace(string(got.body)); text != want {
		t.Errorf("%s, want %s", text, want)
	}
}

// refusesAUserThatIsText is B5, with whatever else can be wrong with one event.
func (b *userboost) refusesAUserThatIsText(t *testing.T) {
	_, live := b.account(t)
	late, early := time.Now().Add(-7*24*time.Hour-time.Minute), time.Now().Add(11*time.Minute)
	for body, fields := range map[string]string{
		`{"event":"x","user":"user_123"}`: "user",
		`{"event":"x","user":null}`:       "user",
		`{"event":"x"}`:                   "user",
		`{"event":"","user":{"id":"u"}}`:  "event",
		`{"event":7,"user":{"id":"u"}}`:   "event",
		`{"event":"x","user":{"id":7}}`:   "user.id",
		`{"event":"x","user":{"id":"u","email":"x","traits":7},"properties":"x","timestamp":"now"}`:     "user.email user.traits properties timestamp",
		`{"event":"x","user":{"id":"u"},"timestamp":"` + late.Format(time.RFC3339) + `"}`:               "timestamp",
		`{"event":"x","user":{"id":"u"},"timestamp":"` + early.Format(time.RFC3339) + `"}`:              "timestamp",
		`{"event":"x","user":{"id":"u"},"properties":{"a":"` + strings.Repeat("x", 33<<10) + `"}}`:      "properties",
		`{"type":"identify","event":"x","user":{"id":"u"}}`:                                             "event",
		`{"type":"page","event":"x","user":{"id":"u"}}`:                                                 "type",
		`{"event":"x","user":{"id":"u"},"event_id":"` + strings.Repeat("x", 257) + `"}`:                 "event_id",
		`{"event":"` + strings.Repeat("x", 257) + `","user":{"id":"` + strings.Repeat("x", 257) + `"}}`: "event user.id",
	} {
		if got := b.ask(t, live, "POST", "/v1/event", body); got.fields(t) != fields {
			t.Errorf("%.100s names %q, want %q", body, got.fields(t), fields)
		}
	}
	if got := b.ask(t, live, "POST", "/v1/event", happened("x", "u"), "Idempotency-Key", "a b"); got.fields(t) != "Idempotency-Key" {
		t.Errorf("%s", got)
	}
}
