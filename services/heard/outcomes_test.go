package heard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// ledgerRow is a row of GET /v1/outcomes.
type ledgerRow struct {
	Hour, AppID, KeyID, Reason *string
	Category, Outcome          string
	Requests, Items            int64
}

// refusalRow is a row of GET /v1/refusals.
type refusalRow struct {
	RequestID, Category, Route, Reason, Message string
	AppID, KeyID, Policy, Sample                *string
	Items                                       int64
	Issues                                      []struct{ Path, Code, Message string }
}

func (i *installation) outcomes(key, query string) (rows []ledgerRow) {
	i.t.Helper()
	var page struct{ Data []ledgerRow }
	i.answer(i.call(http.MethodGet, "/v1/outcomes"+query, key, ""), http.StatusOK, &page)
	return page.Data
}

func (i *installation) refusals(key, query string) (rows []refusalRow) {
	i.t.Helper()
	var page struct{ Data []refusalRow }
	i.answer(i.call(http.MethodGet, "/v1/refusals"+query, key, ""), http.StatusOK, &page)
	return page.Data
}

// counted finds what is counted of one App, key, category and reason.
func counted(rows []ledgerRow, app, key id.ID, category, reason string) (found ledgerRow) {
	is := func(text *string, of id.ID) bool {
		return text == nil && of.IsZero() || text != nil && *text == of.String()
	}
	for _, r := range rows {
		if is(r.AppID, app) && is(r.KeyID, key) && r.Category == category && (r.Reason == nil && reason == "" || r.Reason != nil && *r.Reason == reason) {
			return r
		}
	}
	return found
}

// strict is a household with an App for one origin, a private one, a quota of three events and a rate of forty requests.
type strict struct {
	household
	private tenant.App
	ub      apikey.Key
	ubText  string
}

func (i *installation) strict(slug string) strict {
	i.t.Helper()
	ctx := context.Background()
	s := strict{household: i.found(slug)}
	i.limit(s.org, "events.month", 3)
	i.limit(s.org, "events.minute", 6)
	var err error
	s.private, _, err = i.manager.CreateApp(ctx, byTest(), s.org.ID, manage.AppDraft{
		Slug: "private", Name: "Private", AllowedOrigins: []string{"https://good.example"},
	})
	must(i.t, err)
	key, text, err := i.manager.CreateKey(ctx, byTest(), s.org.ID, manage.KeyDraft{Name: "ub", Format: apikey.UserBoostLive().Name, App: s.app.ID})
	must(i.t, err)
	s.ub, s.ubText = key, text.Reveal()
	return s
}

const canaryText = "canary4711"

// anEvent is one with a canary wherever a caller can put something.
func anEvent(name string) string {
	return fmt.Sprintf(`{"event":"x %[1]s","event_id":"%[2]s","user":{"id":"u %[1]s","traits":{"%[1]s":{"%[1]s":"%[1]s"}}},"properties":{"a":["%[1]s"]}}`,
		canaryText, name)
}

