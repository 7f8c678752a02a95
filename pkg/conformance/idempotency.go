package conformance

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// storesOnce: an Idempotency-Key stands for one item of its App, however often and however concurrently it is sent.
func (s *suite) storesOnce(t *testing.T) {
	app, other, key := s.app(t, s.OrgID, anybody()), s.app(t, s.OrgID, anybody()), as{token: s.key(t, s.OrgID).Text}
	who := user(t, app)
	submit := func(who as, name, text string) answer {
		t.Helper()
		return s.ask(t, who, "POST", "/v1/feedback", said(text), "Idempotency-Key", name)
	}
	name := rand.Text()
	first := submit(who, name, "once").is(t, http.StatusCreated)
	if first.header.Get("Idempotency-Replayed") != "" {
		t.Errorf("%s says it is a replay", first)
	}
	again := submit(user(t, app), name, "once").is(t, http.StatusCreated)
	if again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("%s does not say that it is a replay", again)
	}
	equal(t, "the replay", again.object(t), first.object(t))
	submit(who, name, "twice").refused(t, http.StatusUnprocessableEntity, "idempotency_mismatch")
	elsewhere := submit(user(t, other), name, "once").is(t, http.StatusCreated)
	if elsewhere.header.Get("Idempotency-Replayed") != "" || elsewhere.object(t)["id"] == first.object(t)["id"] {
		t.Errorf("another App's key is taken for this one's: %s", elsewhere)
	}

	mended := rand.Text()
	submit(who, mended, "").names(t, "invalid_body", "text too_small")
	submit(who, mended, "better").is(t, http.StatusCreated)
	for _, malformed := range []string{strings.Repeat("x", 256), "a b", "é"} {
		submit(who, malformed, "x").names(t, "invalid_query", "Idempotency-Key "+map[bool]string{true: "too_big", false: "invalid_format"}[len(malformed) > 255])
	}
	s.submit(t, who, said("x"), "Idempotency-Key", strings.Repeat("x", 255))

	before, _ := s.page(t, key, "appId="+app.ID)
	raced, ids := rand.Text(), map[string]bool{}
	answers := make(chan answer, 16)
	var racers sync.WaitGroup
	for range cap(answers) {
		racers.Go(func() {
			got, err := s.try(who, "POST", "/v1/feedback", said("raced"), "Idempotency-Key", raced)
			if err != nil {
				t.Error(err)
			}
			answers <- got
		})
	}
	racers.Wait()
	close(answers)
	for got := range answers {
		if got.status == http.StatusCreated {
			ids[fmt.Sprint(got.object(t)["id"])] = true
			continue
		}
		got.refused(t, http.StatusConflict, "idempotency_in_progress")
		if got.header.Get("Retry-After") == "" {
			t.Errorf("%s does not say when to come back", got)
		}
	}
	after, _ := s.page(t, key, "appId="+app.ID)
	if len(ids) != 1 || len(after) != len(before)+1 || !ids[after[0]] {
		t.Errorf("%d requests with one key were answered the ids %v and stored %d items", cap(answers), ids, len(after)-len(before))
	}
	if got := submit(who, raced, "raced").is(t, http.StatusCreated).object(t); !ids[fmt.Sprint(got["id"])] {
		t.Errorf("afterwards the key stands for %v", got)
	}
}
