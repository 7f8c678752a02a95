package telemetry_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	collectmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collecttraces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/protobuf/proto"

	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/telemetry"
)

var (
	org = id.ID{1}
	app = id.ID{2}
)

// collector is an OTLP receiver on loopback.
type collector struct {
	url   url.URL
	close func()

	mu      sync.Mutex
	traces  map[string][]*collecttraces.ExportTraceServiceRequest // by path
	metrics map[string][]*collectmetrics.ExportMetricsServiceRequest
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{
		traces:  map[string][]*collecttraces.ExportTraceServiceRequest{},
		metrics: map[string][]*collectmetrics.ExportMetricsServiceRequest{},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		spans, points := &collecttraces.ExportTraceServiceRequest{}, &collectmetrics.ExportMetricsServiceRequest{}
		switch {
		case proto.Unmarshal(body, spans) == nil && len(spans.GetResourceSpans()[0].GetScopeSpans()[0].GetSpans()[0].GetTraceId()) == 16:
			c.traces[r.URL.Path] = append(c.traces[r.URL.Path], spans)
		case proto.Unmarshal(body, points) == nil:
			c.metrics[r.URL.Path] = append(c.metrics[r.URL.Path], points)
		default:
			t.Errorf("POST %s is neither traces nor metrics", r.URL.Path)
		}
	}))
	t.Cleanup(server.Close)
	c.close = server.Close
	parsed, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c.url = *parsed
	return c
}

func (c *collector) at(path string) url.URL { return *c.url.JoinPath(path) }

func newTelemetry(t *testing.T, cfg telemetry.Config, log io.Writer) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.New(t.Context(), telemetry.Options{
		Config: cfg, Service: "ingest", Version: "v1.2.3", Instance: "host-7", Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

func attributes(list []*common.KeyValue) map[string]string {
	m := map[string]string{}
	for _, kv := range list {
		m[kv.GetKey()] = kv.GetValue().GetStringValue()
	}
	return m
}

func requireAttributes(t *testing.T, of string, list []*common.KeyValue, want map[string]string) {
	t.Helper()
	got := attributes(list)
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s: %s = %q, want %q", of, key, got[key], value)
		}
	}
}

func TestShutdownDeliversSpansAndMetricsThatSayWhoAndForWhom(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=proving")
	global := otel.GetTracerProvider()
	c := newCollector(t)
	tel := newTelemetry(t, telemetry.Config{Endpoint: c.at("/base")}, io.Discard)

	ctx, request := tel.Tracer.Tracer("test").Start(t.Context(), "request")
	ctx = telemetry.WithTenant(ctx, org, app)
	_, store := tel.WithinRequests().Tracer("test").Start(ctx, "store")
	store.End()
	_, outside := tel.WithinRequests().Tracer("test").Start(t.Context(), "outside of requests")
	outside.End()
	request.End()
	counter, err := tel.Meter.Meter("test").Int64Counter("submissions")
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(ctx, 3)
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}

	self := map[string]string{
		"service.name": "ingest", "service.version": "v1.2.3", "service.instance.id": "host-7", "deployment.environment.name": "proving",
	}
	spans := map[string]bool{}
	for _, export := range c.traces["/base/v1/traces"] {
		for _, resource := range export.GetResourceSpans() {
			requireAttributes(t, "traces", resource.GetResource().GetAttributes(), self)
			for _, span := range resource.GetScopeSpans()[0].GetSpans() {
				spans[span.GetName()] = true
				requireAttributes(t, span.GetName(), span.GetAttributes(), map[string]string{
					"heard.org.id": org.String(), "heard.app.id": app.String(),
				})
			}
		}
	}
	if !spans["request"] || !spans["store"] || len(spans) != 2 {
		t.Errorf("spans that arrived: %v", spans)
	}
	var sum int64
	for _, export := range c.metrics["/base/v1/metrics"] {
		requireAttributes(t, "metrics", export.GetResourceMetrics()[0].GetResource().GetAttributes(), self)
		sum += export.GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics()[0].GetSum().GetDataPoints()[0].GetAsInt()
	}
	if sum != 3 {
		t.Errorf("the counter arrived as %d", sum)
	}
	if otel.GetTracerProvider() != global {
		t.Error("the global tracer provider was set")
	}
}

func TestEachSignalGoesWhereItIsSentOrNowhere(t *testing.T) {
	for name, row := range map[string]struct {
		config          func(c *collector) telemetry.Config
		traces, metrics string
	}{
		"no endpoint": {config: func(*collector) telemetry.Config { return telemetry.Config{} }},
		"disabled":    {config: func(c *collector) telemetry.Config { return telemetry.Config{Endpoint: c.url, Disabled: true} }},
		"traces only": {
			config: func(c *collector) telemetry.Config { return telemetry.Config{TracesEndpoint: c.at("/spans")} },
			traces: "/spans",
		},
		"own before base": {
			config: func(c *collector) telemetry.Config {
				return telemetry.Config{Endpoint: c.url, MetricsEndpoint: c.at("/points")}
			},
			traces: "/v1/traces", metrics: "/points",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCollector(t)
			tel := newTelemetry(t, row.config(c), io.Discard)
			ctx, span := tel.Tracer.Tracer("test").Start(t.Context(), "span")
			if traced := row.traces != ""; span.IsRecording() != traced || (tel.WithinRequests() != nil) != traced {
				t.Errorf("recording = %v, within requests by %v", span.IsRecording(), tel.WithinRequests())
			}
			span.End()
			counter, err := tel.Meter.Meter("test").Int64Counter("count")
			if err != nil {
				t.Fatal(err)
			}
			counter.Add(ctx, 1)
			if err := tel.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := len(c.traces[row.traces]) == 1; got != (row.traces != "") {
				t.Errorf("traces went to %v", c.traces)
			}
			if got := len(c.metrics[row.metrics]) == 1; got != (row.metrics != "") {
				t.Errorf("metrics went to %v", c.metrics)
			}
		})
	}
}

func TestACollectorThatIsAwayCostsOneLine(t *testing.T) {
	away := newCollector(t)
	away.close()
	var log bytes.Buffer
	tel := newTelemetry(t, telemetry.Config{TracesEndpoint: away.url}, &log)
	for range 2_000 { // several batches
		_, span := tel.Tracer.Tracer("test").Start(t.Context(), "span")
		span.End()
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(log.Bytes(), []byte("\n")); lines != 1 {
		t.Errorf("%d lines:\n%s", lines, log.String())
	}
}

func TestACollectorThatHangsDoesNotHoldUpShutdown(t *testing.T) {
	release := make(chan struct{})
	hung := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer hung.Close()
	defer close(release)
	endpoint, err := url.Parse(hung.URL)
	if err != nil {
		t.Fatal(err)
	}
	tel := newTelemetry(t, telemetry.Config{Endpoint: *endpoint}, io.Discard)
	_, span := tel.Tracer.Tracer("test").Start(t.Context(), "span")
	span.End()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := tel.Shutdown(ctx); err == nil || time.Since(began) > 2*time.Second {
		t.Errorf("Shutdown = %v after %s", err, time.Since(began))
	}
}
