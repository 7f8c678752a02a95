// Package incident is the operator's record of an answer that was our fault, found by the request id the caller was given.
package incident

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Kept is how long an incident is remembered.
const Kept = 30 * 24 * time.Hour

// Incident is one 5xx. Cause is for operators alone and holds no secret. Org and App are zero when none was known.
type Incident struct {
	RequestID string
	Service   string
	Method    string
	Route     string
	Org       id.ID
	App       id.ID
	Cause     string
	Stack     string
	TraceID   string
	At        time.Time
}

// Store keeps incidents. It is for operators: no tenant reads it.
type Store interface {
	PutIncident(ctx context.Context, incident Incident) error
	Incident(ctx context.Context, requestID string) (Incident, error)
	// SweepIncidents forgets up to limit incidents from before expired, and tells how many.
	SweepIncidents(ctx context.Context, expired time.Time, limit int) (int, error)
}
