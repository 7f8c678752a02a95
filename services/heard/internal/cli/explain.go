package cli

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/services/heard/internal/client"
)

// fieldKey annotates a flag with the field that it fills.
const fieldKey = "heard-field"

// explain is what a person at a terminal needs of an error, a line each: the flag that is at fault where one is.
func explain(cmd *cobra.Command, err error) []string {
	if refusal, ok := errors.AsType[*client.Error](err); ok {
		return explainRefusal(cmd, refusal)
	}
	if told, ok := errors.AsType[*apierr.Error](err); ok && told.Kind != apierr.Internal {
		return explainFault(cmd, told)
	}
	lines := strings.Split(err.Error(), "\n") // of errors that were joined
	for i, line := range lines {
		lines[i] = clean(line)
	}
	return lines
}

func explainRefusal(cmd *cobra.Command, refusal *client.Error) []string {
	if len(refusal.Issues) > 0 {
		lines := make([]string, len(refusal.Issues))
		for i, issue := range refusal.Issues {
			lines[i] = clean(naming(cmd, issue) + " " + issue.Message)
		}
		return lines
	}
	line := refusal.Message
	switch {
	case refusal.LoggedOut():
		line += ` Log in with "heard login", or give an API key with --token.`
	case refusal.Status >= http.StatusInternalServerError && refusal.RequestID != "":
		line += fmt.Sprintf(` An operator learns more by "heard admin incident show %s".`, refusal.RequestID)
	}
	return []string{clean(line)}
}

// explainFault is explainRefusal for a command that had no API between.
func explainFault(cmd *cobra.Command, told *apierr.Error) []string {
	if len(told.Issues) > 0 {
		issues := make([]client.Issue, len(told.Issues))
		for i, issue := range told.Issues {
			issues[i] = client.Issue{Path: strings.Trim(strings.ReplaceAll(fmt.Sprint(issue.Path...), " ", "."), "[]"), Message: issue.Message}
		}
		return explainRefusal(cmd, &client.Error{Issues: issues})
	}
	line := told.Message
	if cause := told.Unwrap(); cause != nil {
		line += " " + cause.Error()
	}
	return []string{clean(line)}
}

// naming names the flag that fills a field, or the field where none does.
func naming(cmd *cobra.Command, issue client.Issue) string {
	name := issue.Path
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		for _, filled := range f.Annotations[fieldKey] {
			if filled == issue.Path || filled == issue.Field() {
				name = "--" + f.Name
			}
		}
	})
	return name
}