// Whatever is refused, its Org finds it by one call: counted by App, key, category and reason, and with the exact reason and the
// request's id. Of what was sent it finds the shape.
func TestWhyDidMyEventsNotArrive(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		s, neighbour := i.strict("strict"), i.found("neighbour")
		revoked, revokedText, err := i.manager.CreateKey(t.Context(), byTest(), s.org.ID, manage.KeyDraft{Name: "revoked", App: s.private.ID})
		must(t, err)
		_, err = i.manager.RevokeKey(t.Context(), byTest(), s.org.ID, revoked.ID)
		must(t, err)
		weak, weakText, err := i.manager.CreateKey(t.Context(), byTest(), s.org.ID, manage.KeyDraft{Name: "weak", Scopes: []access.Right{access.TokensMint}})
		must(t, err)
		public := func(app tenant.App, body string, header ...string) func() *httptest.ResponseRecorder {
			return func() *httptest.ResponseRecorder {
				return i.call(http.MethodPost, "/v1/feedback", app.PublicKey, body, header...)
			}
		}
		events := func(path, body string) func() *httptest.ResponseRecorder {
			return func() *httptest.ResponseRecorder { return i.call(http.MethodPost, path, s.ubText, body) }
		}
		huge := `{"text":"` + strings.Repeat("x", 8<<20) + `"}`
		sizeOnly := func() *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodPost, "/v1/feedback", struct{ *strings.Reader }{strings.NewReader(huge)})
			r.ContentLength = -1 // nobody said how much comes
			r.Header.Set("Authorization", "Bearer "+s.app.PublicKey)
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			i.handler.ServeHTTP(w, r)
			return w
		}
		batch := `{"events":[` + anEvent("a") + `,` + anEvent("b") + `,{"event":"` + canaryText + `"},` + anEvent("a") + `]}`
		for _, of := range []struct {
			name             string
			send             func() *httptest.ResponseRecorder
			status           int
			app, key         id.ID
			category, reason string
			requests, items  int64
			sample, issue    string
		}{
			{"accepted", public(s.app, `{"text":"fine"}`, "Idempotency-Key", "once"), 201, s.app.ID, id.Zero, "feedback", "", 1, 1, "", ""},
			{"duplicate", public(s.app, `{"text":"fine"}`, "Idempotency-Key", "once"), 201, s.app.ID, id.Zero, "feedback", "duplicate", 0, 1, "", ""},
			{
				"schema", public(s.app, `{"text":7,"typo":"`+canaryText+`","`+canaryText+`":1,"metadata":{"`+canaryText+`":"`+canaryText+`"}}`), 400,
				s.app.ID, id.Zero, "feedback", "invalid_body", 1, 1,
				`{"text":"number","name(4)":"string(10)","name(10)":"number","metadata":{"name(10)":"string(10)"}}`, "typo",
			},
			{"announced size", public(s.app, huge), 413, s.app.ID, id.Zero, "feedback", "payload_too_large", 1, 1, "", ""},
			{"size", sizeOnly, 413, s.app.ID, id.Zero, "feedback", "payload_too_large", 2, 2, "", ""},
			{"mismatch", public(s.app, `{"text":"`+canaryText+`"}`, "Idempotency-Key", "once"), 422, s.app.ID, id.Zero, "feedback", "idempotency_mismatch", 1, 1, `{"text":"string(10)"}`, ""},
			{"origin", public(s.private, `{"text":"x"}`, "Origin", "https://bad.example"), 403, s.private.ID, id.Zero, "feedback", "origin_not_allowed", 1, 1, "", ""},
			{"private", public(s.private, `{"text":"x"}`, "Origin", "https://good.example"), 403, s.private.ID, id.Zero, "feedback", "public_disabled", 1, 1, "", ""},
			{"forged", public(s.private, `{"text":"x"}`, "Origin", "https://good.example", "X-Userz-User-Token", canaryText), 401, s.private.ID, id.Zero, "feedback", "invalid_user_token", 1, 1, "", ""},
			{"revoked", func() *httptest.ResponseRecorder {
				return i.call(http.MethodGet, "/v1/feedback", revokedText.Reveal(), "")
			}, 401, s.private.ID, revoked.ID, "reads", "invalid_key", 1, 1, "", ""},
			{"right", func() *httptest.ResponseRecorder { return i.call(http.MethodGet, "/v1/apps", weakText.Reveal(), "") }, 403, id.Zero, weak.ID, "reads", "forbidden", 1, 1, "", ""},
			{"batch", events("/v1/events", batch), 200, s.app.ID, s.ub.ID, "events", "invalid_body", 0, 1, `{"event":"string(10)"}`, "events.2.user"},
			{"batch of repeats", events("/v1/events", batch), 200, s.app.ID, s.ub.ID, "events", "duplicate", 0, 4, "", ""},
			{"quota", events("/v1/events", `{"events":[`+anEvent("c")+`,`+anEvent("d")+`,`+anEvent("e")+`]}`), 200, s.app.ID, s.ub.ID, "events", "quota_exceeded", 0, 2, "", ""},
			{"spent quota", events("/v1/event", anEvent("f")), 429, s.app.ID, s.ub.ID, "events", "quota_exceeded", 1, 3, "", ""},
			{"bad batch", events("/v1/events", `{"events":[{},{}]}`), 400, s.app.ID, s.ub.ID, "events", "invalid_body", 1, 4, `{}`, "events.0.user"},
			{"accepted events", events("/v1/event", anEvent("a")), 200, s.app.ID, s.ub.ID, "events", "", 4, 3, "", ""},
			{"limit", events("/v1/event", anEvent("g")), 429, s.app.ID, s.ub.ID, "events", "rate_limited", 1, 1, "", ""},
		} {
			w := of.send()
			if w.Code != of.status {
				t.Fatalf("%s: %d %s", of.name, w.Code, w.Body)
			}
			got := counted(i.outcomes(s.sk, "?groupBy=none"), of.app, of.key, of.category, of.reason)
			if got.Requests != of.requests || got.Items != of.items || (got.Outcome == "accepted") != (of.reason == "") || got.Hour != nil {
				t.Errorf("%s is counted as %+v", of.name, got)
			}
			newest := i.refusals(s.sk, "?limit=100")
			at := slices.IndexFunc(newest, func(r refusalRow) bool { return r.RequestID == w.Header().Get("X-Request-Id") && r.Reason == of.reason })
			if told := of.reason != "" && of.reason != string(outcome.Duplicate); (at >= 0) != told {
				t.Errorf("%s is among the refusals: %t", of.name, at >= 0)
			}
			if at < 0 {
				continue
			}
			r := newest[at]
			if of.sample != "" && (r.Sample == nil || *r.Sample != of.sample) || r.Message == "" || r.Category != of.category || r.Route == "" {
				t.Errorf("%s is told as %+v", of.name, r)
			}
			if of.issue != "" && !slices.ContainsFunc(r.Issues, func(issue struct{ Path, Code, Message string }) bool { return issue.Path == of.issue }) {
				t.Errorf("%s has the issues %+v", of.name, r.Issues)
			}
			if limited := of.reason == "rate_limited"; limited && (r.Policy == nil || *r.Policy != "events.minute") {
				t.Errorf("%s names no policy: %+v", of.name, r)
			}
		}
		for _, path := range []string{"/v1/refusals?limit=100", "/v1/outcomes"} {
			if w := i.call(http.MethodGet, path, s.sk, ""); strings.Contains(w.Body.String(), canaryText) || strings.Contains(w.Body.String(), s.ubText) {
				t.Errorf("%s shows what was sent: %s", path, w.Body)
			}
		}
		i.ledgersAreApart(s, neighbour)
	})
}

