package mongostore

import (
	"context"
	"sync"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// traced makes a span of every command. What a command, its answer or an error of the server says stays out of it: that may be
// anybody's words, or the hash of a credential.
func traced(provider trace.TracerProvider) *event.CommandMonitor {
	tracer := provider.Tracer("github.com/heard-dev/heard/pkg/store/mongostore")
	var spans sync.Map // by the number that the driver gives a command
	return &event.CommandMonitor{
		Started: func(ctx context.Context, e *event.CommandStartedEvent) {
			name := e.CommandName
			attributes := append(make([]attribute.KeyValue, 0, 4),
				semconv.DBSystemNameMongoDB, semconv.DBNamespace(e.DatabaseName), semconv.DBOperationName(e.CommandName))
			if collection, ok := e.Command.Lookup(e.CommandName).StringValueOK(); ok {
				name += " " + collection
				attributes = append(attributes, semconv.DBCollectionName(collection))
			}
			_, span := tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
			spans.Store(e.RequestID, span)
		},
		Succeeded: func(_ context.Context, e *event.CommandSucceededEvent) {
			if span, known := spans.LoadAndDelete(e.RequestID); known {
				span.(trace.Span).End()
			}
		},
		Failed: func(_ context.Context, e *event.CommandFailedEvent) {
			if span, known := spans.LoadAndDelete(e.RequestID); known {
				span := span.(trace.Span)
				span.SetAttributes(semconv.ErrorType(e.Failure))
				span.SetStatus(codes.Error, "")
				span.End()
			}
		},
	}
}
