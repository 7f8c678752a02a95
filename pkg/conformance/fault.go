package conformance

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// recovery is how long a target may take to serve again, and to keep what it met, after its fault is mended.
const recovery = 20 * time.Second

// tellsItsOwnFaults is U11 and D5.
func (s *suite) tellsItsOwnFaults(t *testing.T) {
	who := user(t, s.Private)
	s.submit(t, who, said("before"))
	restore := s.Break(t)
	mended := false
	defer func() {
		if !mended {
			restore()
		}
	}()

	got := s.ask(t, who, "POST", "/v1/feedback", said("during"))
	if got.status < 500 {
		t.Fatalf("%s, although the target is broken", got)
	}
	fault := got.refused(t, got.status, "internal_error")
	if got.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") == "" {
		t.Errorf("%s does not say when to come back", got)
	}
	if text := strings.ToLower(string(got.body)); strings.Contains(text, "mongo") || strings.Contains(text, "sqlite") || strings.Contains(text, "127.0.0.1") {
		t.Errorf("%s tells the caller what is the operator's", got)
	}
	s.ask(t, as{}, "GET", "/healthz", nil).is(t, http.StatusOK) // a restart mends no store
	s.ask(t, as{}, "GET", "/readyz", nil).is(t, http.StatusServiceUnavailable)

	restore()
	mended = true
	eventually(t, "submissions are taken", func() bool {
		got, err := s.try(who, "POST", "/v1/feedback", said("after"))
		return err == nil && got.status == http.StatusCreated
	})
	eventually(t, "the target is ready", func() bool {
		got, err := s.try(as{}, "GET", "/readyz", nil)
		return err == nil && got.status == http.StatusOK
	})
	requestID, _ := fault["requestId"].(string)
	var kept map[string]any
	eventually(t, "the operator finds the fault "+requestID, func() bool {
		text, err := s.Heard("admin", "incident", "show", requestID, "--output", "json")
		return err == nil && json.Unmarshal(text, &kept) == nil
	})
	cause, _ := kept["cause"].(string)
	if kept["requestId"] != requestID || kept["method"] != "POST" || kept["route"] != "/v1/feedback" || kept["org"] != s.OrgID ||
		kept["app"] != s.Private.ID || cause == "" {
		t.Errorf("the operator is shown %v", kept)
	}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(recovery); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %s it is not so that %s", recovery, what)
		}
	}
}
