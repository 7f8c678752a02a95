// Package dialect says what it takes to speak one vendor's API: how it refuses, how it shows limits, which paths are its own.
package dialect

import (
	"net/http"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
)

// Refusal is everything a dialect may tell a caller that is turned away. Verdict is nil when no limit was asked.
type Refusal struct {
	Err       *apierr.Error
	RequestID string
	Verdict   *gate.Verdict
	Now       time.Time
}

// Answer is a whole HTTP answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Dialect is how one vendor speaks.
type Dialect interface {
	// Name is the vendor's, in lower case; it names the OpenAPI document.
	Name() string
	// Owns tells whether a path that no route serves is still this vendor's to refuse.
	Owns(path string) bool
	// Refuse answers every Kind of error.
	Refuse(Refusal) Answer
	// Limits shows what is left in the headers of an answer.
	Limits(header http.Header, verdict gate.Verdict, now time.Time)
}
