package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heard-dev/heard/services/heard/internal/client"
)

// noun is a group of commands about one kind of thing.
type noun struct {
	name, short string
	verbs       []verb
}

// verb is a command that is one call of the API.
type verb struct {
	name, short  string
	method, path string // an argument takes the place of its {name} in the path, or goes into the body
	args         []argument
	flags        []param
	columns      []string // of a list; nil for what answers with one thing
	warning      string   // what cannot be taken back; it asks for --yes
	stdin        *entry
	document     bool                                                                                     // its answer is JSON, whoever reads it
	open         bool                                                                                     // needs no log-in
	do           func(ctx context.Context, api *client.Client, call client.Call) (json.RawMessage, error) // nil: the call alone
}

// argument is a value without a flag. A directory lets a name stand in for an id.
type argument struct {
	field, shown string
	names        *directory
}

func (c *cli) noun(n noun) *cobra.Command {
	group := &cobra.Command{Use: n.name, Short: n.short, Args: cobra.NoArgs, RunE: help}
	for _, v := range n.verbs {
		group.AddCommand(c.verb(v))
	}
	return group
}

// help is what a group does on its own.
func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

func (c *cli) verb(v verb) *cobra.Command {
	cmd := &cobra.Command{Use: v.use(), Short: v.short, Args: cobra.ExactArgs(len(v.args))}
	for _, p := range v.flags {
		p.define(cmd)
	}
	if v.warning != "" {
		cmd.Flags().BoolP("yes", "y", false, "do not ask")
	}
	if v.stdin != nil {
		v.stdin.define(cmd)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		connect := c.api
		if v.open {
			connect = c.openAPI
		}
		api, err := connect()
		if err != nil {
			return err
		}
		call, err := c.call(ctx, api, v, cmd, args)
		if err != nil {
			return err
		}
		do := v.do
		if do == nil {
			do = once
		}
		answer, err := do(ctx, api, call)
		if err != nil {
			return err
		}
		if v.document {
			return c.printJSON(answer)
		}
		return c.print(answer, v.columns)
	}
	return cmd
}

func once(ctx context.Context, api *client.Client, call client.Call) (json.RawMessage, error) {
	return api.Do(ctx, call)
}

func (v verb) use() string {
	use := v.name
	for _, a := range v.args {
		use += " " + a.shown
	}
	return use
}

// call puts a request together from what the command line says.
func (c *cli) call(ctx context.Context, api *client.Client, v verb, cmd *cobra.Command, args []string) (client.Call, error) {
	path, fields := v.path, map[string]any{}
	for i, a := range v.args {
		value, err := a.names.find(ctx, api, args[i])
		if err != nil {
			return client.Call{}, err
		}
		if slot := "{" + a.field + "}"; strings.Contains(path, slot) {
			path = strings.Replace(path, slot, url.PathEscape(value), 1)
		} else {
			fields[a.field] = value
		}
	}
	for _, p := range v.flags {
		if err := p.fill(ctx, api, cmd, fields); err != nil {
			return client.Call{}, err
		}
	}
	if err := c.confirm(cmd, v.warning); err != nil {
		return client.Call{}, err
	}
	if v.stdin != nil {
		if err := c.enter(cmd, *v.stdin, fields); err != nil {
			return client.Call{}, err
		}
	}
	call := client.Call{Method: v.method, Path: path}
	switch {
	case v.method == http.MethodGet || v.method == http.MethodDelete:
		call.Query = query(fields)
	case len(fields) > 0 || len(v.flags) > 0:
		call.Body = fields
	}
	return call, nil
}

func query(fields map[string]any) url.Values {
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, fmt.Sprint(value))
	}
	return values
}
