package dialect_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/dialect"
	"github.com/heard-dev/heard/pkg/dialect/authworx"
	"github.com/heard-dev/heard/pkg/dialect/userboost"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/dialect/users"
	"github.com/heard-dev/heard/pkg/dialect/userz"
)

var update = flag.Bool("update", false, "write the golden files anew")

func all() []dialect.Dialect {
	return []dialect.Dialect{
		userz.Dialect{}, userorbit.Dialect{}, userboost.Dialect{}, authworx.Dialect{}, users.Dialect{},
	}
}

// The moment and the window of UserBoost's own example: 45 seconds before a minute is full.
var (
	now       = time.Unix(1642694415, 0)
	perMinute = gate.Policy{Name: "events", Algorithm: gate.FixedWindow, Limit: 100, Period: time.Minute}
	spent     = gate.Verdict{Decisions: []gate.Decision{{Policy: perMinute, Reset: 45 * time.Second, RetryAfter: 45 * time.Second}}}
	afforded  = gate.Verdict{Decisions: []gate.Decision{{Policy: perMinute, Allowed: true, Remaining: 7, Reset: 45 * time.Second}}}
)

const (
	requestID = "req_0123456789"
	private   = "mongo://heard:hunter2@db.internal"
)

func refusal(err *apierr.Error, verdict *gate.Verdict) dialect.Refusal {
	return dialect.Refusal{Err: err, RequestID: requestID, Verdict: verdict, Now: now}
}

func failure(kind apierr.Kind, code apierr.Code, message string) *apierr.Error {
	return apierr.Wrap(errors.New(private), kind, code, message)
}

// refusals has every Kind, with each code that some vendor tells apart.
func refusals() []dialect.Refusal {
	running := failure(apierr.Conflict, apierr.CodeIdempotencyRunning, "The first request with this key is still running.")
	running.RetryAfter = 300 * time.Millisecond
	slow := failure(apierr.Limited, apierr.CodeRateLimited, "Too many requests.")
	slow.RetryAfter = 44200 * time.Millisecond
	quota := failure(apierr.Limited, apierr.CodeQuotaExceeded, "This month's events are used up until 2022-02-01.")
	quota.RetryAfter = 11 * 24 * time.Hour
	quota.Details = map[string]any{"resets_at": "2022-02-01T00:00:00Z"}
	return []dialect.Refusal{
		refusal(failure(apierr.Internal, apierr.CodeInternal, "Something went wrong on our side."), nil),
		refusal(apierr.Body(
			apierr.Issue{Code: "unknown_field", Message: `Unknown field "a<b>&c".`},
			apierr.Issue{Path: []any{"attachments", 0, "key"}, Code: "required", Message: "Required."},
		), nil),
		refusal(apierr.Query(apierr.Issue{Path: []any{"limit"}, Code: "too_big", Message: "At most 100."}), &afforded),
		refusal(failure(apierr.Invalid, apierr.CodeInvalidBody, "The request body is not valid."), nil),
		refusal(failure(apierr.Unauthenticated, apierr.CodeMissingAuthorization, "No Authorization header."), &afforded),
		refusal(failure(apierr.Unauthenticated, apierr.CodeInvalidAuthorization, "The Authorization header is malformed."), nil),
		refusal(failure(apierr.Unauthenticated, apierr.CodeUnknownApp, "No App has this public key."), nil),
		refusal(failure(apierr.Unauthenticated, apierr.CodeInvalidUserToken, "The user token is not valid."), nil),
		refusal(failure(apierr.Unauthenticated, apierr.CodeInvalidKeyFormat, "This is no API key."), nil),
		refusal(failure(apierr.Unauthenticated, apierr.CodeInvalidKey, "This API key is not valid."), nil),
		refusal(failure(apierr.Unauthenticated, apierr.CodeTokenExpired, "The token has expired."), nil),
		refusal(failure(apierr.Forbidden, apierr.CodeOriginNotAllowed, "This origin may not submit to this App."), &afforded),
		refusal(failure(apierr.Forbidden, apierr.CodePublicDisabled, "This App takes no feedback without a user token."), nil),
		refusal(apierr.Missing("feedback"), nil),
		refusal(failure(apierr.MethodNotAllowed, apierr.CodeMethodNotAllowed, "This path does not take this method."), nil),
		refusal(failure(apierr.Timeout, apierr.CodeRequestTimeout, "The request took too long to arrive."), nil),
		refusal(apierr.Of(feedback.Transition(feedback.Merged, feedback.Queued)), nil),
		refusal(running, nil),
		refusal(failure(apierr.Conflict, apierr.CodeAlreadyExists, "Email address is already in use."), nil),
		refusal(failure(apierr.TooLarge, apierr.CodePayloadTooLarge, "The body is larger than 8 MB."), nil),
		refusal(failure(apierr.UnsupportedMedia, apierr.CodeUnsupportedMedia, "Send application/json."), nil),
		refusal(failure(apierr.Mismatch, apierr.CodeIdempotencyMismatch, "This key was used with another body."), nil),
		refusal(slow, &spent),
		refusal(failure(apierr.Limited, apierr.CodeRateLimited, "Too many requests."), nil),
		refusal(quota, &afforded),
		refusal(apierr.Away(errors.New(private)), &afforded),
	}
}

func TestEveryDialectAnswersEveryKind(t *testing.T) {
	missing := apierr.Kinds()
	for _, r := range refusals() {
		missing = slices.DeleteFunc(missing, func(k apierr.Kind) bool { return k == r.Err.Kind })
	}
	if len(missing) > 0 {
		t.Errorf("kinds without a row: %v", missing)
	}
	for _, d := range all() {
		t.Run(d.Name(), func(t *testing.T) {
			var got bytes.Buffer
			for _, r := range refusals() {
				answer := d.Refuse(r)
				if !json.Valid(answer.Body) || bytes.Contains(answer.Body, []byte(private)) {
					t.Errorf("%s: not JSON, or not ours to tell: %s", r.Err.Code, answer.Body)
				}
				write(&got, r, answer)
			}
			compare(t, filepath.Join("testdata", d.Name()+".golden"), got.Bytes())
		})
	}
}

func write(to *bytes.Buffer, r dialect.Refusal, answer dialect.Answer) {
	fmt.Fprintf(to, "# %s / %s%s\n%d\n", r.Err.Kind, r.Err.Code, asked(r.Verdict), answer.Status)
	for _, name := range slices.Sorted(maps.Keys(answer.Header)) {
		fmt.Fprintf(to, "%s: %s\n", name, strings.Join(answer.Header[name], ", "))
	}
	fmt.Fprintf(to, "\n%s\n\n", answer.Body)
}

func asked(verdict *gate.Verdict) string {
	if verdict == nil {
		return ""
	}
	return ", with a verdict on limits"
}

func compare(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	gotRows, wantRows := strings.Split(string(got), "\n\n# "), strings.Split(string(want), "\n\n# ")
	for i, row := range gotRows {
		if i >= len(wantRows) || row != wantRows[i] {
			t.Errorf("%s: row %d is now\n%s", file, i+1, row)
		}
	}
	if len(gotRows) < len(wantRows) {
		t.Errorf("%s: has %d rows more than the test", file, len(wantRows)-len(gotRows))
	}
}
