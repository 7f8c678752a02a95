package httpkit

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/dialect"
)

// refuse is the only writer of refusals: it answers in the dialect of the request, and keeps what was our fault.
func (x *exchange) refuse(err error) {
	refusal := apierr.Of(err)
	if verdict, ok := gate.Refused(err); ok { // perhaps another than the door's
		x.verdict = &verdict
	}
	kit := x.api.kit
	answer := x.api.dialect.Refuse(dialect.Refusal{Err: refusal, RequestID: x.id, Verdict: x.verdict, Now: kit.Now()})
	org, app := x.caller.Tenant()
	kit.stats.refused(x.ctx, org, app, x.route.ID, refusal.Code)
	x.report(refusal)
	if answer.Status >= http.StatusInternalServerError && !x.deserted(refusal) {
		x.keep(refusal)
	}
	x.write(answer)
}

// deserted tells whether the failure is only that the client hung up, and its own request with it.
func (x *exchange) deserted(refusal *apierr.Error) bool {
	return refusal.Kind == apierr.Unavailable && errors.Is(x.c.Request.Context().Err(), context.Canceled)
}

// keep records and logs an answer that was our fault, once, with the cause the caller never sees.
func (x *exchange) keep(refusal *apierr.Error) {
	span := trace.SpanFromContext(x.ctx)
	span.RecordError(refusal)
	span.SetStatus(codes.Error, string(refusal.Code))
	record := incident.Incident{
		RequestID: x.id, Service: x.api.kit.Service, Method: x.c.Request.Method, Route: x.route.Path,
		Cause: refusal.Error(), Stack: x.stack, At: x.api.kit.Now(),
	}
	record.Org, record.App = x.caller.Tenant()
	if span.SpanContext().IsValid() {
		record.TraceID = span.SpanContext().TraceID().String()
	}
	x.api.kit.Incidents(record)
	x.api.kit.Telemetry.Logger.LogAttrs(context.WithoutCancel(x.ctx), slog.LevelError, "request failed",
		slog.String("request_id", x.id), slog.String("route", x.route.Path), slog.String("cause", record.Cause))
}
