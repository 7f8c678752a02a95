package dialect_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/dialect"
	"github.com/heard-dev/heard/pkg/dialect/authworx"
	"github.com/heard-dev/heard/pkg/dialect/userboost"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/dialect/users"
	"github.com/heard-dev/heard/pkg/dialect/userz"
)

func TestDocumentedAnswersAreExact(t *testing.T) {
	denied := func(code apierr.Code) *apierr.Error { return failure(apierr.Unauthenticated, code, "m") }
	slow := failure(apierr.Limited, apierr.CodeRateLimited, "m")
	slow.RetryAfter = 1500 * time.Millisecond
	issues := apierr.Body(
		apierr.Issue{Path: []any{"viewport", "w"}, Code: "invalid_type", Message: "Expected a number."},
		apierr.Issue{Code: "c", Message: "m"},
	)
	u, o, b, a, g := userz.Dialect{}, userorbit.Dialect{}, userboost.Dialect{}, authworx.Dialect{}, users.Dialect{}
	rows := []struct {
		id      string
		d       dialect.Dialect
		err     *apierr.Error
		verdict *gate.Verdict
		status  int
		body    string
		header  string
	}{
		{
			"U6", u, denied(apierr.CodeMissingAuthorization), nil, 401,
			`{"error":{"code":"missing_authorization","message":"m"}}`, "",
		},
		{
			"U6", u, denied(apierr.CodeInvalidAuthorization), nil, 401,
			`{"error":{"code":"invalid_authorization","message":"m"}}`, "",
		},
		{
			"U6", u, denied(apierr.CodeUnknownApp), nil, 401,
			`{"error":{"code":"unknown_app","message":"m"}}`, "",
		},
		{
			"U6", u, denied(apierr.CodeInvalidUserToken), nil, 401,
			`{"error":{"code":"invalid_user_token","message":"m"}}`, "",
		},
		{
			"an expired log-in", u, denied(apierr.CodeTokenExpired), nil, 401,
			`{"error":{"code":"invalid_authorization","message":"m"}}`, "",
		},
		{
			"U8", u, issues, nil, 400,
			`{"error":{"code":"invalid_body","message":"The request body is not valid.","details":[` +
				`{"path":["viewport","w"],"code":"invalid_type","message":"Expected a number."},{"path":[],"code":"c","message":"m"}]}}`, "",
		},
		{
			"U9", u, failure(apierr.TooLarge, apierr.CodePayloadTooLarge, "m"), nil, 413,
			`{"error":{"code":"payload_too_large","message":"m"}}`, "",
		},
		{"U10", u, slow, nil, 429, `{"error":{"code":"rate_limited","message":"m","retryAfterMs":1500}}`, "Retry-After: 2"},
		{
			"U11", u, failure(apierr.Unavailable, "shard_down", "m"), nil, 503,
			`{"error":{"code":"internal_error","message":"m","requestId":"req_0123456789"}}`, "Retry-After: 1",
		},

		{
			"O7", o, denied(apierr.CodeInvalidKey), nil, 401,
			`{"error":"Authentication required","statusCode":401}`, "",
		},
		{"O8", o, denied(apierr.CodeTokenExpired), nil, 401, `{"error":"Token expired","statusCode":401}`, ""},
		{
			"O9", o, denied(apierr.CodeMissingAuthorization), nil, 401,
			`{"error":"Authentication required","statusCode":401}`, "",
		},
		{"D16", o, issues, nil, 400, `{"error":"viewport.w: Expected a number; m","statusCode":400}`, ""},

		{
			"B5", b, apierr.Body(apierr.Issue{Path: []any{"user"}, Message: "Expected an object."}), nil, 400,
			`{"success":false,"error":{"code":"VALIDATION_ERROR","message":"The request body is not valid.",` +
				`"details":{"fields":[{"field":"user","message":"Expected an object."}]}}}`, "",
		},
		{
			"B6", b, denied(apierr.CodeInvalidKey), &afforded, 401,
			`{"success":false,"error":{"code":"INVALID_API_KEY","message":"Invalid or inactive API key"}}`, "",
		},
		{
			"B7", b, denied(apierr.CodeMissingAuthorization), nil, 401,
			`{"success":false,"error":{"code":"MISSING_AUTH_HEADER","message":"Missing or invalid authorization header"}}`, "",
		},
		{
			"B7", b, denied(apierr.CodeInvalidAuthorization), nil, 401,
			`{"success":false,"error":{"code":"MISSING_AUTH_HEADER","message":"Missing or invalid authorization header"}}`, "",
		},
		{
			"B8", b, denied(apierr.CodeInvalidKeyFormat), nil, 401,
			`{"success":false,"error":{"code":"INVALID_KEY_FORMAT","message":"API key must start with ub_live_ or ub_test_"}}`, "",
		},
		{
			"B10", b, slow, &spent, 429,
			`{"success":false,"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Rate limit exceeded. Try again in 45 seconds.",` +
				`"details":{"limit":100,"window_seconds":60,"retry_after_seconds":45,"requests_remaining":0}}}`,
			"Retry-After: 45, X-RateLimit-Limit: 100, X-RateLimit-Remaining: 0, X-RateLimit-Reset: 1642694460, X-RateLimit-Window: 60",
		},

		{"A5", a, denied(apierr.CodeInvalidKey), &afforded, 401, `{"status":"error","message":"m"}`, ""},
		{
			"A7", a, slow, &spent, 429, `{"status":"error","message":"m"}`,
			"Retry-After: 45, X-RateLimit-Limit: 100, X-RateLimit-Remaining: 0, X-RateLimit-Reset: 1642694460",
		},

		{
			"G3", g, failure(apierr.Conflict, apierr.CodeAlreadyExists, "Email address is already in use."), nil, 400,
			`{"error":"Email address is already in use."}`, "",
		},
		{
			"G3", g, failure(apierr.Conflict, apierr.CodeAlreadyExists, "This member exists already, or a name of it is taken."), nil, 400,
			`{"error":"Email address is already in use."}`, "",
		},
		{"the last owner", g, failure(apierr.Conflict, apierr.CodeLastOwner, "m"), nil, 403, `{"error":"m"}`, ""},
		{"G6", g, denied(apierr.CodeInvalidKey), nil, 401, `{"error":"Invalid API key provided."}`, ""},
		{
			"G7", g, apierr.Body(apierr.Issue{Path: []any{"password"}, Message: "At least 8 characters."}), nil, 400,
			`{"error":"password: At least 8 characters"}`, "",
		},
		{"G9", g, slow, &spent, 429, `{"error":"m"}`, "RateLimit-Remaining: 0, RateLimit-Reset: 45, Retry-After: 45"},
	}
	for _, row := range rows {
		got := row.d.Refuse(refusal(row.err, row.verdict))
		want := http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Cache-Control": {"no-store"}}
		for _, line := range strings.Split(row.header, ", ") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				want.Set(name, value)
			}
		}
		if got.Status != row.status || string(got.Body) != row.body {
			t.Errorf("%s: %d %s\nwant %d %s", row.id, got.Status, got.Body, row.status, row.body)
		}
		if !sameHeader(got.Header, want) {
			t.Errorf("%s: headers %v\nwant %v", row.id, got.Header, want)
		}
	}
}

