package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/secret"
)

func (c *cli) orgs() *cobra.Command {
	group := &cobra.Command{Use: "org", Short: "Manage organisations"}
	var slug, name string
	create := &cobra.Command{
		Use: "create", Short: "Make an organisation", Args: cobra.NoArgs,
		RunE: c.act(func(ctx context.Context, p *platform.Platform, _ []string) error {
			org, err := p.Manager().CreateOrg(ctx, slug, name)
			if err != nil {
				return err
			}
			return c.print(one(orgView(org)))
		}),
	}
	create.Flags().StringVar(&slug, "slug", "", "short name for URLs")
	create.Flags().StringVar(&name, "name", "", "name for people")
	require(create, "slug", "name")
	list := &cobra.Command{
		Use: "list", Short: "List organisations", Args: cobra.NoArgs,
		RunE: c.act(func(ctx context.Context, p *platform.Platform, _ []string) error {
			orgs, err := p.Store.Orgs(ctx)
			if err != nil {
				return err
			}
			return c.print(many(orgs, orgView))
		}),
	}
	group.AddCommand(create, list)
	return group
}

func (c *cli) apps() *cobra.Command {
	group := &cobra.Command{Use: "app", Short: "Manage Apps"}
	var org, app string
	group.PersistentFlags().StringVar(&org, "org", "", "the organisation's slug or id")

	var draft manage.AppDraft
	create := &cobra.Command{
		Use: "create", Short: "Make an App; its signing secret is shown once", Args: cobra.NoArgs,
		RunE: c.within(&org, func(ctx context.Context, p *platform.Platform, org id.ID, _ []string) error {
			app, signing, err := p.Manager().CreateApp(ctx, org, draft)
			if err != nil {
				return err
			}
			return c.print(one(appView(app)).with("signingSecret", signing.Reveal()))
		}),
	}
	create.Flags().StringVar(&draft.Slug, "slug", "", "short name for URLs")
	create.Flags().StringVar(&draft.Name, "name", "", "name for people")
	create.Flags().StringVar(&draft.Description, "description", "", "what it is")
	create.Flags().BoolVar(&draft.PublicSubmission, "public", false, "take feedback without a user token")
	create.Flags().StringArrayVar(&draft.AllowedOrigins, "origin", nil, "an origin that may submit; all may without any (repeatable)")
	require(create, "slug", "name")

	var overlap time.Duration
	var given bool
	rotate := &cobra.Command{
		Use: "rotate-secret", Short: "Give an App another signing secret, shown once", Args: cobra.NoArgs,
		RunE: c.within(&org, func(ctx context.Context, p *platform.Platform, org id.ID, _ []string) error {
			found, err := findApp(ctx, p.Store, org, app)
			if err != nil {
				return err
			}
			rotated, signing, err := c.rotate(ctx, p.Manager(), found, overlap, given)
			if err != nil {
				return err
			}
			return c.print(one(appView(rotated)).with("signingSecret", signing.Reveal()))
		}),
	}
	rotate.Flags().StringVar(&app, "app", "", "the App's slug or id")
	rotate.Flags().DurationVar(&overlap, "overlap", 0, "how long tokens of the former secret go on to verify")
	rotate.Flags().BoolVar(&given, "secret-stdin", false, "take the secret from standard input: hex, base64 or raw text")
	require(rotate, "app")

	list := &cobra.Command{
		Use: "list", Short: "List an organisation's Apps", Args: cobra.NoArgs,
		RunE: c.within(&org, func(ctx context.Context, p *platform.Platform, org id.ID, _ []string) error {
			apps, err := p.Store.Apps(ctx, org)
			if err != nil {
				return err
			}
			return c.print(many(apps, appView))
		}),
	}
	group.AddCommand(create, list, rotate)
	return group
}

// maxSecret is far longer than any signing secret, in bytes.
const maxSecret = 4 << 10

// rotate gives the App a fresh secret, or the one that its backend signs with already.
func (c *cli) rotate(ctx context.Context, m *manage.Manager, app tenant.App, overlap time.Duration, given bool) (tenant.App, secret.String, error) {
	if !given {
		return m.RotateSecret(ctx, app.Org, app.ID, overlap)
	}
	text, err := io.ReadAll(io.LimitReader(c.in, maxSecret))
	if err != nil {
		return tenant.App{}, "", fmt.Errorf("read the secret: %w", err)
	}
	return m.ImportSecret(ctx, app.Org, app.ID, secret.String(text), overlap)
}

func (c *cli) members() *cobra.Command {
	group := &cobra.Command{Use: "member", Short: "Manage members"}
	var org, email, name, role string
	group.PersistentFlags().StringVar(&org, "org", "", "the organisation's slug or id")
	add := &cobra.Command{
		Use: "add", Short: "Make a person a member; the first password is shown once", Args: cobra.NoArgs,
		RunE: c.within(&org, func(ctx context.Context, p *platform.Platform, org id.ID, _ []string) error {
			password := manage.NewPassword(p.Random)
			member, err := p.Manager().AddMember(ctx, org, email, name, tenant.Role(role), password)
			if err != nil {
				return err
			}
			return c.print(one(memberView(member)).with("password", password.Reveal()))
		}),
	}
	add.Flags().StringVar(&email, "email", "", "e-mail address")
	add.Flags().StringVar(&name, "name", "", "name for people")
	add.Flags().StringVar(&role, "role", string(tenant.Viewer), "owner, admin or member")
	require(add, "email")
	list := &cobra.Command{
		Use: "list", Short: "List an organisation's members", Args: cobra.NoArgs,
		RunE: c.within(&org, func(ctx context.Context, p *platform.Platform, org id.ID, _ []string) error {
			members, err := p.Store.Members(ctx, org)
			if err != nil {
				return err
			}
			return c.print(many(members, memberView))
		}),
	}
	group.AddCommand(add, list)
	return group
}

// within makes a command of one organisation, given by slug or id.
func (c *cli) within(org *string, do func(ctx context.Context, p *platform.Platform, org id.ID, args []string) error) func(*cobra.Command, []string) error {
	return c.act(func(ctx context.Context, p *platform.Platform, args []string) error {
		if *org == "" {
			return apierr.Body(apierr.Issue{Path: []any{"--org"}, Code: "required", Message: "is required"})
		}
		if known, err := id.Parse(*org); err == nil {
			return do(ctx, p, known, args)
		}
		found, err := p.Store.OrgBySlug(ctx, *org)
		if err != nil {
			return err
		}
		return do(ctx, p, found.ID, args)
	})
}

func findApp(ctx context.Context, store platform.Store, org id.ID, slugOrID string) (tenant.App, error) {
	apps, err := store.Apps(ctx, org)
	if err != nil {
		return tenant.App{}, err
	}
	for _, app := range apps {
		if app.Slug == slugOrID || app.ID.String() == slugOrID {
			return app, nil
		}
	}
	return tenant.App{}, apierr.Missing("App")
}

func require(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		if err := cmd.MarkFlagRequired(flag); err != nil {
			panic("cli: " + err.Error()) // a flag that was never defined
		}
	}
}
