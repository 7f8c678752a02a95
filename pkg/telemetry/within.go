package telemetry

import (
	"context"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// WithinRequests makes the spans of what is done for a request, such as those of the stores, and none outside of one: a
// heartbeat has no tenant, and would be a trace each. It is nil where nobody receives traces: then making them can be left out.
func (t *Telemetry) WithinRequests() trace.TracerProvider {
	if provider, exports := t.Tracer.(*sdktrace.TracerProvider); exports {
		return withinProvider{provider}
	}
	return nil
}

type withinProvider struct{ trace.TracerProvider }

func (p withinProvider) Tracer(name string, options ...trace.TracerOption) trace.Tracer {
	return withinTracer{p.TracerProvider.Tracer(name, options...)}
}

type withinTracer struct{ trace.Tracer }

func (t withinTracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, noop.Span{}
	}
	return t.Tracer.Start(ctx, name, options...)
}
