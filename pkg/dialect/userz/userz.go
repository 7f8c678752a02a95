// Package userz speaks the native API: nested errors with lower_snake codes, every fault listed, limits on every answer.
package userz

import (
	"net/http"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/dialect"
)

// Dialect is the native tongue, and the one that answers where no other dialect owns the path.
type Dialect struct{}

var _ dialect.Dialect = Dialect{}

type apiError struct {
	Error errorFault `json:"error"`
}

type errorFault struct {
	Code         apierr.Code `json:"code"`
	Message      string      `json:"message"`
	Details      any         `json:"details,omitempty"`
	RetryAfterMs int64       `json:"retryAfterMs,omitempty"`
	RequestID    string      `json:"requestId,omitempty"`
}

type issue struct {
	Path    []any  `json:"path"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Name is "userz".
func (Dialect) Name() string { return "userz" }

// Owns lists the roots of the native resources. Events come in by UserBoost's route, and are read here.
func (Dialect) Owns(method, path string) bool {
	if path == "/v1/events" {
		return method != http.MethodPost
	}
	for _, root := range [...]string{
		"/v1/feedback", "/v1/apps", "/v1/agent-runs", "/v1/tokens", "/v1/org", "/v1/orgs", "/v1/members", "/v1/invitations",
		"/v1/keys", "/v1/leaks", "/v1/limits", "/v1/audit", "/v1/sessions", "/v1/end-users", "/v1/outcomes", "/v1/refusals", "/v1/usage", "/v1/events", "/v1/erasures", "/v1/two-factor", "/v1/password",
	} {
		if dialect.Under(path, root) {
			return true
		}
	}
	return false
}

// Refuse answers {"error":{code, message, details?}}; retryAfterMs joins on a 429, requestId on a 5xx.
func (d Dialect) Refuse(r dialect.Refusal) dialect.Answer {
	status := dialect.Status(r.Err.Kind)
	f := errorFault{Code: code(r.Err, status), Message: r.Err.Message}
	if status >= http.StatusInternalServerError {
		f.RequestID = r.RequestID
	} else {
		f.Details = details(r.Err)
	}
	if r.Err.Kind == apierr.Limited {
		f.RetryAfterMs = milliseconds(dialect.Wait(r))
	}
	return dialect.Compose(d, r, status, apiError{f})
}

func code(e *apierr.Error, status int) apierr.Code {
	if status >= http.StatusInternalServerError {
		return apierr.CodeInternal
	}
	switch e.Code {
	case apierr.CodeInvalidKeyFormat, apierr.CodeInvalidKey:
		return apierr.CodeInvalidAuthorization
	case apierr.CodeTokenExpired:
		return apierr.CodeInvalidAuthorization
	default:
		return e.Code
	}
}

func details(e *apierr.Error) any {
	if len(e.Issues) == 0 {
		if len(e.Details) == 0 {
			return nil
		}
		return e.Details
	}
	issues := make([]issue, len(e.Issues))
	for i, fault := range e.Issues {
		issues[i] = issue{Path: fault.Path, Code: fault.Code, Message: fault.Message}
		if fault.Path == nil {
			issues[i].Path = []any{} // clients read an array, never null
		}
	}
	return issues
}

func milliseconds(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}
