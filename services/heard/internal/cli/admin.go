package cli

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/platform/networked"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/telemetry"
	"github.com/heard-dev/heard/services/heard/internal/backup"
	"github.com/heard-dev/heard/services/heard/internal/demo"
	"github.com/heard-dev/heard/services/heard/internal/embedded"
)

const aboutAdmin = `Work on the data itself, as whoever owns the machine.

The data are the networked stores when HEARD_MONGO_URI is set, and the folder HEARD_DATA_DIR (.heard) otherwise; when a
process serves that folder, it carries the command out itself.`

func (c *cli) admin() *cobra.Command {
	group := &cobra.Command{Use: "admin", Short: "Work on the data itself, without the API", Long: aboutAdmin, Args: cobra.NoArgs, RunE: help}
	group.AddCommand(c.keys(), c.migrate(), c.bootstrap(), c.demo(), c.incident(), c.verifyAudit(), c.backup(), c.restore())
	return group
}

// installation is what an admin command works on. Embedded is nil where the stores are networked.
type installation struct {
	*platform.Platform
	embedded *embedded.Stores
}

// act makes a command that works on an installation: this process's own, the networked one, or the folder's. A folder that
// another process serves is left to that process.
func (c *cli) act(do func(ctx context.Context, i installation, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		if c.stores != nil {
			return do(ctx, installation{c.stores.Platform, c.stores}, args)
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
			return errors.Join(do(ctx, installation{Platform: p}, args), p.Close(ctx))
		}
		cfg, err := config.Load[embedded.Config](c.environ)
		if err != nil {
			return err
		}
		if told, err := c.forward(cmd, args, cfg.DataDir); told {
			return err
		}
		stores, err := embedded.Open(ctx, cfg, env)
		if err != nil {
			return err
		}
		return errors.Join(do(ctx, installation{stores.Platform, stores}, args), stores.Close(ctx))
	}
}

// networked tells whether the environment names a database server.
func (c *cli) networked() bool {
	cfg, err := config.Load[struct {
		URI secret.String `env:"HEARD_MONGO_URI"`
	}](c.environ)
	return err == nil && cfg.URI != ""
}

func (c *cli) demo() *cobra.Command {
	var base, secretName string
	cmd := &cobra.Command{
		Use: "demo", Short: "Make a demo tenant and write down how to reach it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := c.dataDir()
			if err != nil {
				return err
			}
			return c.act(func(ctx context.Context, i installation, _ []string) error {
				if i.embedded != nil {
					dir = i.embedded.Dir
				}
				if secretName != "" {
					return c.demoInto(ctx, i, dir, base, secretName)
				}
				d, err := demo.Ensure(ctx, i.Platform, dir, base, nil)
				if err != nil {
					return err
				}
				banner(c.out, d, filepath.Join(dir, demo.File))
				return nil
			})(cmd, args)
		},
	}
	cmd.Flags().StringVar(&base, "base-url", localURL, "what clients reach Heard under")
	kubeSecretFlag(cmd, &secretName)
	return cmd
}

func (c *cli) incident() *cobra.Command {
	group := &cobra.Command{Use: "incident", Short: "Look up answers that were our fault", Args: cobra.NoArgs, RunE: help}
	group.AddCommand(&cobra.Command{
		Use: "show REQUEST-ID", Short: "Show what lay behind an internal_error", Args: cobra.ExactArgs(1),
		RunE: c.act(func(ctx context.Context, i installation, args []string) error {
			found, err := i.Store.Incident(ctx, args[0])
			if err != nil {
				return err
			}
			return c.show(incidentView(found))
		}),
	})
	return group
}

var errNetworked = errors.New("only embedded stores are backed up here: back up MongoDB and the bucket with their own tools")

func (c *cli) backup() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Copy everything on embedded stores into one file, while it serves", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := filepath.Abs(args[0]) // the process that serves stands elsewhere
			if err != nil {
				return err
			}
			return c.act(func(ctx context.Context, i installation, args []string) error {
				if i.embedded == nil {
					return errNetworked
				}
				return backup.Write(ctx, i.embedded, args[0])
			})(cmd, []string{file})
		},
	}
}

func (c *cli) restore() *cobra.Command {
	return &cobra.Command{
		Use: "restore FILE", Short: "Fill an empty HEARD_DATA_DIR from a backup", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if c.networked() {
				return errNetworked
			}
			dir, err := c.dataDir()
			if err != nil {
				return err
			}
			return backup.Restore(cmd.Context(), args[0], dir, &run.Env{Telemetry: telemetry.Discard()})
		},
	}
}
