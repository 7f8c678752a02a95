package httpkit

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// stats counts what a tenant and an operator ask first: what was turned away, why, and did the gate stand alone?
type stats struct {
	refusals metric.Int64Counter
	alone    metric.Int64Counter
}

func newStats(provider metric.MeterProvider) stats {
	meter := provider.Meter("github.com/heard-dev/heard/pkg/httpkit")
	return stats{
		refusals: must(meter.Int64Counter("heard.refusals", metric.WithUnit("{request}"),
			metric.WithDescription("Requests turned away, by Org, App, operation and code."))),
		alone: must(meter.Int64Counter("heard.gate.degraded", metric.WithUnit("{request}"),
			metric.WithDescription("Requests admitted without the shared gate."))),
	}
}

func (s stats) refused(ctx context.Context, org, app id.ID, operation string, code apierr.Code) {
	if !s.refusals.Enabled(ctx) {
		return
	}
	attributes := []attribute.KeyValue{attribute.String("heard.operation", operation), attribute.String("error.type", string(code))}
	if !org.IsZero() {
		attributes = append(attributes, attribute.String("heard.org.id", org.String()))
	}
	if !app.IsZero() {
		attributes = append(attributes, attribute.String("heard.app.id", app.String()))
	}
	s.refusals.Add(ctx, 1, metric.WithAttributes(attributes...))
}

func (s stats) degraded(ctx context.Context) { s.alone.Add(ctx, 1) }
