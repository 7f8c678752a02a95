package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Roll replaces every pod of a service, as an upgrade does.
func (c *Cluster) Roll(ctx context.Context, service string) error {
	deployment := "deployment/" + c.Release + "-" + service
	if _, err := c.Kubectl(ctx, "rollout", "restart", deployment); err != nil {
		return err
	}
	_, err := c.Kubectl(ctx, "rollout", "status", deployment, "--timeout="+patience)
	return err
}

// Scale sets how many pods there are, and waits until so many are ready and no more are there.
func (c *Cluster) Scale(ctx context.Context, what string, replicas int) error {
	if _, err := c.Kubectl(ctx, "scale", what, "--replicas="+strconv.Itoa(replicas)); err != nil {
		return err
	}
	if replicas > 0 {
		_, err := c.Kubectl(ctx, "rollout", "status", what, "--timeout="+patience)
		return err
	}
	kind, name, _ := strings.Cut(what, "/")
	label := map[string]string{"statefulset": "app=" + name, "deployment": "app=" + name}[kind]
	_, err := c.Kubectl(ctx, "wait", "pod", "--selector", label, "--for=delete", "--timeout="+patience)
	return err
}

// pods are the names of a service's pods that are ready; of all services where it is empty.
func (c *Cluster) pods(ctx context.Context, service string) ([]string, error) {
	selector := "app.kubernetes.io/part-of=heard"
	if service != "" {
		selector += ",app.kubernetes.io/component=" + service
	}
	text, err := c.Kubectl(ctx, "get", "pod", "--selector", selector, "--output", "jsonpath={.items[?(@.status.containerStatuses[0].ready==true)].metadata.name}")
	if err == nil && text == "" {
		err = fmt.Errorf("cluster: no pod of %q is ready", service)
	}
	return strings.Fields(text), err
}

// Kill ends the process of a random pod that is ready by SIGKILL, with neither sleep nor drain nor word to the gateway. Where
// nobody says how, the pod is deleted by force instead, which gives its process a moment.
func (c *Cluster) Kill(ctx context.Context, chance *rand.Rand) (string, error) {
	pods, err := c.pods(ctx, "")
	if err != nil {
		return "", err
	}
	pod := pods[chance.IntN(len(pods))]
	if len(c.End) == 0 {
		_, err = c.Kubectl(ctx, "delete", "pod", pod, "--grace-period=0", "--force", "--wait=false")
		return pod, err
	}
	container, err := c.Kubectl(ctx, "get", "pod", pod, "--output", "jsonpath={.status.containerStatuses[0].containerID}")
	if err == nil {
		_, id, _ := strings.Cut(container, "://")
		_, err = c.run(ctx, nil, c.End[0], append(c.End[1:], id)...)
	}
	return pod, err
}

// Evict asks for the eviction of each pod of a service in turn, as kubectl drain does, and waits for its successor.
func (c *Cluster) Evict(ctx context.Context, service string) error {
	pods, err := c.pods(ctx, service)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		eviction, err := json.Marshal(map[string]any{
			"apiVersion": "policy/v1", "kind": "Eviction", "metadata": map[string]string{"name": pod, "namespace": c.Namespace},
		})
		if err != nil {
			return err
		}
		path := "/api/v1/namespaces/" + c.Namespace + "/pods/" + pod + "/eviction"
		if _, err := c.run(ctx, eviction, "kubectl", "create", "--raw", path, "--filename", "-"); err != nil {
			return err
		}
		_, gone := c.Kubectl(ctx, "wait", "pod", pod, "--for=delete", "--timeout="+patience)
		_, back := c.Kubectl(ctx, "rollout", "status", "deployment/"+c.Release+"-"+service, "--timeout="+patience)
		if err := errors.Join(gone, back); err != nil {
			return err
		}
	}
	return nil
}
