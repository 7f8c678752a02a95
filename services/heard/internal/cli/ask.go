package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// entry is what is never an argument, where other processes would see it: secrets that go into fields. They come from
// standard input, several of them a line each, or from the terminal without being shown. An optional one is only read where
// its flag is given.
type entry struct {
	flag, usage string
	secrets     []asked
	optional    bool
}

type asked struct{ field, prompt string }

var password = entry{
	flag: "password-stdin", usage: "take the password from standard input",
	secrets: []asked{{"password", "Password"}},
}

// maxEntry is far longer than any passwords or signing secret, in bytes.
const maxEntry = 8 << 10

func (e entry) define(cmd *cobra.Command) {
	cmd.Flags().Bool(e.flag, false, e.usage)
	for _, secret := range e.secrets {
		annotate(cmd, e.flag, secret.field)
	}
}

func (c *cli) enter(cmd *cobra.Command, e entry, fields map[string]any) error {
	piped, err := cmd.Flags().GetBool(e.flag)
	if err != nil || e.optional && !piped {
		return err
	}
	if !piped {
		return c.enterByHand(e, fields)
	}
	given, err := io.ReadAll(io.LimitReader(c.in, maxEntry))
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimRight(string(given), "\r\n"), "\n")
	if len(lines) < len(e.secrets) {
		return fmt.Errorf("--%s reads %d lines", e.flag, len(e.secrets))
	}
	for i, secret := range e.secrets {
		fields[secret.field] = strings.TrimSuffix(lines[i], "\r")
	}
	if last := len(e.secrets) - 1; len(lines) > len(e.secrets) {
		fields[e.secrets[last].field] = strings.Join(lines[last:], "\n")
	}
	return nil
}

func (c *cli) enterByHand(e entry, fields map[string]any) error {
	if c.terminal == nil {
		return fmt.Errorf("there is no terminal to ask: use --%s", e.flag)
	}
	for _, secret := range e.secrets {
		fmt.Fprint(c.errs, secret.prompt+": ") //nolint:errcheck // nobody reads
		typed, err := term.ReadPassword(int(c.terminal.Fd()))
		fmt.Fprintln(c.errs) //nolint:errcheck // nobody reads
		if err != nil {
			return err
		}
		fields[secret.field] = string(typed)
	}
	return nil
}

// line asks for what may be seen.
func (c *cli) line(prompt string) (string, error) {
	fmt.Fprint(c.errs, prompt+": ") //nolint:errcheck // nobody reads
	text, err := bufio.NewReader(c.terminal).ReadString('\n')
	return strings.TrimSpace(text), err
}

var errNotConfirmed = errors.New("nothing was done")

// confirm lets a person think again before what cannot be taken back.
func (c *cli) confirm(cmd *cobra.Command, warning string) error {
	if warning == "" {
		return nil
	}
	yes, err := cmd.Flags().GetBool("yes")
	if err != nil || yes {
		return err
	}
	if c.terminal == nil {
		return fmt.Errorf("%s: say --yes", warning)
	}
	answer, err := c.line(warning + ". Type yes to go on")
	if err == nil && answer != "yes" {
		err = errNotConfirmed
	}
	return err
}
