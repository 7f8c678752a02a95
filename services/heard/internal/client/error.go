package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
)

// Error is a refusal.
type Error struct {
	Status    int
	Code      string
	Message   string
	RequestID string
	Issues    []Issue
}

// Issue is one fault of what was sent. Path leads to it: "allowedNetworks.0".
type Issue struct{ Path, Message string }

// Field is the field that the fault is in or below: "allowedNetworks".
func (i Issue) Field() string {
	field, _, _ := strings.Cut(i.Path, ".")
	return field
}

func (e *Error) Error() string { return e.Message }

// LoggedOut tells whether the token itself was refused, rather than a password or a code in the body.
func (e *Error) LoggedOut() bool {
	return e.Status == http.StatusUnauthorized &&
		(e.Code == string(apierr.CodeInvalidAuthorization) || e.Code == string(apierr.CodeMissingAuthorization))
}

// refusal reads the native envelope; what is none tells its status.
func refusal(status int, text []byte) *Error {
	var envelope struct {
		Error struct {
			Code      string          `json:"code"`
			Message   string          `json:"message"`
			RequestID string          `json:"requestId"`
			Details   json.RawMessage `json:"details"`
		} `json:"error"`
	}
	if err := json.Unmarshal(text, &envelope); err != nil || envelope.Error.Message == "" {
		return &Error{Status: status, Message: fmt.Sprintf("the answer is %d %s, and not from Heard", status, http.StatusText(status))}
	}
	told := envelope.Error
	return &Error{Status: status, Code: told.Code, Message: told.Message, RequestID: told.RequestID, Issues: issues(told.Details)}
}

// issues reads the faults where details are a list of them.
func issues(details json.RawMessage) []Issue {
	var listed []struct {
		Path    []any  `json:"path"`
		Message string `json:"message"`
	}
	if json.Unmarshal(details, &listed) != nil {
		return nil
	}
	found := make([]Issue, len(listed))
	for i, one := range listed {
		steps := make([]string, len(one.Path))
		for n, step := range one.Path {
			steps[n] = fmt.Sprint(step)
		}
		found[i] = Issue{Path: strings.Join(steps, "."), Message: one.Message}
	}
	return found
}
