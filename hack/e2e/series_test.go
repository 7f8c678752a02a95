package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/prometheus/otlptranslator"
	collectmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// prometheus takes OTLP and knows which series Prometheus would have of it, as a collector or Prometheus' own receiver make them:
// named by the same library, with what is said of the process as labels.
type prometheus struct {
	*httptest.Server

	mu     sync.Mutex
	series []map[string]string // labels, and the name as __name__
}

func collect(t *testing.T) *prometheus {
	t.Helper()
	p := &prometheus{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/metrics" {
			return
		}
		var told collectmetrics.ExportMetricsServiceRequest
		if err := proto.Unmarshal(body, &told); err != nil {
			t.Error(err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, resource := range told.GetResourceMetrics() {
			for _, scope := range resource.GetScopeMetrics() {
				for _, metric := range scope.GetMetrics() {
					p.take(t, metric, resource.GetResource().GetAttributes())
				}
			}
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *prometheus) take(t *testing.T, metric *metrics.Metric, process []*common.KeyValue) {
	kind, parts := otlptranslator.MetricType(otlptranslator.MetricTypeGauge), []string{""}
	var points [][]*common.KeyValue
	numbers := func(of []*metrics.NumberDataPoint) {
		for _, point := range of {
			points = append(points, point.GetAttributes())
		}
	}
	switch {
	case metric.GetHistogram() != nil:
		kind, parts = otlptranslator.MetricTypeHistogram, []string{"_bucket", "_count", "_sum"}
		for _, point := range metric.GetHistogram().GetDataPoints() {
			points = append(points, point.GetAttributes())
		}
	case metric.GetSum().GetIsMonotonic():
		kind = otlptranslator.MetricTypeMonotonicCounter
		numbers(metric.GetSum().GetDataPoints())
	default:
		numbers(append(metric.GetGauge().GetDataPoints(), metric.GetSum().GetDataPoints()...))
	}
	namer, labels := otlptranslator.NewMetricNamer("", otlptranslator.UnderscoreEscapingWithSuffixes), otlptranslator.LabelNamer{}
	name, err := namer.Build(otlptranslator.Metric{Name: metric.GetName(), Unit: metric.GetUnit(), Type: kind})
	if err != nil {
		t.Error(err)
	}
	for _, attributes := range points {
		for _, part := range parts {
			series := map[string]string{"__name__": name + part}
			if part == "_bucket" {
				series["le"] = "+Inf"
			}
			for _, attribute := range append(slices.Clone(process), attributes...) {
				label, err := labels.Build(attribute.GetKey())
				if err != nil {
					t.Error(err)
				}
				series[label] = spelt(attribute.GetValue())
			}
			p.series = append(p.series, series)
		}
	}
}

func spelt(value *common.AnyValue) string {
	if _, ok := value.GetValue().(*common.AnyValue_IntValue); ok {
		return strconv.FormatInt(value.GetIntValue(), 10)
	}
	return value.GetStringValue()
}

func (p *prometheus) any(holds func(map[string]string) bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.series, holds)
}

// names are those of all series.
func (p *prometheus) names() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for _, series := range p.series {
		names = append(names, series["__name__"])
	}
	slices.Sort(names)
	return slices.Compact(names)
}
