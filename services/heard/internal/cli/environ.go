package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// variable is the name in the environment of a flag that cmd defines: HEARD_KEY_CREATE_NAME, and HEARD_URL of the root's.
func variable(cmd *cobra.Command, flag string) string {
	path := strings.ToUpper(cmd.CommandPath() + "_" + flag)
	return strings.NewReplacer(" ", "_", "-", "_").Replace(path)
}

const (
	variableKey = "heard-variable" // annotates a flag with its variable
	secretKey   = "heard-secret"   // annotates a flag whose variable may be given as a file
)

// nameVariables gives every flag of the tree its variable, and tells it where the flag is described.
func nameVariables(cmd *cobra.Command) {
	name := func(f *pflag.Flag) {
		v := variable(cmd, f.Name)
		if f.Annotations == nil {
			f.Annotations = map[string][]string{}
		}
		f.Annotations[variableKey] = []string{v}
		f.Usage += " [" + v + "]"
	}
	cmd.PersistentFlags().VisitAll(name)
	cmd.LocalNonPersistentFlags().VisitAll(name)
	for _, sub := range cmd.Commands() {
		nameVariables(sub)
	}
}

func secretFlag(cmd *cobra.Command, flag string) {
	defined(cmd.PersistentFlags().SetAnnotation(flag, secretKey, []string{"true"}))
}

// fromEnviron sets the flags that were not given from their variables. An empty variable counts as unset; of one given
// twice the last counts.
func fromEnviron(cmd *cobra.Command, environ []string) (failed error) {
	values := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		names := f.Annotations[variableKey]
		if f.Changed || len(names) == 0 || failed != nil {
			return
		}
		value := values[names[0]]
		if file := values[names[0]+"_FILE"]; value == "" && file != "" && f.Annotations[secretKey] != nil {
			text, err := os.ReadFile(file)
			if err != nil {
				failed = fmt.Errorf("%s_FILE cannot be read", names[0]) // some put the secret itself there
				return
			}
			value = strings.TrimSpace(string(text))
		}
		if value == "" {
			return
		}
		if err := set(cmd, f, value); err != nil {
			failed = fmt.Errorf("%s: %w", names[0], err)
		}
	})
	return failed
}

// set gives a flag its value; that of a flag which may be repeated is a list, separated by commas.
func set(cmd *cobra.Command, f *pflag.Flag, value string) error {
	if _, list := f.Value.(pflag.SliceValue); !list {
		return cmd.Flags().Set(f.Name, value)
	}
	for _, item := range strings.Split(value, ",") {
		if err := cmd.Flags().Set(f.Name, strings.TrimSpace(item)); err != nil {
			return err
		}
	}
	return nil
}

// given spells the flags that have a value, as arguments: what the environment gave is among them. Those of every command
// are not, but for how to print.
func given(cmd *cobra.Command) (args []string) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if cmd.InheritedFlags().Lookup(f.Name) != nil && f.Name != "output" {
			return
		}
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, value := range values {
			args = append(args, "--"+f.Name+"="+value)
		}
	})
	return args
}
