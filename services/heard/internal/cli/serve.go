package cli

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/services/heard"
	"github.com/heard-dev/heard/services/heard/internal/demo"
	"github.com/heard-dev/heard/services/heard/internal/embedded"
)

func (c *cli) serve() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Serve everything from one folder, on one port", Args: cobra.NoArgs,
		Run: func(*cobra.Command, []string) { run.Main("heard", c.open, "HEARD_LOG_LEVEL=warn") },
	}
}

// open makes the all-in-one.
func (c *cli) open(ctx context.Context, cfg embedded.Config, env *run.Env) (run.App, error) {
	var owner *demo.Owner
	if cfg.Demo {
		owner = demo.Prepare(cfg.DataDir, embedded.Random()) // beside the opening of the stores
	}
	stores, err := embedded.Open(ctx, cfg, env)
	if err != nil {
		return run.App{}, err
	}
	app := stores.App(env, append(heard.Services(stores.Platform, env.Telemetry.Logger), stores)...)
	started := make(chan string, 1)
	app.Ready = func(addr net.Addr) {
		base := cfg.PublicURL
		if base == "" {
			base = "http://" + addr.String()
		}
		stores.Serves(strings.TrimSuffix(base, "/"))
		started <- base
	}
	app.Loops = append(app.Loops,
		func(ctx context.Context) error { return listen(ctx, stores) },
		func(ctx context.Context) error {
			select {
			case base := <-started:
				return c.greet(ctx, cfg, stores, base, owner)
			case <-ctx.Done():
				return nil
			}
		})
	return app, nil
}

// greet makes the demo where it is wanted, and says where Heard is; only then is the process ready.
func (c *cli) greet(ctx context.Context, cfg embedded.Config, stores *embedded.Stores, base string, owner *demo.Owner) error {
	if !cfg.Demo {
		stores.Started()
		fmt.Fprintf(c.out, "Heard listens on %s, documented at %s/docs\n", base, base) //nolint:errcheck // nobody reads
		return nil
	}
	d, err := demo.Ensure(ctx, stores.Platform, cfg.DataDir, base, owner)
	if err != nil {
		return err
	}
	stores.Started()
	banner(c.out, d, filepath.Join(cfg.DataDir, demo.File))
	debug.FreeOSMemory() // the demo's password took 19 MiB to hash, which an idle process would keep for minutes
	return nil
}

// banner says where Heard is, and gives a first thing to do.
func banner(out io.Writer, d demo.Demo, file string) {
	fmt.Fprintf(out, `
  Heard     %[1]s
  API docs  %[1]s/docs
  Demo keys %[2]s

  Say something, then read it back:

  curl -sS %[1]s/v1/feedback -H 'Authorization: Bearer %[3]s' -H 'Content-Type: application/json' -d '{"text":"Dark mode, please"}'
  curl -sS %[1]s/v1/feedback -H "Authorization: Bearer $(grep -o 'sk_[0-9A-Za-z]*' %[2]s | head -1)"

`, d.BaseURL, file, d.Apps[0].PublicKey) //nolint:errcheck // nobody reads
}
