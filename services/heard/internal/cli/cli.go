// Package cli is Heard's command line: it serves the all-in-one, and manages tenants in whichever stores it is pointed at.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/platform/networked"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
	"github.com/heard-dev/heard/services/heard/internal/embedded"
)

// Main runs the process's own command line. It ends the process with code 1 after a failure.
func Main() {
	c := &cli{args: os.Args[1:], environ: os.Environ(), in: os.Stdin, out: os.Stdout, errs: os.Stderr}
	if code := c.run(context.Background()); code != 0 {
		os.Exit(code)
	}
}

// cli is one command line being carried out. Inside a serving process, platform is that process's.
type cli struct {
	args     []string
	environ  []string
	in       io.Reader
	out      io.Writer
	errs     io.Writer
	output   string
	platform *platform.Platform
}

// errTold says that the failure was told already, by the process that carried the command out.
var errTold = errors.New("cli: told elsewhere")

func (c *cli) run(ctx context.Context) int {
	root := c.root()
	root.SetArgs(c.args)
	root.SetOut(c.out)
	root.SetErr(c.errs)
	switch err := root.ExecuteContext(ctx); {
	case err == nil:
		return 0
	case !errors.Is(err, errTold):
		fmt.Fprintln(c.errs, "heard: "+explain(err)) //nolint:errcheck // nobody reads what standard error refuses
	}
	return 1
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use: "heard", Short: "Heard hears your users.", SilenceUsage: true, SilenceErrors: true,
		Long: "Heard hears your users.\n\nCommands work on the networked stores when HEARD_MONGO_URI is set, and on the folder HEARD_DATA_DIR\n" +
			"(.heard) otherwise; when a process serves that folder, it carries them out itself.",
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if c.output != "table" && c.output != "json" {
				return fmt.Errorf("--output must be table or json, not %q", c.output)
			}
			return nil
		},
	}
	root.PersistentFlags().StringVarP(&c.output, "output", "o", "table", "how to print: table or json")
	root.AddCommand(c.serve(), c.demo(), c.orgs(), c.apps(), c.members(), c.keys(), c.incidents())
	return root
}

// act makes a command that works on a platform: this process's own, the networked one, or the folder's. A folder that
// another process serves is left to that process.
func (c *cli) act(do func(ctx context.Context, p *platform.Platform, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		if c.platform != nil {
			return do(ctx, c.platform, args)
		}
		env := &run.Env{Telemetry: telemetry.Discard()}
		if c.networked() {
			cfg, err := config.Load[networked.Stores](c.environ)
			if err != nil {
				return err
			}
			p, err := networked.Open(ctx, "heard-cli", networked.Config{Stores: cfg}, env)
			if err != nil {
				return err
			}
			return errors.Join(do(ctx, p, args), p.Close(ctx))
		}
		cfg, err := config.Load[embedded.Config](c.environ)
		if err != nil {
			return err
		}
		if told, err := c.forward(ctx, cfg.DataDir); told {
			return err
		}
		stores, err := embedded.Open(ctx, cfg, env)
		if err != nil {
			return err
		}
		return errors.Join(do(ctx, stores.Platform, args), stores.Close(ctx))
	}
}

// networked tells whether the environment names a database server.
func (c *cli) networked() bool {
	cfg, err := config.Load[struct {
		URI string `env:"HEARD_MONGO_URI"`
	}](c.environ)
	return err == nil && cfg.URI != ""
}
