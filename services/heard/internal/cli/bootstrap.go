package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

func (c *cli) bootstrap() *cobra.Command {
	var slug, name, email, secretName string
	cmd := &cobra.Command{
		Use: "bootstrap", Short: "Make the operator's organisation with its owner and an API key, both secrets shown once", Args: cobra.NoArgs,
		RunE: c.act(func(ctx context.Context, i installation, _ []string) error {
			draft := manage.OrgDraft{Slug: slug, Name: name, Operator: true}
			if secretName != "" {
				return c.bootstrapInto(ctx, i, draft, email, secretName)
			}
			made, err := bootstrap(ctx, i, draft, email, manage.NewPassword(i.Random))
			if err != nil {
				return err
			}
			return c.show(made)
		}),
	}
	param{flag: "org", field: "slug", usage: "the organisation's slug", required: true}.into(cmd, &slug)
	param{flag: "name", field: "name", usage: "its name for people", required: true}.into(cmd, &name)
	param{flag: "email", field: "email", usage: "its owner's e-mail address", required: true}.into(cmd, &email)
	kubeSecretFlag(cmd, &secretName)
	return cmd
}

// bootstrapped is what a first operator starts with.
type bootstrapped struct {
	Org      string `json:"org"`
	OrgID    string `json:"orgId"`
	Email    string `json:"email"`
	Password string `json:"password"`
	Key      string `json:"key"`
}

// bootstrap makes the Org unless an earlier attempt did and came no further. One that has an owner is left alone.
func bootstrap(ctx context.Context, i installation, draft manage.OrgDraft, email string, password secret.String) (bootstrapped, error) {
	org, err := operatorsOrg(ctx, i, draft)
	if err == nil {
		err = unowned(ctx, i, org)
	}
	if err != nil {
		return bootstrapped{}, err
	}
	return equip(ctx, i, org, email, password)
}

func operatorsOrg(ctx context.Context, i installation, draft manage.OrgDraft) (tenant.Org, error) {
	org, err := i.Store.OrgBySlug(ctx, draft.Slug)
	if err != nil && apierr.KindOf(err) == apierr.NotFound {
		org, err = i.Manager.CreateOrg(ctx, byBootstrap(), draft)
	}
	return org, err
}

// equip gives the Org its owner and a key.
func equip(ctx context.Context, i installation, org tenant.Org, email string, password secret.String) (bootstrapped, error) {
	owner := manage.MemberDraft{Email: email, Role: access.Owner, Password: password}
	if _, err := i.Manager.AddMember(ctx, byBootstrap(), org.ID, owner); err != nil {
		return bootstrapped{}, err
	}
	key, err := bootstrapKey(ctx, i, org)
	return bootstrapped{org.Slug, org.ID.String(), email, password.Reveal(), key.Reveal()}, err
}

func bootstrapKey(ctx context.Context, i installation, org tenant.Org) (secret.String, error) {
	_, key, err := i.Manager.CreateKey(ctx, byBootstrap(), org.ID, manage.KeyDraft{Name: "bootstrap", Scopes: access.Rights()})
	return key, err
}

func byBootstrap() manage.By { return manage.Operator("heard admin bootstrap") }

func unowned(ctx context.Context, i installation, org tenant.Org) error {
	owners, err := i.Store.Owners(ctx, org.ID)
	if err == nil && (len(owners) > 0 || !org.Operator) {
		err = apierr.New(apierr.Conflict, apierr.CodeAlreadyExists, fmt.Sprintf("There is an organisation %s already.", org.Slug))
	}
	return err
}

// atOnce is how many audit entries are looked at between two reads.
const atOnce = 1000

func (c *cli) verifyAudit() *cobra.Command {
	group := &cobra.Command{Use: "audit", Short: "Look after the audit log", Args: cobra.NoArgs, RunE: help}
	var slug string
	verify := &cobra.Command{
		Use: "verify", Short: "Check that no entry of an organisation's audit log was changed or removed", Args: cobra.NoArgs,
		RunE: c.act(func(ctx context.Context, i installation, _ []string) error {
			org, err := i.Store.OrgBySlug(ctx, slug)
			if err != nil {
				return err
			}
			return c.verifyChain(ctx, i, org.ID)
		}),
	}
	param{flag: "org", field: "org", usage: "the organisation's slug", required: true}.into(verify, &slug)
	group.AddCommand(verify)
	return group
}

func (c *cli) verifyChain(ctx context.Context, i installation, org id.ID) error {
	checked, head := 0, ""
	for check := (audit.Check{More: true}); check.More; {
		var err error
		if check, err = i.Journal.Verify(ctx, org, check.Head, atOnce); err != nil {
			return err
		}
		checked += check.Checked
		if check.BrokenAt > 0 {
			return broken(check.BrokenAt)
		}
		if check.Head.Seq > 0 {
			head = fmt.Sprintf("%d.%x", check.Head.Seq, check.Head.Hash)
		}
	}
	return c.show(verified{checked, true, head})
}

// shownIncident is an incident as an operator reads it.
type shownIncident struct {
	RequestID string    `json:"requestId"`
	At        time.Time `json:"at"`
	Service   string    `json:"service"`
	Method    string    `json:"method"`
	Route     string    `json:"route"`
	Org       string    `json:"org"`
	App       string    `json:"app"`
	TraceID   string    `json:"traceId"`
	Cause     string    `json:"cause"`
	Stack     string    `json:"stack"`
}

func incidentView(i incident.Incident) shownIncident {
	return shownIncident{i.RequestID, i.At, i.Service, i.Method, i.Route, i.Org.String(), i.App.String(), i.TraceID, i.Cause, i.Stack}
}
