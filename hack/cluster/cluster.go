// Package cluster installs Heard into a Kubernetes cluster as a user would, by its images, its chart, kubectl and helm, and
// disturbs it there.
package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/heard-dev/heard/hack/stack"
)

// Cluster is where kubectl points to, and how images get there.
type Cluster struct {
	Root      string
	Namespace string
	Release   string
	URL       string // of the gateway, from here
	Stores    string // the kustomization that brings them
	Values    string // a file for the chart
	Load      []string
	End       []string // a command that ends a container, by its id, with SIGKILL
}

// FromEnv is the cluster that HEARD_CLUSTER names: kind's, or the current one, to which HEARD_CLUSTER_LOAD is a command that
// takes an image archive there, and HEARD_CLUSTER_KILL one that ends a container by its id. HEARD_CLUSTER_URL, …_STORES and
// …_VALUES are for one that differs from kind's otherwise.
func FromEnv() (*Cluster, error) {
	root, err := stack.Root()
	if err != nil {
		return nil, err
	}
	load, end := filepath.Join(root, "bin", "kube", "kind")+" load image-archive --name heard", "docker exec heard-control-plane ctr -n k8s.io task kill -s SIGKILL"
	if os.Getenv("HEARD_CLUSTER") == "current" {
		end = os.Getenv("HEARD_CLUSTER_KILL")
		if load = os.Getenv("HEARD_CLUSTER_LOAD"); load == "" {
			return nil, errors.New("cluster: HEARD_CLUSTER_LOAD must be a command that takes an image archive to the current cluster")
		}
	}
	c := &Cluster{
		Root: root, Namespace: "heard", Release: "heard",
		URL:    or("HEARD_CLUSTER_URL", "http://127.0.0.1:30080"),
		Stores: or("HEARD_CLUSTER_STORES", filepath.Join(root, "k8s", "dev")),
		Values: or("HEARD_CLUSTER_VALUES", filepath.Join(root, "charts", "heard", "ci", "demo-values.yaml")),
		Load:   strings.Fields(load),
		End:    strings.Fields(end),
	}
	return c, nil
}

func or(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// Kubectl runs kubectl in the namespace and gives what it printed.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) (string, error) {
	return c.run(ctx, nil, "kubectl", append([]string{"--namespace", c.Namespace}, args...)...)
}

// Helm runs helm in the namespace.
func (c *Cluster) Helm(ctx context.Context, args ...string) (string, error) {
	return c.run(ctx, nil, "helm", append([]string{"--namespace", c.Namespace}, args...)...)
}

func (c *Cluster) run(ctx context.Context, in []byte, program string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, program, args...)
	command.Dir = c.Root
	command.Stdin = bytes.NewReader(in)
	out, err := command.Output()
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
		err = fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, ended.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

// Secret reads a Secret.
func (c *Cluster) Secret(ctx context.Context, name string) (map[string][]byte, error) {
	text, err := c.Kubectl(ctx, "get", "secret", name, "--output", "json")
	var held struct{ Data map[string][]byte }
	if err == nil {
		err = json.Unmarshal([]byte(text), &held)
	}
	return held.Data, err
}
