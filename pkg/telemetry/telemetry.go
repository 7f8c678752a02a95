// Package telemetry gives one process its traces, metrics and log lines, each saying whose Org and App it is about.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// Config says where telemetry goes. Other OTEL_ variables (headers, certificates, sampler, intervals, resource attributes
// such as deployment.environment.name) are read by the OpenTelemetry SDK from the process's own environment, as its
// specification has it.
type Config struct {
	LogLevel        slog.Level `env:"HEARD_LOG_LEVEL" envDefault:"info"`
	Endpoint        url.URL    `env:"OTEL_EXPORTER_OTLP_ENDPOINT"`         // base of both signals' URLs; none means no export
	TracesEndpoint  url.URL    `env:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"`  // used as it is, instead of the base
	MetricsEndpoint url.URL    `env:"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"` // used as it is, instead of the base
	Disabled        bool       `env:"OTEL_SDK_DISABLED" envDefault:"false"`
}

// Options name the process that New makes telemetry for. Log receives one JSON object a line.
type Options struct {
	Config
	Service  string // service.name, unless OTEL_SERVICE_NAME says otherwise
	Version  string
	Instance string // distinguishes the processes of one Service that run at the same time
	Log      io.Writer
}

// Telemetry is what a process observes itself with. The services that share a process share one. It sets no global:
// whoever records something is handed the provider.
type Telemetry struct {
	Tracer     trace.TracerProvider
	Meter      metric.MeterProvider
	Logger     *slog.Logger
	Propagator propagation.TextMapPropagator

	shutdowns []func(context.Context) error
}

// New makes traces and metrics that are exported by OTLP over HTTP where an endpoint is configured, and that cost nothing
// where none is. It does not dial: a collector that is away is noted in the log and costs the process nothing else.
func New(ctx context.Context, options Options) (*Telemetry, error) {
	t := &Telemetry{
		Tracer:     tracenoop.NewTracerProvider(),
		Meter:      metricnoop.NewMeterProvider(),
		Logger:     newLogger(options.Log, options.LogLevel, options.Service),
		Propagator: propagation.TraceContext{},
	}
	traces := signalURL(options.TracesEndpoint, options.Endpoint, "v1/traces")
	metrics := signalURL(options.MetricsEndpoint, options.Endpoint, "v1/metrics")
	if options.Disabled || traces == "" && metrics == "" {
		return t, nil
	}
	self, err := describe(ctx, options)
	if err != nil {
		return nil, err
	}
	if traces != "" {
		if err := t.exportTraces(ctx, traces, self); err != nil {
			return nil, err
		}
	}
	if metrics != "" {
		if err := t.exportMetrics(ctx, metrics, self); err != nil {
			return nil, errors.Join(err, t.Shutdown(ctx))
		}
	}
	return t, nil
}

// Discard observes nothing, for tests and short-lived tools.
func Discard() *Telemetry {
	return &Telemetry{
		Tracer:     tracenoop.NewTracerProvider(),
		Meter:      metricnoop.NewMeterProvider(),
		Logger:     slog.New(slog.DiscardHandler),
		Propagator: propagation.TraceContext{},
	}
}

// Exports tells whether anybody receives traces or metrics; where nobody does, making them can be left out.
func (t *Telemetry) Exports() bool { return len(t.shutdowns) > 0 }

// Shutdown exports what is still held back, within ctx. What is recorded afterwards is lost.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	var errs []error
	for _, shutdown := range t.shutdowns {
		errs = append(errs, shutdown(ctx))
	}
	return errors.Join(errs...)
}

func signalURL(own, base url.URL, path string) string {
	switch {
	case own.Host != "":
		return own.String()
	case base.Host != "":
		return base.JoinPath(path).String()
	}
	return ""
}

// describe lets the environment have the last word, as the specification of OTEL_SERVICE_NAME and
// OTEL_RESOURCE_ATTRIBUTES asks.
func describe(ctx context.Context, options Options) (*resource.Resource, error) {
	self, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(
			semconv.ServiceName(options.Service),
			semconv.ServiceVersion(options.Version),
			semconv.ServiceInstanceID(options.Instance),
		),
		resource.WithFromEnv(),
	)
	if err != nil {
		return nil, fmt.Errorf("telemetry: describe this process: %w", err)
	}
	return self, nil
}

func (t *Telemetry) exportTraces(ctx context.Context, endpoint string, self *resource.Resource) error {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint))
	if err != nil {
		return fmt.Errorf("telemetry: export traces: %w", err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithResource(self),
		sdktrace.WithSpanProcessor(tenantSpans{}),
		sdktrace.WithBatcher(&tracesToLog{SpanExporter: exporter, outage: outage{log: t.Logger, signal: "traces"}}),
	)
	t.Tracer = provider
	t.shutdowns = append(t.shutdowns, provider.Shutdown)
	return nil
}

func (t *Telemetry) exportMetrics(ctx context.Context, endpoint string, self *resource.Resource) error {
	exporter, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(endpoint))
	if err != nil {
		return fmt.Errorf("telemetry: export metrics: %w", err)
	}
	provider := sdkmetric.NewMeterProvider(
		sdkmetric.WithResource(self),
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(
			&metricsToLog{Exporter: exporter, outage: outage{log: t.Logger, signal: "metrics"}},
		)),
	)
	t.Meter = provider
	t.shutdowns = append(t.shutdowns, provider.Shutdown)
	return nil
}
