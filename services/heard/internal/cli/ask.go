package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/heard-dev/heard/pkg/secret"
)

// entry is a secret that goes into a field and is never an argument, where other processes would see it: it comes from
// standard input, or from the terminal without being shown. An optional one is only read where its flag is given.
type entry struct {
	field, flag, prompt string
	optional            bool
}

var password = entry{field: "password", flag: "password-stdin", prompt: "Password"}

// maxEntry is far longer than any password or signing secret, in bytes.
const maxEntry = 8 << 10

func (e entry) define(cmd *cobra.Command) {
	cmd.Flags().Bool(e.flag, false, "take the "+strings.ToLower(e.prompt)+" from standard input")
	if err := cmd.Flags().SetAnnotation(e.flag, fieldKey, []string{e.field}); err != nil {
		panic("cli: " + err.Error()) // a flag that was never defined
	}
}

func (c *cli) enter(cmd *cobra.Command, e entry, fields map[string]any) error {
	piped, err := cmd.Flags().GetBool(e.flag)
	if err != nil || e.optional && !piped {
		return err
	}
	value, err := c.secret(e, piped)
	if err != nil {
		return err
	}
	fields[e.field] = value.Reveal()
	return nil
}

func (c *cli) secret(e entry, piped bool) (secret.String, error) {
	if piped {
		value, err := io.ReadAll(io.LimitReader(c.in, maxEntry))
		return secret.String(strings.TrimRight(string(value), "\r\n")), err
	}
	if c.terminal == nil {
		return "", fmt.Errorf("there is no terminal to ask for the %s: use --%s", strings.ToLower(e.prompt), e.flag)
	}
	fmt.Fprint(c.errs, e.prompt+": ") //nolint:errcheck // nobody reads
	value, err := term.ReadPassword(int(c.terminal.Fd()))
	fmt.Fprintln(c.errs) //nolint:errcheck // nobody reads
	return secret.String(value), err
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
