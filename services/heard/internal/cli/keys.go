package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform"
)

func (c *cli) keys() *cobra.Command {
	group := &cobra.Command{Use: "key", Short: "Manage API keys"}
	var org, name string
	group.PersistentFlags().StringVar(&org, "org", "", "the organisation's slug or id")
	create := &cobra.Command{
		Use: "create", Short: "Make an API key; it is shown once", Args: cobra.NoArgs,
		RunE: c.within(&org, func(ctx context.Context, p *platform.Platform, org id.ID, _ []string) error {
			key, text, err := p.Manager().CreateKey(ctx, org, name, "heard key create")
			if err != nil {
				return err
			}
			return c.print(one(keyView(key)).with("key", text.Reveal()))
		}),
	}
	create.Flags().StringVar(&name, "name", "", "what it is for")
	require(create, "name")
	list := &cobra.Command{
		Use: "list", Short: "List an organisation's API keys, revoked ones too", Args: cobra.NoArgs,
		RunE: c.within(&org, func(ctx context.Context, p *platform.Platform, org id.ID, _ []string) error {
			keys, err := p.Store.Keys(ctx, org)
			if err != nil {
				return err
			}
			return c.print(many(keys, keyView))
		}),
	}
	revoke := &cobra.Command{
		Use: "revoke ID", Short: "End an API key: once this returns, nothing honours it", Args: cobra.ExactArgs(1),
		RunE: c.within(&org, func(ctx context.Context, p *platform.Platform, org id.ID, args []string) error {
			key, err := id.Parse(args[0])
			if err != nil {
				return apierr.Missing("API key")
			}
			revoked, err := p.Manager().RevokeKey(ctx, org, key)
			if err != nil {
				return err
			}
			return c.print(one(keyView(revoked)))
		}),
	}
	group.AddCommand(create, list, revoke)
	return group
}

func (c *cli) incidents() *cobra.Command {
	group := &cobra.Command{Use: "incident", Short: "Look up answers that were our fault"}
	show := &cobra.Command{
		Use: "show REQUEST-ID", Short: "Show what lay behind an internal_error", Args: cobra.ExactArgs(1),
		RunE: c.act(func(ctx context.Context, p *platform.Platform, args []string) error {
			found, err := p.Store.Incident(ctx, args[0])
			if err != nil {
				return err
			}
			return c.print(one(incidentView(found)))
		}),
	}
	group.AddCommand(show)
	return group
}
