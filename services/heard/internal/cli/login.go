package cli

import (
	"context"
	"errors"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/heard-dev/heard/services/heard/internal/client"
	"github.com/heard-dev/heard/services/heard/internal/profile"
)

func (c *cli) login() *cobra.Command {
	var who credentials
	cmd := &cobra.Command{
		Use: "login", Short: "Log in to the Heard at --url, and remember it as --profile", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.url == "" {
				c.url = localURL
			}
			profiles, err := c.profiles()
			if err != nil {
				return err
			}
			fields := map[string]any{}
			if err := c.enter(cmd, password, fields); err != nil {
				return err
			}
			who.Password, _ = fields["password"].(string)
			made, err := c.logIn(cmd.Context(), who)
			if err != nil {
				return err
			}
			fresh := profile.Profile{URL: c.url, Org: who.Org, Email: who.Email, Access: made.access(), Refresh: made.refresh()}
			err = profiles.Change(cmd.Context(), c.profile, func(profile.Profile) (profile.Profile, error) { return fresh, nil })
			if err != nil {
				return err
			}
			return c.show(struct {
				Profile string `json:"profile"`
				URL     string `json:"url"`
				Org     string `json:"org"`
				Email   string `json:"email"`
			}{c.profile, fresh.URL, fresh.Org, fresh.Email})
		},
	}
	param{flag: "org", field: "org", usage: "the organisation's slug", required: true}.into(cmd, &who.Org)
	param{flag: "email", field: "email", usage: "your e-mail address there", required: true}.into(cmd, &who.Email)
	param{flag: "code", field: "code", usage: "the code of your second factor, where you have one"}.into(cmd, &who.Code)
	password.define(cmd)
	return cmd
}

var errNeedsCode = errors.New("a second factor is needed: give its code with --code")

// logIn asks for the code of a second factor where the password alone does not do.
func (c *cli) logIn(ctx context.Context, who credentials) (tokens, error) {
	api, err := client.New(c.url, client.Fixed(""))
	if err != nil {
		return tokens{}, err
	}
	made, err := create(ctx, api, who)
	if err != nil || !made.RequiresTwoFactor {
		return made, err
	}
	if c.terminal == nil {
		return made, errNeedsCode
	}
	if who.Code, err = c.line("Code of your second factor"); err != nil {
		return made, err
	}
	return create(ctx, api, who)
}

func (c *cli) logout() *cobra.Command {
	return &cobra.Command{
		Use: "logout", Short: "End the log-in of --profile and forget it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			profiles, err := c.profiles()
			if err != nil {
				return err
			}
			stored, err := profiles.Get(c.profile)
			if err != nil {
				return err
			}
			api, err := c.as(stored.URL, &login{profiles: profiles, name: c.profile})
			if err != nil {
				return err
			}
			_, err = api.Do(cmd.Context(), client.Call{Method: http.MethodDelete, Path: "/v1/sessions/current"})
			if refusal, ok := errors.AsType[*client.Error](err); ok && refusal.LoggedOut() { // it had ended before
				err = nil
			}
			if err != nil {
				return err
			}
			return profiles.Change(cmd.Context(), c.profile, func(profile.Profile) (profile.Profile, error) { return profile.Profile{}, nil })
		},
	}
}
