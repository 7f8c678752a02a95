// Package agentrun is the audit record of one run of a coding agent over a piece of feedback.
package agentrun

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Status is where a run stands.
type Status string

// The statuses of a run.
const (
	Running   Status = "running"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Blocked   Status = "blocked" // by a guardrail
)

// Run is one run. Cost is in millionths of a US dollar. FinishedAt is zero while it runs.
type Run struct {
	ID              id.ID
	Org             id.ID
	App             id.ID
	Feedback        id.ID
	Status          Status
	Provider        string
	Model           string
	InputTokens     int64
	OutputTokens    int64
	CostMicroUSD    int64
	PullRequestURL  string
	GuardrailReason string
	StartedAt       time.Time
	FinishedAt      time.Time
}

// Store keeps runs. What is another Org's is not found.
type Store interface {
	InsertRun(ctx context.Context, org id.ID, run Run) error
	Run(ctx context.Context, org, run id.ID) (Run, error)
}
