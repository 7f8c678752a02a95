//go:build cluster

// These tests need a cluster: kubectl and helm point to it, and HEARD_CLUSTER_… say the rest. See make cluster-e2e.
package cluster

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/conformance"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// once builds and loads the images.
var once sync.Once

// installed gives the release of this code, with its stores; HEARD_CLUSTER_KEEP=yes takes one that is there as it is.
func installed(t *testing.T, set ...string) *Cluster {
	t.Helper()
	c, err := FromEnv()
	must(t, err)
	if os.Getenv("HEARD_CLUSTER_KEEP") != "" {
		return c
	}
	once.Do(func() { must(t, c.Images(t.Context(), "dev")) })
	must(t, c.Up(t.Context()))
	must(t, c.Install(t.Context(), set...))
	return c
}

func operate(t *testing.T, c *Cluster) *Operator {
	t.Helper()
	o, err := c.Operate(t.Context())
	must(t, err)
	t.Cleanup(o.Close)
	return o
}

// The chart installs, speaks every surface through the gateway, upgrades, passes its own test, and leaves nothing but the
// Secret when it goes.
func TestTheChartSpeaksEverySurface(t *testing.T) {
	c := installed(t, "services.ingest.replicas=1") // one that knows its callers when the database goes
	o := operate(t, c)
	app := func(i int) conformance.App {
		a := o.Demo.Apps[i]
		return conformance.App{ID: a.ID, PublicKey: a.PublicKey, SigningSecret: a.SigningSecret}
	}
	target := conformance.Target{
		BaseURL: c.URL, OrgID: o.Demo.Org.ID, Slug: o.Demo.Org.Slug, Public: app(0), Private: app(1), Keys: o.Demo.Keys,
		Admin:    conformance.Admin(o.Demo.Admin),
		HashKey:  o.HashKey,
		Heard:    func(args ...string) ([]byte, error) { return o.Heard(context.Background(), args...) },
		Sanitize: func(t *testing.T, item string) { sanitize(t, o, item) },
		Break: func(t *testing.T) func() {
			must(t, c.Scale(t.Context(), "statefulset/mongodb", 0))
			return func() { must(t, c.Scale(context.WithoutCancel(t.Context()), "statefulset/mongodb", 1)) }
		},
		BehindGateway: true,
	}
	t.Run("userz", func(t *testing.T) { conformance.Userz(t, target) })
	t.Run("authworx", func(t *testing.T) { conformance.Authworx(t, target) })
	t.Run("users", func(t *testing.T) { conformance.Users(t, target) })
	t.Run("userboost", func(t *testing.T) { conformance.Userboost(t, target) })
	t.Run("userorbit", func(t *testing.T) { conformance.Userorbit(t, target) })

	before := revisions(t, c)
	must(t, c.Install(t.Context(), "services.read.env.HEARD_LOG_LEVEL=warn"))
	for name, revision := range revisions(t, c) {
		if rolled := revision != before[name]; rolled != (name == "heard-read") {
			t.Errorf("a change to read alone: %s went from revision %s to %s", name, before[name], revision)
		}
	}
	_, err := c.Helm(t.Context(), "test", c.Release)
	must(t, err)
	t.Run("golden renders", func(t *testing.T) { valid(t, c) })
	must(t, c.Uninstall(t.Context()))
	_, err = c.Kubectl(t.Context(), "wait", "pod", "--selector", "app.kubernetes.io/part-of=heard", "--for=delete", "--timeout="+patience)
	must(t, err)
	left, err := c.Kubectl(t.Context(), "get", "deployment,replicaset,pod,job,service,configmap,networkpolicy,httproute,poddisruptionbudget,rolebinding,role,serviceaccount",
		"--selector", "app.kubernetes.io/part-of=heard", "--output", "name")
	must(t, err)
	if left != "" {
		t.Errorf("uninstalled, it leaves\n%s", left)
	}
}

// valid has the API server check, by its own schemas and admission, every object that the sets of values render; those of
// Prometheus' operator it does not know.
func valid(t *testing.T, c *Cluster) {
	golden, err := filepath.Glob(filepath.Join(c.Root, "hack", "chart", "testdata", "*.golden.yaml"))
	if err != nil || len(golden) == 0 {
		t.Fatalf("%v: %v", golden, err)
	}
	for _, path := range golden {
		text, err := os.ReadFile(path)
		must(t, err)
		parts := slices.DeleteFunc(strings.Split("\n"+string(text), "\n---\n"), func(part string) bool {
			return strings.Contains(part, "apiVersion: monitoring.coreos.com/")
		})
		_, err = c.run(t.Context(), []byte(strings.Join(parts, "\n---\n")), "kubectl", "--namespace", c.Namespace,
			"apply", "--dry-run=server", "--validate=strict", "--filename", "-")
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
}

// revisions count up when the pods of a Deployment are replaced.
func revisions(t *testing.T, c *Cluster) map[string]string {
	t.Helper()
	text, err := c.Kubectl(t.Context(), "get", "deployment", "--selector", "app.kubernetes.io/part-of=heard", "--output", "json")
	must(t, err)
	var listed struct {
		Items []struct {
			Metadata struct {
				Name        string
				Annotations map[string]string
			}
		}
	}
	must(t, json.Unmarshal([]byte(text), &listed))
	found := map[string]string{}
	for _, item := range listed.Items {
		found[item.Metadata.Name] = item.Metadata.Annotations["deployment.kubernetes.io/revision"]
	}
	return found
}

// sanitize does what a worker will.
func sanitize(t *testing.T, o *Operator, item string) {
	t.Helper()
	store, err := o.Store(t.Context())
	must(t, err)
	defer func() { must(t, store.Close(context.Background())) }()
	org, errOrg := id.Parse(o.Demo.Org.ID)
	stored, errItem := id.Parse(item)
	must(t, errOrg)
	must(t, errItem)
	for _, move := range [][2]feedback.Status{{feedback.Received, feedback.Sanitizing}, {feedback.Sanitizing, feedback.Sanitized}} {
		_, err := store.AmendFeedback(t.Context(), org, stored, move[0], feedback.Change{Status: &move[1]}, time.Now())
		must(t, err)
	}
}
