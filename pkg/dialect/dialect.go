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

// Credential is what a request presents, as text nobody has checked. Session is a log-in, where the vendor presents it
// apart from keys.
type Credential struct {
	Token     string
	UserToken string
	Session   string
	OrgSlug   string
}

// About is a surface as its documentation introduces it. Envelope is a zero value of the type that every refusal encodes;
// Document is the OpenAPI document, nil until the surface has routes. Textual surfaces refuse in words alone: without codes,
// and without members that say more. Code is how the surface spells the code of an error, where it differs from the native one.
type About struct {
	Title       string
	Version     string
	Description string
	Schemes     []Scheme
	Envelope    any
	Document    []byte
	Textual     bool
	Code        func(kind apierr.Kind, code apierr.Code) string
}

// Scheme is one kind of credential, in OpenAPI's words: Type "http" with Scheme, or "apiKey" in a Header.
type Scheme struct {
	Name        string
	Type        string
	Scheme      string
	Header      string
	Description string
}

// Dialect is how one vendor speaks.
type Dialect interface {
	// Name is the vendor's, in lower case; it names the OpenAPI document.
	Name() string
	// About describes the surface to readers of its documentation.
	About() About
	// Credential finds what a request presents, or refuses headers that present nothing.
	Credential(header http.Header) (Credential, error)
	// Owns tells whether a request is this vendor's to answer, or to refuse where no route serves it.
	Owns(method, path string) bool
	// Refuse answers every Kind of error.
	Refuse(Refusal) Answer
	// Limits shows what is left in the headers of an answer.
	Limits(header http.Header, verdict gate.Verdict, now time.Time)
}

// Aliased is a Dialect whose routes are served under more than one base.
type Aliased interface {
	// Canonical is the path of the route for one that it owns.
	Canonical(path string) string
	// Aliases are the other paths of a route.
	Aliases(path string) []string
}
