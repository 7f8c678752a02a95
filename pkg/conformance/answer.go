package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// answer is one answer, read whole.
type answer struct {
	what   string
	status int
	header http.Header
	body   []byte
}

func (a answer) String() string {
	return fmt.Sprintf("%s: %d %.600s", a.what, a.status, strings.TrimSpace(string(a.body)))
}

// is ends the test unless the status is that one.
func (a answer) is(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("%s; want %d", a, status)
	}
	return a
}

// object is the body, which must be one JSON object that says so.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(a.body, &object); err != nil || object == nil || a.header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Fatalf("%s (%s) is not a JSON object: %v", a, a.header.Get("Content-Type"), err)
	}
	return object
}

// refused is the fault of a refusal with that status and code. Its envelope must be the native one and nothing more:
// requestId on a 5xx only, and retryAfterMs on a 429 only.
func (a answer) refused(t *testing.T, status int, code string) map[string]any {
	t.Helper()
	body := a.is(t, status).object(t)
	fault, _ := body["error"].(map[string]any)
	if len(body) != 1 || fault["code"] != code {
		t.Fatalf("%s; want %s in the native envelope", a, code)
	}
	if text, _ := fault["message"].(string); text == "" {
		t.Errorf("%s: the message is missing", a)
	}
	allowed := map[string]bool{
		"code": true, "message": true, "details": status < 500, "requestId": status >= 500, "retryAfterMs": status == http.StatusTooManyRequests,
	}
	for name := range fault {
		if !allowed[name] {
			t.Errorf("%s: %s has no place in a %d", a, name, status)
		}
	}
	if status >= 500 && fault["requestId"] != a.header.Get("X-Request-Id") {
		t.Errorf("%s: requestId is not the X-Request-Id %s", a, a.header.Get("X-Request-Id"))
	}
	return fault
}

// faults are the issues of a 400 with that code, each as its path and code: "attachments.0.key too_small".
func (a answer) faults(t *testing.T, code string) []string {
	t.Helper()
	details, _ := a.refused(t, http.StatusBadRequest, code)["details"].([]any)
	if len(details) == 0 {
		t.Fatalf("%s: details name no fault", a)
	}
	faults := make([]string, len(details))
	for i, detail := range details {
		issue, _ := detail.(map[string]any)
		path, isPath := issue["path"].([]any)
		message, _ := issue["message"].(string)
		if !isPath || message == "" || len(issue) != 3 {
			t.Fatalf("%s: issue %d is not {path, code, message}", a, i)
		}
		steps := make([]string, len(path))
		for j, step := range path {
			steps[j] = fmt.Sprint(step)
		}
		faults[i] = strings.TrimSpace(strings.Join(steps, ".") + " " + fmt.Sprint(issue["code"]))
	}
	return faults
}

// names ends the test unless the faults are these, in any order.
func (a answer) names(t *testing.T, code string, want ...string) {
	t.Helper()
	got := a.faults(t, code)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s names %q; want %q", a, got, want)
	}
}

// equal compares JSON values; numbers in want may be of any type.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var same any
	if err := json.Unmarshal(text, &same); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, same) {
		shown, _ := json.Marshal(got) //nolint:errcheck // it came from JSON
		t.Errorf("%s is\n%s\nwant\n%s", what, shown, text)
	}
}

// array is the body, which must be one JSON array that says so.
func (a answer) array(t *testing.T) []any {
	t.Helper()
	var array []any
	if err := json.Unmarshal(a.body, &array); err != nil || array == nil || a.header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Fatalf("%s (%s) is not a JSON array: %v", a, a.header.Get("Content-Type"), err)
	}
	return array
}
