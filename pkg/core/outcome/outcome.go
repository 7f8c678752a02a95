// Package outcome is the ledger of what became of requests: how many were accepted or refused, whose they were, and why.
package outcome

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	// Kept is how long outcomes are remembered: a year, and a month to compare it with.
	Kept = 400 * 24 * time.Hour
	// RefusalsKept is how long a refusal is remembered that no newer one pushes out.
	RefusalsKept = 90 * 24 * time.Hour
	// PerApp is how many refusals of an App are remembered, and of an Org those that concern no App: the newest ones.
	PerApp = 100
)

// Reasons that no answer gives as its code.
const (
	Duplicate apierr.Code = "duplicate" // it was stored before, and is not stored again
	Abandoned apierr.Code = "abandoned" // the client hung up before the answer
	Uncounted apierr.Code = "uncounted" // accepted or refused: there was no room to keep apart for whom and why
)

// Categories lists what requests are told apart by, as budgets are.
func Categories() []string {
	return []string{"feedback", "attachments", "events", "reads", "tokens", "admin"}
}

// Outcome counts what became alike in one hour. Requests are whole requests, by their answer; Items are the things in them,
// each by what became of it. App and Key are zero where there is none.
type Outcome struct {
	Org      id.ID
	App      id.ID
	Key      id.ID
	Category string
	Reason   apierr.Code // empty: accepted
	Hour     time.Time   // in a sum over days, when the day began; in one over everything, zero
	Requests int64
	Items    int64
}

// Accepted tells whether there was nothing to refuse.
func (o Outcome) Accepted() bool { return o.Reason == "" }

// Span is what outcomes are summed up over.
type Span uint8

// The spans. Days are those of UTC.
const (
	ByHour Span = iota
	ByDay
	Whole
)

// Query selects outcomes: those of hours that began at From or later, and before To. App and Category select all when empty.
type Query struct {
	From, To time.Time
	App      id.ID
	Category string
	By       Span
	Limit    int
}

// Hours are the first hour that is selected, and the first after it that is not.
func (q Query) Hours() (from, to time.Time) { return nextHour(q.From), nextHour(q.To) }

// nextHour is the first hour that began at a time or later.
func nextHour(at time.Time) time.Time { return at.UTC().Add(time.Hour - 1).Truncate(time.Hour) }

// Refusal is one refusal, as it is told to whose it is. It holds nothing of what was sent but its shape.
type Refusal struct {
	Org       id.ID
	App       id.ID
	Key       id.ID
	At        time.Time
	RequestID string
	Category  string
	Route     string // method and path, without what stood for its parameters
	Code      apierr.Code
	Message   string
	Policy    string // the limit that was met, if one was
	Items     int64  // how many things in the request were refused so
	Issues    []Issue
	Sample    string // the shape of the first of them; empty when it was not read
}

// Issue is one fault in what was sent. Path leads to it, with dots between its steps.
type Issue struct {
	Path    string
	Code    string
	Message string
}

// Store keeps the ledger.
type Store interface {
	// AddOutcomes adds to what is known, and tells how many it added, from the first on. When the store is away in the midst
	// of it more may be added than it tells: who repeats the rest counts some twice rather than not at all.
	AddOutcomes(ctx context.Context, outcomes []Outcome) (added int, err error)
	// Outcomes gives the sums that are selected, latest first; at most query.Limit.
	Outcomes(ctx context.Context, org id.ID, query Query) ([]Outcome, error)
	// SweepOutcomes forgets up to limit sums of hours before expired, and tells how many.
	SweepOutcomes(ctx context.Context, expired time.Time, limit int) (int, error)

	// KeepRefusals stores refusals, and forgets those that are not among the newest PerApp any more. A request is known by its
	// RequestID, and refused for each Code once: what is known already is left as it is.
	KeepRefusals(ctx context.Context, refusals []Refusal) error
	// Refusals lists up to limit of the App's, of the whole Org's when app is zero; newest first.
	Refusals(ctx context.Context, org, app id.ID, limit int) ([]Refusal, error)
	// SweepRefusals forgets up to limit refusals from before expired, and tells how many.
	SweepRefusals(ctx context.Context, expired time.Time, limit int) (int, error)
}
