//go:build cluster

package cluster

import (
	"context"
	"strconv"
)

// await waits until a service has exactly so many pods, all of them ready.
func (c *Cluster) await(ctx context.Context, service string, replicas int) error {
	number := strconv.Itoa(replicas)
	_, err := c.Kubectl(ctx, "wait", "deployment/"+c.Release+"-"+service, "--timeout="+patience,
		"--for=jsonpath={.status.readyReplicas}="+number)
	if err == nil {
		_, err = c.Kubectl(ctx, "wait", "deployment/"+c.Release+"-"+service, "--timeout="+patience, "--for=jsonpath={.status.replicas}="+number)
	}
	return err
}

// ready waits until every service is whole again.
func (c *Cluster) ready(ctx context.Context) error {
	_, err := c.Kubectl(ctx, "wait", "deployment", "--selector", "app.kubernetes.io/part-of=heard", "--for=condition=Available", "--timeout="+patience)
	return err
}