func sameHeader(a, b http.Header) bool {
	for name := range b {
		if a.Get(name) != b.Get(name) {
			return false
		}
	}
	return len(a) == len(b)
}

// Reset is told from a verdict that is already some milliseconds old, and must not wander into the next window for it.
func TestResetStaysOnTheWindow(t *testing.T) {
	for _, late := range []time.Duration{0, 3 * time.Millisecond, 2 * time.Second} {
		header := http.Header{}
		userboost.Dialect{}.Limits(header, afforded, now.Add(late))
		if got := header.Get("X-RateLimit-Reset"); got != "1642694460" {
			t.Errorf("%v late: the window resets at %s", late, got)
		}
	}
	bucket := gate.Verdict{Decisions: []gate.Decision{{
		Policy: gate.Policy{Limit: 600, Period: time.Minute, Burst: 100}, Allowed: true, Remaining: 99, Reset: 100 * time.Millisecond,
	}}}
	header := http.Header{}
	authworx.Dialect{}.Limits(header, bucket, now)
	if got, want := header.Get("X-RateLimit-Reset"), strconv.FormatInt(now.Unix()+1, 10); got != want {
		t.Errorf("a bucket that is full within the second: %s, want %s", got, want)
	}
}

func TestUsersReportTheTighterWindow(t *testing.T) {
	hour := gate.Policy{Algorithm: gate.FixedWindow, Limit: 5000, Period: time.Hour}
	rows := []struct {
		minute, hour     int64
		remaining, reset string
	}{
		{90, 4900, "90", "45"},
		{90, 10, "10", "2345"},
		{0, 1, "0", "45"},
		{99, 4899, "99", "45"}, // the lesser share is of the hour; the minute refuses first
		{7, 7, "7", "2345"},
	}
	for _, row := range rows {
		header := http.Header{}
		users.Dialect{}.Limits(header, gate.Verdict{Decisions: []gate.Decision{
			{Policy: perMinute, Allowed: true, Remaining: row.minute, Reset: 44100 * time.Millisecond},
			{Policy: hour, Allowed: true, Remaining: row.hour, Reset: 2345 * time.Second},
		}}, now)
		if header.Get("RateLimit-Remaining") != row.remaining || header.Get("RateLimit-Reset") != row.reset {
			t.Errorf("%d of 100 and %d of 5000 left: %v", row.minute, row.hour, header)
		}
	}
}

// The fields of draft-ietf-httpapi-ratelimit-headers-10 are lists of structured fields.
func TestTheNativeSurfaceShowsEveryLimit(t *testing.T) {
	header := http.Header{}
	userz.Dialect{}.Limits(header, gate.Verdict{Decisions: []gate.Decision{
		{Policy: gate.ByKey(gate.Reads), Allowed: true, Remaining: 99, Reset: 100 * time.Millisecond},
		{Policy: gate.UsersByHour(), Remaining: 0, Reset: 44100 * time.Millisecond},
		{Policy: gate.Policy{Name: "closed", Period: time.Minute}},
	}}, now)
	if got := header.Get("RateLimit-Policy"); got != `"reads.key";q=100;w=10, "users.hour";q=5000;w=3600, "closed";q=0;w=60` {
		t.Error(got)
	}
	if got := header.Get("RateLimit"); got != `"reads.key";r=99;t=1, "users.hour";r=0;t=45, "closed";r=0;t=0` {
		t.Error(got)
	}
}

func TestAVerdictThatDecidedNothingShowsNothing(t *testing.T) {
	for _, d := range all() {
		header := http.Header{}
		d.Limits(header, gate.Verdict{Stale: true}, now)
		if len(header) > 0 {
			t.Errorf("%s: %v", d.Name(), header)
		}
	}
}

func TestTextNamesFieldsWithinReason(t *testing.T) {
	var many []apierr.Issue
	for i := range 5000 {
		many = append(many, apierr.Issue{Path: []any{"events", i, "user"}, Message: "Required."})
	}
	got := dialect.Text(apierr.Body(many...))
	if !strings.HasPrefix(got, "events[0].user: Required; events[1].user") || !strings.HasSuffix(got, "; and 4990 more") || len(got) > 400 {
		t.Errorf("%d bytes: %.200s", len(got), got)
	}
}
