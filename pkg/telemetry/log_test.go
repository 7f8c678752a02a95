package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/telemetry"
)

func TestLinesCarryTheSpanAndTheTenantOfTheirContext(t *testing.T) {
	spanContext := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	traced := trace.ContextWithSpanContext(t.Context(), spanContext)
	inApp := telemetry.WithTenant(traced, org, app)
	for name, row := range map[string]struct {
		ctx    context.Context
		logger func(*slog.Logger) *slog.Logger
		want   map[string]any
	}{
		"no request": {ctx: t.Context(), want: map[string]any{"trace_id": nil, "heard.org.id": nil, "service.name": "ingest"}},
		"traced":     {ctx: traced, want: map[string]any{"trace_id": spanContext.TraceID().String(), "span_id": spanContext.SpanID().String()}},
		"org only":   {ctx: telemetry.WithTenant(traced, org, id.Zero), want: map[string]any{"heard.org.id": org.String(), "heard.app.id": nil}},
		"app":        {ctx: inApp, want: map[string]any{"heard.org.id": org.String(), "heard.app.id": app.String()}},
		"groups": {
			ctx:    inApp,
			logger: func(l *slog.Logger) *slog.Logger { return l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h") },
			want:   map[string]any{"heard.org.id": org.String(), "trace_id": spanContext.TraceID().String(), "a": 1.0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			logger := newTelemetry(t, telemetry.Config{}, &out).Logger
			if row.logger != nil {
				logger = row.logger(logger)
			}
			logger.DebugContext(row.ctx, "below the level")
			logger.InfoContext(row.ctx, "happened", "c", 3)
			line := map[string]any{}
			if err := json.Unmarshal(out.Bytes(), &line); err != nil {
				t.Fatalf("not one line of JSON: %v\n%s", err, out.String())
			}
			for key, want := range row.want {
				if line[key] != want {
					t.Errorf("%s = %v, want %v\n%s", key, line[key], want, out.String())
				}
			}
			if !strings.Contains(out.String(), `"c":3`) {
				t.Errorf("the line lost its own attribute: %s", out.String())
			}
		})
	}
}

func TestCredentialsAreNotWritten(t *testing.T) {
	var out bytes.Buffer
	logger := newTelemetry(t, telemetry.Config{}, &out).Logger
	for _, name := range []string{
		"Authorization", "proxy-authorization", "access_token", "userToken", "tokens", "client_secret", "secretValue", "api_key", "apiKey",
		"HEARD_S3_SECRET_KEY", "password", "db_password_old", "Set-Cookie", "aws_credentials",
	} {
		logger.Info("x", name, "hunter2")
		logger.With(name, "hunter2").WithGroup(name).Info("x", "value", "hunter2")
		logger.Info("x", slog.Group(name, "value", "hunter2"))
	}
	logger.Info("x", "setting", secret.String("hunter2"))
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("written:\n%s", out.String())
	}

	out.Reset()
	for _, name := range []string{"key_id", "token_count", "heard.org.id", "error", "bucket", "path"} {
		logger.Info("x", name, "plain")
	}
	if n := strings.Count(out.String(), "plain"); n != 6 {
		t.Errorf("%d of 6 harmless attributes were written:\n%s", n, out.String())
	}
}
