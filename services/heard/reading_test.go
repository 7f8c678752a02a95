package heard_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/id"
)

// in stores an item that is in some status.
func (i *installation) in(h household, status feedback.Status) string {
	i.t.Helper()
	item, err := feedback.New(feedback.Draft{Text: "x"}, i.IDs.New(), h.org.ID, h.app.ID, i.Now())
	must(i.t, err)
	item.Status = status
	must(i.t, i.Store.InsertFeedback(i.t.Context(), h.org.ID, item))
	return item.ID.String()
}

func (i *installation) nudge(h household, item string, to feedback.Status) *httptest.ResponseRecorder {
	i.t.Helper()
	return i.call(http.MethodPatch, "/v1/feedback/"+item, h.sk, fmt.Sprintf(`{"status":%q}`, to))
}

func TestANudgeIsALegalMoveOrNamesThem(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		queueable := []feedback.Status{feedback.Sanitized, feedback.AwaitingManual, feedback.BatchPending} // D6
		for _, from := range feedback.Statuses() {
			allowed := []feedback.Status{}
			if slices.Contains(queueable, from) {
				allowed = append(allowed, feedback.Queued)
			}
			if from != feedback.Archived {
				allowed = append(allowed, feedback.Archived)
			}
			for _, to := range []feedback.Status{feedback.Queued, feedback.Archived} {
				item := i.in(h, from)
				i.clock.Advance(time.Second)
				w := i.nudge(h, item, to)
				if !slices.Contains(allowed, to) {
					i.refused(w, http.StatusConflict, apierr.CodeInvalidTransition)
					var answer struct {
						Error struct {
							Details struct {
								Current feedback.Status
								Allowed []feedback.Status
							}
						}
					}
					must(t, json.Unmarshal(w.Body.Bytes(), &answer))
					if d := answer.Error.Details; d.Current != from || !slices.Equal(d.Allowed, allowed) {
						t.Errorf("from %s to %s: %s", from, to, w.Body)
					}
					continue
				}
				var moved struct {
					Status    feedback.Status
					UpdatedAt string
				}
				i.answer(w, http.StatusOK, &moved)
				if moved.Status != to || moved.UpdatedAt != userz.Time(i.Now()) {
					t.Errorf("from %s to %s: %+v", from, to, moved)
				}
			}
		}
		for body, code := range map[string]apierr.Code{
			`{"status":"merged"}`: apierr.CodeInvalidBody, `{}`: apierr.CodeInvalidBody, `{"status":"queued","x":1}`: apierr.CodeInvalidBody,
		} {
			i.refused(i.call(http.MethodPatch, "/v1/feedback/"+i.in(h, feedback.Sanitized), h.sk, body), http.StatusBadRequest, code)
		}
		i.refused(i.nudge(h, id.ID{9}.String(), feedback.Archived), http.StatusNotFound, apierr.CodeNotFound)
		i.refused(i.nudge(h, "x", feedback.Archived), http.StatusNotFound, apierr.CodeNotFound)
	})
}

// Each of many nudges either makes its move or is told the status that kept it from it.
func TestRacingNudgesAreSettledOneByOne(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		item := i.in(h, feedback.Sanitized)
		answers := make([]*httptest.ResponseRecorder, racers)
		var wg sync.WaitGroup
		for n := range answers {
			to := feedback.Queued
			if n%2 == 1 {
				to = feedback.Archived
			}
			wg.Go(func() { answers[n] = i.nudge(h, item, to) })
		}
		wg.Wait()
		moved := map[feedback.Status]int{}
		for _, w := range answers {
			if w.Code != http.StatusOK {
				i.refused(w, http.StatusConflict, apierr.CodeInvalidTransition)
				continue
			}
			var seen struct{ Status feedback.Status }
			i.answer(w, http.StatusOK, &seen)
			moved[seen.Status]++
		}
		if moved[feedback.Archived] != 1 || moved[feedback.Queued] > 1 {
			t.Errorf("moved %v", moved)
		}
	})
}

