// Package userboost speaks UserBoost's API: UPPER_SNAKE codes, snake_case details and the limits of the account on every answer.
package userboost

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/dialect"
)

// Dialect is how UserBoost speaks.
type Dialect struct{}

var _ dialect.Dialect = Dialect{}

type apiError struct {
	Success bool  `json:"success" enum:"false"`
	Error   fault `json:"error"`
}

type fault struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Details any    `json:"details,omitempty"`
}

type rate struct {
	Limit      int64 `json:"limit"`
	Window     int64 `json:"window_seconds"`
	RetryAfter int64 `json:"retry_after_seconds"`
	Remaining  int64 `json:"requests_remaining"`
}

type invalid struct {
	Fields  []badField `json:"fields"`
	Results any        `json:"results,omitempty"`
}

type badField struct {
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// Name is "userboost".
func (Dialect) Name() string { return "userboost" }

// Credential reads the Authorization header.
func (Dialect) Credential(header http.Header) (dialect.Credential, error) {
	token, err := dialect.Bearer(header)
	return dialect.Credential{Token: token}, err
}

// Owns takes the two endpoints that receive events; by other methods the second is native.
func (Dialect) Owns(method, path string) bool {
	return dialect.Under(path, "/v1/event") || method == http.MethodPost && path == "/v1/events"
}

// Refuse answers {"success":false, "error":{code, message, details?}}.
func (d Dialect) Refuse(r dialect.Refusal) dialect.Answer {
	return dialect.Compose(d, r, dialect.Status(r.Err.Kind), apiError{Error: describe(r)})
}

// Limits shows the account's limit: how much, what is left, the unix second of the next window and the window's seconds.
func (Dialect) Limits(header http.Header, verdict gate.Verdict, now time.Time) {
	tightest, ok := verdict.Tightest()
	if !ok {
		return
	}
	header.Set("X-RateLimit-Limit", strconv.FormatInt(tightest.Policy.Limit, 10))
	header.Set("X-RateLimit-Remaining", strconv.FormatInt(tightest.Remaining, 10))
	header.Set("X-RateLimit-Reset", strconv.FormatInt(dialect.ResetAt(tightest, now), 10))
	header.Set("X-RateLimit-Window", strconv.FormatInt(dialect.Seconds(tightest.Policy.Period), 10))
}

// describe uses UserBoost's own words where it documents them; else the native code, in capitals, is the code.
func describe(r dialect.Refusal) fault {
	switch r.Err.Kind {
	case apierr.Unauthenticated:
		return unauthenticated(r.Err.Code)
	case apierr.Invalid:
		return fault{"VALIDATION_ERROR", r.Err.Message, details(r.Err)}
	case apierr.Limited:
		if r.Err.Code != apierr.CodeQuotaExceeded {
			return limited(r)
		}
	case apierr.Internal:
		return fault{"INTERNAL_ERROR", r.Err.Message, nil}
	case apierr.Unavailable:
		return fault{"SERVICE_UNAVAILABLE", r.Err.Message, nil}
	}
	return fault{strings.ToUpper(string(r.Err.Code)), r.Err.Message, details(r.Err)}
}

func unauthenticated(code apierr.Code) fault {
	switch code {
	case apierr.CodeMissingAuthorization, apierr.CodeInvalidAuthorization:
		return fault{Code: "MISSING_AUTH_HEADER", Message: "Missing or invalid authorization header"}
	case apierr.CodeInvalidKeyFormat:
		return fault{Code: "INVALID_KEY_FORMAT", Message: "API key must start with ub_live_ or ub_test_"}
	default:
		return fault{Code: "INVALID_API_KEY", Message: "Invalid or inactive API key"}
	}
}

func limited(r dialect.Refusal) fault {
	wait := dialect.Seconds(dialect.Wait(r))
	f := fault{Code: "RATE_LIMIT_EXCEEDED", Message: fmt.Sprintf("Rate limit exceeded. Try again in %d seconds.", wait)}
	if r.Verdict == nil {
		return f
	}
	if tightest, ok := r.Verdict.Tightest(); ok {
		p := tightest.Policy
		f.Details = rate{Limit: p.Limit, Window: dialect.Seconds(p.Period), RetryAfter: wait, Remaining: tightest.Remaining}
	}
	return f
}

func details(e *apierr.Error) any {
	if len(e.Issues) == 0 {
		if len(e.Details) == 0 {
			return nil
		}
		return e.Details
	}
	fields := make([]badField, len(e.Issues))
	for i, issue := range e.Issues {
		fields[i] = badField{Field: dialect.Field(issue.Path), Message: issue.Message}
	}
	return invalid{Fields: fields, Results: e.Details[ResultsDetail]}
}
