package chart

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/heard-dev/heard/hack/front"
)

var update = flag.Bool("update", false, "write the generated files anew")

const header = "# Generated from the services' own route tables by make generate.\n"

func TestTheRoutesOfTheChartAreTheServicesOwn(t *testing.T) {
	routes, err := Routes()
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(routes)
	if err != nil {
		t.Fatal(err)
	}
	const path = "../../charts/heard/files/routes.yaml"
	text = append([]byte(header), text...)
	if *update {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	present, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(present, text) {
		t.Errorf("%s is not what the services serve (%v): run make generate", path, err)
	}
}

var parameter = regexp.MustCompile(`\{\w+\}`)

// By the Gateway API's order of precedence every operation reaches its service; limits of the API are kept.
func TestEveryOperationReachesItsServiceThroughAGateway(t *testing.T) {
	routes, err := Routes()
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range front.Operations() {
		path := parameter.ReplaceAllString(op.Path, "0123456789abcdef01234567")
		for _, surface := range []string{everySurface, op.Surface} {
			if got := chosen(slices.Concat(routes[surface]...), op.Method, path); got != op.Service {
				t.Errorf("%s %s reaches %s on the host of %s, want %s", op.Method, path, got, surface, op.Service)
			}
		}
	}
	for request, want := range map[string]string{
		"OPTIONS /v1/feedback": "ingest", "OPTIONS /v1/feedback/upload-url": "attachments", // where browsers ask first
		"GET /": front.Rest, "GET /docs": front.Rest, "GET /openapi.json": front.Rest, "POST /v1/nothing": front.Rest,
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := chosen(slices.Concat(routes[everySurface]...), method, path); got != want {
			t.Errorf("%s reaches %s, want %s", request, got, want)
		}
	}
	for surface, shared := range routes {
		for n, rules := range shared {
			total := 0
			for _, rule := range rules {
				if total += len(rule.Matches); len(rule.Matches) > 64 {
					t.Errorf("%s: %d matches of %s, and a rule has 64 at most", surface, len(rule.Matches), rule.Service)
				}
			}
			if total > 127 || len(rules) > 15 {
				t.Errorf("%s: %d matches in %d rules of HTTPRoute %d, and one has 128 in 16", surface, total, len(rules), n)
			}
		}
	}
}

// chosen is whom a gateway sends a request to: an exact path first, then the longest prefix, then a method.
func chosen(rules []Rule, method, path string) string {
	best, service := -1, front.Rest
	for _, rule := range rules {
		for _, m := range rule.Matches {
			weight := 2 * len(m.Path.Value)
			switch {
			case m.Method != "" && m.Method != method:
				continue
			case m.Path.Type == "Exact" && m.Path.Value == path:
				weight += 1 << 20
			case m.Path.Type == "PathPrefix" && within(path, m.Path.Value):
			default:
				continue
			}
			if m.Method != "" {
				weight++
			}
			if weight > best {
				best, service = weight, rule.Service
			}
		}
	}
	return service
}