func TestAFileIsDownloadedByALinkThatEnds(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		shot, log := i.upload(h.app, "the screenshot"), i.upload(h.app, "the log")
		item, _ := i.stored(i.citeTarget(h.app, shot.Key, log))
		var got struct {
			Attachments []struct{ Key, DownloadURL string }
			Target      struct{ ScreenshotKey, ScreenshotURL string } `json:"componentTarget"`
		}
		i.answer(i.call(http.MethodGet, "/v1/feedback/"+item, h.sk, ""), http.StatusOK, &got)
		if len(got.Attachments) != 1 || got.Attachments[0].Key != log.Key || got.Target.ScreenshotKey != shot.Key {
			t.Fatalf("%+v", got)
		}
		for url, content := range map[string]string{got.Attachments[0].DownloadURL: "the log", got.Target.ScreenshotURL: "the screenshot"} {
			w := i.call(http.MethodGet, url, "", "")
			if w.Code != http.StatusOK || w.Body.String() != content || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
				t.Errorf("%s: %d %s %v", url, w.Code, w.Body, w.Header())
			}
		}
		i.clock.Advance(attachment.DownloadTTL + time.Second)
		if w := i.call(http.MethodGet, got.Attachments[0].DownloadURL, "", ""); w.Code/100 != 4 {
			t.Errorf("later: %d", w.Code)
		}
	})
}

func TestAMintedTokenSpeaksForOneUserOfOneApp(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h, other := i.found("acme"), i.found("other")
		app, _, err := i.manager.CreateApp(t.Context(), byTest(), h.org.ID, manage.AppDraft{Slug: "private", Name: "Private"})
		must(t, err)
		mint := func(h household, app id.ID, body string) *httptest.ResponseRecorder {
			return i.call(http.MethodPost, "/v1/tokens/mint?appId="+app.String(), h.sk, body)
		}
		minted := func(body string) (token string, life time.Duration) {
			var answer struct{ Token, ExpiresAt string }
			i.answer(mint(h, app.ID, body), http.StatusOK, &answer)
			end, err := time.Parse(time.RFC3339, answer.ExpiresAt)
			must(t, err)
			return answer.Token, end.Sub(i.Now())
		}
		say := func(token string) *httptest.ResponseRecorder {
			return i.call(http.MethodPost, "/v1/feedback", app.PublicKey, `{"text":"x"}`, "X-Userz-User-Token", token)
		}
		token, life := minted(`{"sub":"ann","ctx":{"email":"ann@example.com","plan":"pro"}}`)
		if life != usertoken.DefaultTTL {
			t.Errorf("lives for %v", life)
		}
		item, _ := i.stored(say(token))
		var got struct {
			By struct {
				Mode, ExternalUserID, Email string
				Claims                      map[string]string
			} `json:"submittedBy"`
		}
		i.answer(i.call(http.MethodGet, "/v1/feedback/"+item, h.sk, ""), http.StatusOK, &got)
		if got.By.Mode != "private" || got.By.ExternalUserID != "ann" || got.By.Email != "ann@example.com" || got.By.Claims["plan"] != "pro" {
			t.Errorf("submitted by %+v", got.By)
		}

		// Rotated without an overlap: what was minted is dead, what is minted is of the new secret.
		_, _, err = i.manager.RotateSecret(t.Context(), byTest(), h.org.ID, app.ID, 0)
		must(t, err)
		i.refused(say(token), http.StatusUnauthorized, apierr.CodeInvalidUserToken)
		token, life = minted(`{"sub":"ann","expiresInSeconds":60}`)
		if life != time.Minute {
			t.Errorf("lives for %v", life)
		}
		i.stored(say(token))
		i.clock.Advance(time.Minute + usertoken.Skew)
		i.refused(say(token), http.StatusUnauthorized, apierr.CodeInvalidUserToken)

		i.refused(mint(other, app.ID, `{"sub":"ann"}`), http.StatusNotFound, apierr.CodeNotFound)
		i.refused(mint(h, id.ID{9}, `{"sub":"ann"}`), http.StatusNotFound, apierr.CodeNotFound)
		large := `{"a":"` + strings.Repeat("x", usertoken.MaxContext) + `"}`
		issues := i.refused(mint(h, app.ID, `{"sub":"","ctx":`+large+`,"expiresInSeconds":59}`), http.StatusBadRequest, apierr.CodeInvalidBody)
		if want := []string{"[sub] too_small", "[expiresInSeconds] too_small", "[ctx] too_big"}; !slices.Equal(issues, want) {
			t.Errorf("%v", issues)
		}
	})
}

