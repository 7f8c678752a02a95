package telemetry

import (
	"context"
	"log/slog"
	"sync/atomic"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// outage logs when exporting begins to fail and when it works again, not every failure in between. The SDK would tell
// its global error handler instead, and we set no global.
type outage struct {
	log    *slog.Logger
	signal string
	now    atomic.Bool
}

func (o *outage) note(ctx context.Context, err error) {
	if failing := err != nil; o.now.Swap(failing) == failing {
		return
	}
	if err != nil {
		o.log.WarnContext(ctx, "telemetry is not exported", "signal", o.signal, "error", err)
	} else {
		o.log.InfoContext(ctx, "telemetry is exported again", "signal", o.signal)
	}
}

type tracesToLog struct {
	sdktrace.SpanExporter
	outage
}

func (e *tracesToLog) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	e.note(ctx, e.SpanExporter.ExportSpans(ctx, spans))
	return nil
}

type metricsToLog struct {
	sdkmetric.Exporter
	outage
}

func (e *metricsToLog) Export(ctx context.Context, metrics *metricdata.ResourceMetrics) error {
	e.note(ctx, e.Exporter.Export(ctx, metrics))
	return nil
}
