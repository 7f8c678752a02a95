package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/id"
)

// runIndexes serve the erasure of feedback.
func runIndexes() []mongo.IndexModel { return []mongo.IndexModel{index("orgId", "feedbackId")} }

// incidentIndexes serve the sweep.
func incidentIndexes() []mongo.IndexModel { return []mongo.IndexModel{index("at")} }

type runDoc struct {
	ID              bson.ObjectID   `bson:"_id"`
	Org             bson.ObjectID   `bson:"orgId"`
	App             bson.ObjectID   `bson:"appId"`
	Feedback        bson.ObjectID   `bson:"feedbackId"`
	Status          agentrun.Status `bson:"status"`
	Provider        string          `bson:"provider"`
	Model           string          `bson:"model"`
	InputTokens     int64           `bson:"inputTokens"`
	OutputTokens    int64           `bson:"outputTokens"`
	CostMicroUSD    int64           `bson:"costMicroUsd"`
	PullRequestURL  string          `bson:"pullRequestUrl"`
	GuardrailReason string          `bson:"guardrailReason"`
	StartedAt       time.Time       `bson:"startedAt"`
	FinishedAt      time.Time       `bson:"finishedAt,omitempty"`
}

type incidentDoc struct {
	RequestID string        `bson:"_id"`
	Service   string        `bson:"service"`
	Method    string        `bson:"method"`
	Route     string        `bson:"route"`
	Org       bson.ObjectID `bson:"orgId,omitempty"`
	App       bson.ObjectID `bson:"appId,omitempty"`
	Cause     string        `bson:"cause"`
	Stack     string        `bson:"stack"`
	TraceID   string        `bson:"traceId"`
	At        time.Time     `bson:"at"`
}

// InsertRun implements agentrun.Store.
func (s *Store) InsertRun(ctx context.Context, org id.ID, run agentrun.Run) error {
	return s.runs.insert(ctx, runDoc{
		ID: bson.ObjectID(run.ID), Org: bson.ObjectID(org), App: bson.ObjectID(run.App), Feedback: bson.ObjectID(run.Feedback),
		Status: run.Status, Provider: run.Provider, Model: run.Model, InputTokens: run.InputTokens, OutputTokens: run.OutputTokens,
		CostMicroUSD: run.CostMicroUSD, PullRequestURL: run.PullRequestURL, GuardrailReason: run.GuardrailReason,
		StartedAt: run.StartedAt, FinishedAt: run.FinishedAt,
	})
}

// Run implements agentrun.Store.
func (s *Store) Run(ctx context.Context, org, run id.ID) (agentrun.Run, error) {
	return core(findOne[runDoc](ctx, s.runs, owned(org, e("_id", bson.ObjectID(run)))))
}

// PutIncident implements incident.Store.
func (s *Store) PutIncident(ctx context.Context, given incident.Incident) error {
	_, err := s.incidents.replace(ctx, bson.D{e("_id", given.RequestID)}, incidentDoc{
		RequestID: given.RequestID, Service: given.Service, Method: given.Method, Route: given.Route,
		Org: bson.ObjectID(given.Org), App: bson.ObjectID(given.App), Cause: given.Cause, Stack: given.Stack,
		TraceID: given.TraceID, At: given.At,
	}, options.Replace().SetUpsert(true))
	return err
}

// Incident implements incident.Store.
func (s *Store) Incident(ctx context.Context, requestID string) (incident.Incident, error) {
	return core(findOne[incidentDoc](ctx, s.incidents, bson.D{e("_id", requestID)}))
}

// SweepIncidents implements incident.Store.
func (s *Store) SweepIncidents(ctx context.Context, expired time.Time, limit int) (int, error) {
	return s.incidents.sweep(ctx, bson.D{e("at", bson.D{e("$lt", expired)})}, limit)
}

func (d runDoc) core() agentrun.Run {
	return agentrun.Run{
		ID: id.ID(d.ID), Org: id.ID(d.Org), App: id.ID(d.App), Feedback: id.ID(d.Feedback), Status: d.Status, Provider: d.Provider,
		Model: d.Model, InputTokens: d.InputTokens, OutputTokens: d.OutputTokens, CostMicroUSD: d.CostMicroUSD,
		PullRequestURL: d.PullRequestURL, GuardrailReason: d.GuardrailReason, StartedAt: d.StartedAt, FinishedAt: d.FinishedAt,
	}
}

func (d incidentDoc) core() incident.Incident {
	return incident.Incident{
		RequestID: d.RequestID, Service: d.Service, Method: d.Method, Route: d.Route, Org: id.ID(d.Org), App: id.ID(d.App),
		Cause: d.Cause, Stack: d.Stack, TraceID: d.TraceID, At: d.At,
	}
}
