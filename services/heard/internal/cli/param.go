package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/heard-dev/heard/services/heard/internal/client"
)

// param is a flag that fills a field of the body, or of the query where a call has no body. Dots lead into objects.
type param struct {
	flag, field, usage string
	kind               kind
	required           bool
	choices            []string
	names              *directory
}

// kind is how a flag is read.
type kind int

const (
	word   kind = iota
	words       // may be repeated; one empty value is none
	yesNo       // --public, --public=false
	number      // a whole number
	span        // 90s or 24h, sent as whole seconds
)

func (p param) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	switch p.kind {
	case word:
		flags.String(p.flag, "", p.usage)
	case words:
		flags.StringArray(p.flag, nil, p.usage+" (repeatable)")
	case yesNo:
		flags.Bool(p.flag, false, p.usage)
	case number:
		flags.Int64(p.flag, 0, p.usage)
	case span:
		flags.Duration(p.flag, 0, p.usage)
	}
	p.describe(cmd)
}

// into defines a flag of one word that goes into a variable, for commands that are no single call.
func (p param) into(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, p.flag, "", p.usage)
	p.describe(cmd)
}

func (p param) describe(cmd *cobra.Command) {
	if len(p.choices) > 0 {
		offer(cmd, p.flag, p.choices...)
	}
	annotate(cmd, p.flag, p.field)
	if p.required {
		defined(cmd.MarkFlagRequired(p.flag))
	}
}

// annotate says that a flag fills a field, maybe beside others.
func annotate(cmd *cobra.Command, flag, field string) {
	filled := cmd.Flags().Lookup(flag).Annotations[fieldKey]
	defined(cmd.Flags().SetAnnotation(flag, fieldKey, append(filled, field)))
}

// defined is certain of a flag that was defined just before.
func defined(err error) {
	if err != nil {
		panic("cli: " + err.Error())
	}
}

// fill puts the flag's value into its field. A flag that was not given leaves the field to the API.
func (p param) fill(ctx context.Context, api *client.Client, cmd *cobra.Command, fields map[string]any) error {
	if !cmd.Flags().Changed(p.flag) {
		return nil
	}
	value, err := p.value(cmd)
	if err != nil {
		return err
	}
	if name, ok := value.(string); ok && p.names != nil {
		if value, err = p.names.find(ctx, api, name); err != nil {
			return err
		}
	}
	steps := strings.Split(p.field, ".")
	for _, step := range steps[:len(steps)-1] {
		inner, ok := fields[step].(map[string]any)
		if !ok {
			inner = map[string]any{}
			fields[step] = inner
		}
		fields = inner
	}
	fields[steps[len(steps)-1]] = value
	return nil
}

func (p param) value(cmd *cobra.Command) (any, error) {
	flags := cmd.Flags()
	switch p.kind {
	case words:
		values, err := flags.GetStringArray(p.flag)
		return slices.DeleteFunc(append([]string{}, values...), func(v string) bool { return v == "" }), err
	case yesNo:
		return flags.GetBool(p.flag)
	case number:
		return flags.GetInt64(p.flag)
	case span:
		length, err := flags.GetDuration(p.flag)
		if err == nil && length%time.Second != 0 {
			err = fmt.Errorf("--%s must be whole seconds", p.flag)
		}
		return int64(length / time.Second), err
	default:
		return flags.GetString(p.flag)
	}
}
