package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metricsql"
	"go.yaml.in/yaml/v3"

	"github.com/heard-dev/heard/hack/stack"
)

// What the chart's rules and dashboards ask Prometheus for is what services tell: a name, a label or a value that no series has
// would be an alert that never fires.
func TestRulesAndDashboardsAskForWhatServicesTell(t *testing.T) {
	servers := testServers(t)
	toMongo, toRedis := lay(t, servers.MongoURI), lay(t, servers.RedisURL)
	prometheus := collect(t)
	running := start(t, stack.Options{Servers: servers, Env: []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + prometheus.URL, "OTEL_METRIC_EXPORT_INTERVAL=200",
		"HEARD_MONGO_URI=" + through(t, toMongo, servers.MongoURI), "HEARD_REDIS_URL=" + through(t, toRedis, servers.RedisURL),
	}})
	submit := func(key string, want int) {
		t.Helper()
		if status, text := ask(t, http.MethodPost, running.URL+"/v1/feedback", key, `{"text":"x"}`); status != want {
			t.Errorf("answered %d %s", status, text)
		}
	}
	app := running.Demo.Apps[0].PublicKey
	submit(app, http.StatusCreated)
	submit("pub_nobody", http.StatusUnauthorized)
	toRedis.Cut()
	submit(app, http.StatusCreated)
	toMongo.Cut()
	submit(app, http.StatusServiceUnavailable)
	toMongo.Mend() // what is told of requests is written down when processes end

	asked := expressions(t)
	if len(asked) < 9 {
		t.Fatalf("the chart asks for %q alone", asked)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		var missing []error
		for _, expression := range asked {
			if err := prometheus.answers(expression); err != nil {
				missing = append(missing, err)
			}
		}
		if len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v\nThere are %v", errors.Join(missing...), prometheus.names())
		}
	}
}

// expressions are what the rules and dashboards of a rendered chart ask for.
func expressions(t *testing.T) (all []string) {
	t.Helper()
	rendered, err := os.Open("../chart/testdata/production.golden.yaml")
	must(t, err)
	defer rendered.Close() //nolint:errcheck // only read from
	for decoder := yaml.NewDecoder(rendered); ; {
		var object struct {
			Kind string
			Data map[string]string
			Spec struct {
				Groups []struct{ Rules []struct{ Expr string } }
			}
		}
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
			return all
		} else if wrong := (*yaml.TypeError)(nil); !errors.As(err, &wrong) { // a field of another kind of object
			must(t, err)
		}
		for _, group := range object.Spec.Groups {
			for _, rule := range group.Rules {
				all = append(all, rule.Expr)
			}
		}
		for name, text := range object.Data {
			if object.Kind != "ConfigMap" || !strings.HasSuffix(name, ".json") {
				continue
			}
			var dashboard struct {
				Panels []struct{ Targets []struct{ Expr string } }
			}
			must(t, json.Unmarshal([]byte(text), &dashboard))
			for _, panel := range dashboard.Panels {
				for _, target := range panel.Targets {
					all = append(all, target.Expr)
				}
			}
		}
	}
}

// answers tells what an expression asks for that no series has.
func (p *prometheus) answers(expression string) error {
	parsed, err := metricsql.Parse(expression)
	if err != nil {
		return err
	}
	var faults []error
	metricsql.VisitAll(parsed, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.MetricExpr:
			faults = append(faults, p.has(e, nil))
		case *metricsql.AggrFuncExpr:
			metricsql.VisitAll(e.Args[0], func(of metricsql.Expr) {
				if of, ok := of.(*metricsql.MetricExpr); ok {
					faults = append(faults, p.has(of, e.Modifier.Args))
				}
			})
		}
	})
	return errors.Join(faults...)
}

// has tells whether a series is as the selector says, and has the labels too.
func (p *prometheus) has(selector *metricsql.MetricExpr, labels []string) error {
	filters := selector.LabelFilterss[0]
	if p.any(func(series map[string]string) bool {
		return !slices.ContainsFunc(filters, func(f metricsql.LabelFilter) bool { return matches(f, series[f.Label]) == f.IsNegative }) &&
			!slices.ContainsFunc(labels, func(label string) bool { return series[label] == "" })
	}) {
		return nil
	}
	return errors.New("no series is " + string(selector.AppendString(nil)) + " with the labels " + strings.Join(labels, ", "))
}

func matches(f metricsql.LabelFilter, value string) bool {
	if !f.IsRegexp {
		return value == f.Value
	}
	return regexp.MustCompile("^(?:" + f.Value + ")$").MatchString(value)
}
