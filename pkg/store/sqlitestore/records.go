package sqlitestore

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	runColumns = `org, id, app, feedback, status, provider, model, input_tokens, output_tokens, cost_micro_usd, pull_request_url,
		guardrail_reason, started_at, finished_at`
	insertRun = `INSERT INTO run (` + runColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectRun = `SELECT ` + runColumns + ` FROM run WHERE org = ? AND id = ?`

	incidentColumns = `request_id, service, method, route, org, app, cause, stack, trace_id, at`
	putIncident     = `INSERT OR REPLACE INTO incident (` + incidentColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectIncident  = `SELECT ` + incidentColumns + ` FROM incident WHERE request_id = ?`
	sweepIncidents  = `DELETE FROM incident WHERE rowid IN (SELECT rowid FROM incident WHERE at < ? LIMIT ?)`
)

// InsertRun implements agentrun.Store.
func (s *Store) InsertRun(ctx context.Context, org id.ID, run agentrun.Run) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return insert(conn, insertRun, "agent run", func(p *params) {
			p.id(org).id(run.ID).id(run.App).id(run.Feedback).text(string(run.Status)).text(run.Provider).text(run.Model)
			p.int(run.InputTokens).int(run.OutputTokens).int(run.CostMicroUSD).text(run.PullRequestURL).text(run.GuardrailReason)
			p.time(run.StartedAt).time(run.FinishedAt)
		})
	})
}

// Run implements agentrun.Store.
func (s *Store) Run(ctx context.Context, org, run id.ID) (found agentrun.Run, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return one(conn, selectRun, "agent run", func(p *params) { p.id(org).id(run) }, func(r *row) {
			found = agentrun.Run{
				Org: r.id(), ID: r.id(), App: r.id(), Feedback: r.id(), Status: agentrun.Status(r.text()), Provider: r.text(),
				Model: r.text(), InputTokens: r.int(), OutputTokens: r.int(), CostMicroUSD: r.int(), PullRequestURL: r.text(),
				GuardrailReason: r.text(), StartedAt: r.time(), FinishedAt: r.time(),
			}
		})
	})
	return found, err
}

// PutIncident implements incident.Store. A request ID that is known already is given the newer record.
func (s *Store) PutIncident(ctx context.Context, incident incident.Incident) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		_, err := execute(conn, putIncident, func(p *params) {
			p.text(incident.RequestID).text(incident.Service).text(incident.Method).text(incident.Route).id(incident.Org).id(incident.App)
			p.text(incident.Cause).text(incident.Stack).text(incident.TraceID).time(incident.At)
		})
		return err
	})
}

// Incident implements incident.Store.
func (s *Store) Incident(ctx context.Context, requestID string) (found incident.Incident, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return one(conn, selectIncident, "incident", func(p *params) { p.text(requestID) }, func(r *row) {
			found = incident.Incident{
				RequestID: r.text(), Service: r.text(), Method: r.text(), Route: r.text(), Org: r.id(), App: r.id(),
				Cause: r.text(), Stack: r.text(), TraceID: r.text(), At: r.time(),
			}
		})
	})
	return found, err
}

// SweepIncidents implements incident.Store.
func (s *Store) SweepIncidents(ctx context.Context, expired time.Time, limit int) (int, error) {
	return s.sweep(ctx, sweepIncidents, expired, limit)
}
