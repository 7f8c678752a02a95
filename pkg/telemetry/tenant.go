package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/heard-dev/heard/pkg/id"
)

// The names under which spans and log lines carry the tenant.
const (
	OrgKey = attribute.Key("heard.org.id")
	AppKey = attribute.Key("heard.app.id")
)

type tenantKey struct{}

type tenant struct{ org, app id.ID }

func (t tenant) attributes() []attribute.KeyValue {
	attributes := make([]attribute.KeyValue, 0, 2)
	if !t.org.IsZero() {
		attributes = append(attributes, OrgKey.String(t.org.String()))
	}
	if !t.app.IsZero() {
		attributes = append(attributes, AppKey.String(t.app.String()))
	}
	return attributes
}

// WithTenant makes the present span, and every span and log line made with the returned context, carry the Org and the
// App. A zero ID is left out: a key of a whole Org belongs to no App.
func WithTenant(ctx context.Context, org, app id.ID) context.Context {
	t := tenant{org: org, app: app}
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.SetAttributes(t.attributes()...)
	}
	return context.WithValue(ctx, tenantKey{}, t)
}

func tenantOf(ctx context.Context) (tenant, bool) {
	t, ok := ctx.Value(tenantKey{}).(tenant)
	return t, ok
}

// tenantSpans puts the tenant on spans that are started after WithTenant: those of the stores, most of all.
type tenantSpans struct{}

func (tenantSpans) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	if t, ok := tenantOf(ctx); ok {
		span.SetAttributes(t.attributes()...)
	}
}

func (tenantSpans) OnEnd(sdktrace.ReadOnlySpan) {}

func (tenantSpans) Shutdown(context.Context) error { return nil }

func (tenantSpans) ForceFlush(context.Context) error { return nil }
