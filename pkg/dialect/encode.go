package dialect

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
)

// JSON is the Content-Type of every answer that has a body.
const JSON = "application/json; charset=utf-8"

// Compose makes the Answer of a Refusal: body as JSON, the headers common to all vendors, Retry-After in seconds where
// waiting helps, and d's own limit headers. A 401 shows no limits, because no account is known whose limits they were.
// A body that is not JSON is a programming error and panics.
func Compose(d Dialect, r Refusal, status int, body any) Answer {
	header := http.Header{}
	header.Set("Content-Type", JSON)
	header.Set("Cache-Control", "no-store")
	if wait := Wait(r); wait > 0 {
		header.Set("Retry-After", strconv.FormatInt(Seconds(wait), 10))
	}
	if r.Verdict != nil && r.Err.Kind != apierr.Unauthenticated {
		d.Limits(header, *r.Verdict, r.Now)
	}
	return Answer{Status: status, Header: header, Body: encode(body)}
}

// Wait is how long the caller should stay away: always positive for a limit and for an outage, a second when nobody knows
// better; zero when the refusal asks for no wait.
func Wait(r Refusal) time.Duration {
	wait := r.Err.RetryAfter
	if r.Err.Kind == apierr.Limited && r.Verdict != nil {
		if tightest, ok := r.Verdict.Tightest(); ok {
			wait = max(wait, tightest.RetryAfter)
		}
	}
	if wait <= 0 && (r.Err.Kind == apierr.Limited || r.Err.Kind == apierr.Unavailable) {
		return time.Second
	}
	return max(wait, 0)
}

// Seconds counts whole seconds, rounded up: who waits them has waited long enough.
func Seconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}

// ResetAt is the unix second at which a decision's limit is whole again. A window's end is snapped to the clock, so that
// the time between verdict and answer does not show.
func ResetAt(d gate.Decision, now time.Time) int64 {
	at := time.Duration(now.UnixNano()) + d.Reset
	if d.Policy.Algorithm == gate.FixedWindow {
		at = at.Round(d.Policy.Period)
	}
	return Seconds(at)
}

func encode(body any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		panic("dialect: a refusal that is not JSON: " + err.Error())
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}