func TestAppsAreListedWithoutTheirSecrets(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		second, text, err := i.manager.CreateApp(t.Context(), byTest(), h.org.ID, manage.AppDraft{
			Slug: "second", Name: "Second", AllowedOrigins: []string{"https://a.example"},
		})
		must(t, err)
		w := i.call(http.MethodGet, "/v1/apps", h.sk, "")
		var got struct {
			Data []struct {
				ID, PublicKey    string
				PublicSubmission bool `json:"publicSubmissionEnabled"`
				AllowedOrigins   []string
			}
		}
		i.answer(w, http.StatusOK, &got)
		if len(got.Data) != 2 || got.Data[0].ID != h.app.ID.String() || got.Data[1].ID != second.ID.String() {
			t.Fatalf("%s", w.Body)
		}
		if got.Data[0].AllowedOrigins == nil || !got.Data[0].PublicSubmission || len(got.Data[1].AllowedOrigins) != 1 || got.Data[1].PublicSubmission {
			t.Errorf("%s", w.Body)
		}
		if strings.Contains(w.Body.String(), text.Reveal()) || strings.Contains(strings.ToLower(w.Body.String()), "secret") {
			t.Errorf("tells a secret: %s", w.Body)
		}
	})
}

// A run is read as it was recorded: all that it tells while it runs, and once it has ended.
func TestARunIsReadAsItWasRecorded(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		running := agentrun.Run{
			ID: i.IDs.New(), Org: h.org.ID, App: h.app.ID, Feedback: i.IDs.New(), Status: agentrun.Running, Provider: "anthropic", Model: "a-model",
			InputTokens: 12, OutputTokens: 34, CostMicroUSD: 1_250_500, StartedAt: i.Now(),
		}
		ended := running
		ended.ID, ended.Status, ended.FinishedAt = i.IDs.New(), agentrun.Blocked, i.Now().Add(1500*time.Millisecond)
		ended.PullRequestURL, ended.GuardrailReason = "https://git.example/pull/7", "it would have deleted the tests"
		for _, row := range []struct {
			run  agentrun.Run
			want string // of what differs
		}{
			{running, `"status":"running","prUrl":null,"guardrailReason":null,"finishedAt":null`},
			{ended, `"status":"blocked","prUrl":"https://git.example/pull/7","guardrailReason":"it would have deleted the tests","finishedAt":"2026-03-01T12:00:01.500Z"`},
		} {
			must(t, i.Store.InsertRun(t.Context(), h.org.ID, row.run))
			var got, want map[string]any
			i.answer(i.call(http.MethodGet, "/v1/agent-runs/"+row.run.ID.String(), h.sk, ""), http.StatusOK, &got)
			must(t, json.Unmarshal(fmt.Appendf(nil, `{"id":%q,"appId":%q,"feedbackId":%q,"provider":"anthropic","model":"a-model",
				"inputTokens":12,"outputTokens":34,"costUsd":1.2505,"startedAt":"2026-03-01T12:00:00.000Z",%s}`,
				row.run.ID, h.app.ID, running.Feedback, row.want), &want))
			if !reflect.DeepEqual(got, want) {
				t.Errorf("read %v, want %v", got, want)
			}
		}
	})
}