// ledgersAreApart demands that nobody sees what is not theirs.
func (i *installation) ledgersAreApart(s strict, neighbour household) {
	i.t.Helper()
	for _, r := range i.outcomes(neighbour.sk, "?groupBy=none") {
		if r.AppID != nil || r.Category != "reads" || r.Outcome != "accepted" {
			i.t.Errorf("a neighbour sees %+v", r)
		}
	}
	if seen := i.refusals(neighbour.sk, "?appId="+s.app.ID.String()); len(seen) > 0 {
		i.t.Errorf("a neighbour sees %+v", seen)
	}
	_, bound, err := i.manager.CreateKey(i.t.Context(), byTest(), s.org.ID, manage.KeyDraft{Name: "bound", App: s.private.ID})
	must(i.t, err)
	for _, r := range i.outcomes(bound.Reveal(), "?groupBy=day") {
		if r.AppID == nil || *r.AppID != s.private.ID.String() {
			i.t.Errorf("who is bound to one App sees %+v", r)
		}
	}
	seen := i.refusals(bound.Reveal(), "")
	if len(seen) < 4 || slices.ContainsFunc(seen, func(r refusalRow) bool { return r.AppID == nil || *r.AppID != s.private.ID.String() }) {
		i.t.Errorf("who is bound to one App sees %+v", seen)
	}
	if others := len(i.outcomes(bound.Reveal(), "?appId="+s.app.ID.String())) + len(i.refusals(bound.Reveal(), "?appId="+s.app.ID.String())); others > 0 {
		i.t.Errorf("and %d of another", others)
	}
	var month struct {
		Data []struct {
			Category string
			Accepted struct{ Requests, Items int64 }
			Refused  []struct {
				Reason          string
				Requests, Items int64
			}
		}
	}
	i.answer(i.call(http.MethodGet, "/v1/usage", s.sk, ""), http.StatusOK, &month)
	for _, c := range month.Data {
		if c.Category == "events" && (c.Accepted.Items != 3 || len(c.Refused) != 4) || c.Category == "tokens" && c.Accepted.Requests != 0 {
			i.t.Errorf("used %+v", c)
		}
	}
	if len(month.Data) != len(outcome.Categories()) {
		i.t.Errorf("%d categories", len(month.Data))
	}
}

// What 64 clients were answered is what is counted, also by who starts after the process has ended.
func TestTheLedgerIsWhatClientsSawAlsoAfterARestart(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("crowded")
		i.limit(h.org, "feedback.ip", 400)
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- i.Ledger.Run(ctx) }()

		var mu sync.Mutex
		saw := map[string]int64{}
		var clients sync.WaitGroup
		for n := range 64 {
			clients.Go(func() {
				for k := range 10 {
					body := `{"text":"x"}`
					if (n+k)%3 == 0 {
						body = `{}`
					}
					w := i.call(http.MethodPost, "/v1/feedback", h.app.PublicKey, body)
					var told struct{ Error struct{ Code string } }
					if err := json.Unmarshal(w.Body.Bytes(), &told); err != nil {
						t.Error(err)
					}
					mu.Lock()
					saw[told.Error.Code]++
					mu.Unlock()
				}
			})
		}
		clients.Wait()
		stop()
		must(t, <-ended)
		if len(saw) != 3 {
			t.Fatalf("the clients saw %v only", saw)
		}
		again := serve(t, i.Parts, i.clock.Now)
		rows := again.outcomes(h.sk, "?groupBy=none&category=feedback&appId="+h.app.ID.String())
		for reason, want := range saw {
			if got := counted(rows, h.app.ID, id.Zero, "feedback", reason); got.Requests != want || got.Items != want {
				t.Errorf("%d were answered %q, and %+v is counted", want, reason, got)
			}
		}
		if len(rows) != len(saw) {
			t.Errorf("%+v", rows)
		}
		if kept := again.refusals(h.sk, "?limit=100"); len(kept) != outcome.PerApp {
			t.Errorf("%d refusals are kept", len(kept))
		}
	})
}
