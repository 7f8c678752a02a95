// Package users speaks the generic users API: errors that are one text, and the tighter of two limits on every answer.
package users

import (
	"net/http"
	"strconv"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/dialect"
)

// Dialect is how the users API speaks.
type Dialect struct{}

var _ dialect.Dialect = Dialect{}

type apiError struct {
	Error string `json:"error"`
}

// Name is "users".
func (Dialect) Name() string { return "users" }

// Credential reads the Authorization header.
func (Dialect) Credential(header http.Header) (dialect.Credential, error) {
	token, err := dialect.Bearer(header)
	return dialect.Credential{Token: token}, err
}

// Owns takes the one resource there is.
func (Dialect) Owns(_, path string) bool { return dialect.Under(path, "/v1/users") }

// Refuse answers {"error"}.
func (d Dialect) Refuse(r dialect.Refusal) dialect.Answer {
	text := dialect.Text(r.Err)
	switch {
	case r.Err.Kind == apierr.Unauthenticated:
		text = "Invalid API key provided."
	case r.Err.Code == apierr.CodeAlreadyExists: // nothing else is anybody's alone here
		text = "Email address is already in use."
	}
	return dialect.Compose(d, r, status(r.Err), apiError{text})
}

// Limits shows the tighter limit (D33): how many requests may follow at once, and the seconds until it is whole again.
func (Dialect) Limits(header http.Header, verdict gate.Verdict, _ time.Time) {
	shown, ok := tighter(verdict)
	if !ok {
		return
	}
	header.Set("RateLimit-Remaining", strconv.FormatInt(shown.Remaining, 10))
	header.Set("RateLimit-Reset", strconv.FormatInt(dialect.Seconds(shown.Reset), 10))
}

// tighter is the limit that refuses first: what is left is told without how much there was, so the least number counts, not
// the least share. Of equal ones it is the one that lasts longer.
func tighter(verdict gate.Verdict) (gate.Decision, bool) {
	tightest, ok := verdict.Tightest()
	if !verdict.Allowed() {
		return tightest, ok
	}
	for _, d := range verdict.Decisions {
		if d.Remaining < tightest.Remaining || d.Remaining == tightest.Remaining && d.Reset > tightest.Reset {
			tightest = d
		}
	}
	return tightest, ok
}

// status is 400 for an address that is taken, as documented, and 403 for the last owner, who may not be parted with: this API
// documents no 409.
func status(e *apierr.Error) int {
	switch e.Code {
	case apierr.CodeAlreadyExists:
		return http.StatusBadRequest
	case apierr.CodeLastOwner:
		return http.StatusForbidden
	}
	return dialect.Status(e.Kind)
}
