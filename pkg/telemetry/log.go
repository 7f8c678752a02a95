package telemetry

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

func newLogger(w io.Writer, level slog.Level, service string) *slog.Logger {
	lines := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: redact})
	return slog.New(requestHandler{base: lines}).With(string(semconv.ServiceNameKey), service)
}

// requestHandler adds to each line what its context knows: the span, the Org and the App. They stay at the top level,
// whatever group the logger has opened; later holds what was done to the logger since the first group.
type requestHandler struct {
	base  slog.Handler
	later []func(slog.Handler) slog.Handler
}

func (h requestHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.base.Enabled(ctx, level)
}

func (h requestHandler) Handle(ctx context.Context, record slog.Record) error {
	attrs := requestAttrs(ctx)
	if len(h.later) == 0 {
		record = record.Clone()
		record.AddAttrs(attrs...)
		return h.base.Handle(ctx, record)
	}
	handler := h.base.WithAttrs(attrs)
	for _, apply := range h.later {
		handler = apply(handler)
	}
	return handler.Handle(ctx, record)
}

func (h requestHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(h.later) == 0 {
		return requestHandler{base: h.base.WithAttrs(attrs)}
	}
	return h.with(func(next slog.Handler) slog.Handler { return next.WithAttrs(attrs) })
}

func (h requestHandler) WithGroup(name string) slog.Handler {
	return h.with(func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
}

func (h requestHandler) with(apply func(slog.Handler) slog.Handler) slog.Handler {
	return requestHandler{base: h.base, later: append(slices.Clip(h.later), apply)}
}

func requestAttrs(ctx context.Context) []slog.Attr {
	attrs := make([]slog.Attr, 0, 4)
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		attrs = append(attrs, slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	if t, ok := tenantOf(ctx); ok {
		for _, attribute := range t.attributes() {
			attrs = append(attrs, slog.String(string(attribute.Key), attribute.Value.AsString()))
		}
	}
	return attrs
}

// redact is the second line of defence behind secret.String: an attribute whose name sounds like a credential is not
// written, nor is any in a group of such a name.
func redact(groups []string, attr slog.Attr) slog.Attr {
	if soundsSecret(attr.Key) || slices.ContainsFunc(groups, soundsSecret) {
		attr.Value = slog.StringValue("***")
	}
	return attr
}

// soundsSecret lets key_id and token_count pass: "key" and "token" only count at the end of a name.
func soundsSecret(name string) bool {
	name = strings.ToLower(name)
	for _, word := range [...]string{"authorization", "secret", "password", "cookie", "credential"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	name = strings.TrimSuffix(name, "s")
	return strings.HasSuffix(name, "token") || strings.HasSuffix(name, "key")
}
