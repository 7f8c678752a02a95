// Command cluster brings Heard into the cluster that HEARD_CLUSTER names: its images, stores for development, the chart with
// its demo, and what to try.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/heard-dev/heard/hack/cluster"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := up(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "cluster: "+err.Error()) //nolint:errcheck // nobody reads what standard error refuses
		os.Exit(1)
	}
}

func up(ctx context.Context) error {
	c, err := cluster.FromEnv()
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return c.Images(ctx, "dev") },
		func() error { return c.Up(ctx) },
		func() error { return c.Install(ctx) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	notes, err := c.Helm(ctx, "get", "notes", c.Release)
	fmt.Println(notes)
	return err
}
