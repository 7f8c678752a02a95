// Package cli is Heard's command line: it serves the all-in-one, and manages what serves, over its API.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/heard-dev/heard/services/heard/internal/embedded"
	"github.com/heard-dev/heard/services/heard/internal/profile"
)

// Main runs the process's own command line. It ends the process with code 1 after a failure.
func Main() {
	c := &cli{args: os.Args[1:], environ: os.Environ(), in: os.Stdin, out: os.Stdout, errs: os.Stderr}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		c.terminal = os.Stdin
	}
	if code := c.run(context.Background()); code != 0 {
		os.Exit(code)
	}
}

// cli is one command line being carried out. Inside a serving process, stores are that process's.
type cli struct {
	args     []string
	environ  []string
	in       io.Reader
	out      io.Writer
	errs     io.Writer
	terminal *os.File // where a person can be asked; nil when nobody can
	stores   *embedded.Stores

	// Flags of every command.
	output  string
	url     string
	token   string
	profile string
	config  string
}

// errTold says that the failure was told already, by the process that carried the command out.
var errTold = errors.New("cli: told elsewhere")

func (c *cli) run(ctx context.Context) int {
	ran, err := c.root().ExecuteContextC(ctx)
	switch {
	case err == nil:
		return 0
	case !errors.Is(err, errTold):
		for _, line := range explain(ran, err) {
			fmt.Fprintln(c.errs, "heard: "+line) //nolint:errcheck // nobody reads what standard error refuses
		}
	}
	return 1
}

const about = `Heard hears your users.

Commands speak to the API of the Heard at --url with the API key or access token of --token; without one, as whom
"heard login" logged in; and where nobody did, as the admin of the demo in HEARD_DATA_DIR (.heard). Only "heard serve"
and "heard admin" touch the data itself.

Every flag can be given in the environment instead: --name of "heard key create" is HEARD_KEY_CREATE_NAME.`

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use: "heard", Short: "Heard hears your users.", Long: about, SilenceUsage: true, SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := fromEnviron(cmd, c.environ); err != nil {
				return err
			}
			if !slices.Contains(outputs, c.output) {
				return fmt.Errorf("--output must be %s, not %q", strings.Join(outputs, " or "), c.output)
			}
			return nil
		},
	}
	root.SetArgs(c.args)
	root.SetOut(c.out)
	root.SetErr(c.errs)
	flags := root.PersistentFlags()
	flags.StringVarP(&c.output, "output", "o", outputs[0], "how to print: "+strings.Join(outputs, " or "))
	flags.StringVar(&c.url, "url", "", "the Heard to speak to")
	flags.StringVar(&c.token, "token", "", "an API key (sk_…) or access token to speak with")
	flags.StringVar(&c.profile, "profile", defaultProfile, "the log-in to speak as")
	flags.StringVar(&c.config, "config", "", "the file of the log-ins (default: heard/config.json in your configuration folder)")
	secretFlag(root, "token")
	offer(root, "output", outputs...)
	root.AddCommand(c.serve(), c.login(), c.logout(), c.check())
	for _, v := range top() {
		root.AddCommand(c.verb(v))
	}
	for _, n := range nouns() {
		root.AddCommand(c.noun(n))
	}
	root.AddCommand(c.admin())
	root.InitDefaultCompletionCmd()
	nameVariables(root)
	return root
}

const defaultProfile = "default"

// outputs are the ways to print, the usual one first.
var outputs = []string{"table", "json"}

// profiles is where log-ins are kept.
func (c *cli) profiles() (profile.Store, error) {
	if c.config != "" {
		return profile.At(c.config), nil
	}
	folder, err := os.UserConfigDir()
	if err != nil {
		return profile.Store{}, fmt.Errorf("there is no place for log-ins, --config names one: %w", err)
	}
	return profile.At(filepath.Join(folder, "heard", "config.json")), nil
}

// offer completes a flag from a list.
func offer(cmd *cobra.Command, flag string, values ...string) {
	defined(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
}
