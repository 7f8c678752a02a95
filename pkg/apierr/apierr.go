// Package apierr is the one error value that crosses Heard: what went wrong in words a caller may read, and why in words
// only an operator may. It knows no HTTP; a dialect turns it into a status, headers and a body.
package apierr

import (
	"errors"
	"time"
)

// Kind is what sort of failure this is. Every dialect answers every Kind.
type Kind uint8

// The kinds. Internal is the zero value: an error nobody classified is our fault.
const (
	Internal Kind = iota
	Invalid
	Unauthenticated
	Forbidden
	NotFound
	MethodNotAllowed
	Timeout
	Conflict
	TooLarge
	UnsupportedMedia
	Mismatch
	Limited
	Unavailable
)

// Kinds lists every Kind, for tables and tests that must cover them all.
func Kinds() []Kind {
	kinds := make([]Kind, 0, Unavailable+1)
	for k := Internal; k <= Unavailable; k++ {
		kinds = append(kinds, k)
	}
	return kinds
}

var kindNames = [...]string{
	"internal", "invalid", "unauthenticated", "forbidden", "not_found", "method_not_allowed", "timeout",
	"conflict", "too_large", "unsupported_media", "mismatch", "limited", "unavailable",
}

func (k Kind) String() string { return kindNames[k] }

// Code names one failure. Codes are stable and spelled as the native surface spells them; other dialects translate.
type Code string

// Issue is one fault in what the caller sent. Path leads to it: object keys as string, array positions as int; an empty
// Path means the document as a whole.
type Issue struct {
	Path    []any
	Code    string
	Message string
}

// Error is a refusal or a failure. Message, Issues and Details are public; the cause is not.
type Error struct {
	Kind       Kind
	Code       Code
	Message    string
	Issues     []Issue
	Details    map[string]any
	RetryAfter time.Duration
	cause      error
}

// New makes an Error of a kind, with its stable code and a sentence for the caller.
func New(kind Kind, code Code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Wrap is New with the cause that only operators see.
func Wrap(cause error, kind Kind, code Code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message, cause: cause}
}

func (e *Error) Error() string {
	if e.cause == nil {
		return string(e.Code) + ": " + e.Message
	}
	return string(e.Code) + ": " + e.Message + ": " + e.cause.Error()
}

// Unwrap gives the private cause.
func (e *Error) Unwrap() error { return e.cause }

// Of finds the Error in err's chain; an error that holds none becomes an Internal one with err as its cause.
func Of(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Wrap(err, Internal, CodeInternal, "Something went wrong on our side.")
}

// KindOf is the Kind of err as Of sees it.
func KindOf(err error) Kind { return Of(err).Kind }

// Issues gathers the issues of several refusals.
func Issues(refusals ...error) []Issue {
	var issues []Issue
	for _, refusal := range refusals {
		if refusal != nil {
			issues = append(issues, Of(refusal).Issues...)
		}
	}
	return issues
}
