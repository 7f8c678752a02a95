package cluster

import (
	"context"
	"path/filepath"
	"runtime"
	"time"

	"github.com/heard-dev/heard/hack/images"
	"github.com/heard-dev/heard/hack/stack"
)

const patience = "4m" // for anything to become ready

// Images builds the images and loads them. Under another tag they are another version to the chart.
func (c *Cluster) Images(ctx context.Context, tag string) error {
	for _, program := range images.Programs() {
		made, err := images.Make(ctx, images.Options{
			Registry: "localhost/heard-dev", Tag: tag, Architectures: []string{runtime.GOARCH}, Dir: filepath.Join(c.Root, "bin", "images"), Version: tag,
		}, program)
		if err != nil {
			return err
		}
		if _, err := c.run(ctx, nil, c.Load[0], append(c.Load[1:], made.Archive)...); err != nil {
			return err
		}
	}
	return nil
}

// Up brings the stores, and the keys unless they are there.
func (c *Cluster) Up(ctx context.Context) error {
	if err := stack.Build(ctx, filepath.Join(c.Root, "bin"), stack.AllInOneProgram); err != nil {
		return err
	}
	if _, err := c.run(ctx, nil, "kubectl", "apply", "--kustomize", c.Stores); err != nil {
		return err
	}
	if _, err := c.Secret(ctx, "heard-keys"); err != nil {
		keys, err := c.run(ctx, nil, filepath.Join(c.Root, "bin", stack.AllInOneProgram), "admin", "keys")
		if err != nil {
			return err
		}
		if _, err := c.run(ctx, []byte(keys), "kubectl", "--namespace", c.Namespace, "create", "--filename", "-"); err != nil {
			return err
		}
	}
	_, err := c.Kubectl(ctx, "wait", "pod", "--all", "--for=condition=Ready", "--timeout="+patience)
	return err
}

// Install installs the chart or upgrades it, with further --set values, and waits until all of it is ready.
func (c *Cluster) Install(ctx context.Context, set ...string) error {
	args := []string{"upgrade", "--install", c.Release, filepath.Join(c.Root, "charts", "heard"), "--values", c.Values, "--wait", "--timeout", patience}
	for _, value := range set {
		args = append(args, "--set", value)
	}
	_, err := c.Helm(ctx, args...)
	return err
}

// Uninstall removes the release, and its Secret too.
func (c *Cluster) Uninstall(ctx context.Context) error {
	if _, err := c.Helm(ctx, "uninstall", c.Release, "--wait", "--timeout", patience); err != nil {
		return err
	}
	_, err := c.Kubectl(ctx, "delete", "secret", c.Release+"-bootstrap", "--ignore-not-found")
	return err
}

// Down removes everything, the stores' data too.
func (c *Cluster) Down(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	_, err := c.run(ctx, nil, "kubectl", "delete", "namespace", c.Namespace, "--ignore-not-found")
	return err
}
