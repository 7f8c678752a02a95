package manage

import (
	"context"
	"unicode/utf8"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// AppDraft is an App as it is asked for.
type AppDraft struct {
	Slug, Name, Description string
	PublicSubmission        bool
	ProcessingMode          tenant.ProcessingMode // empty: manual
	BatchEnabled            bool
	BatchWindowHours        int // 0: the documented default
	AllowedOrigins          []string
}

const (
	// batchWindowHours is the documented default [Userz /docs/api/customer].
	batchWindowHours    = 24
	maxBatchWindowHours = 24 * 30
	maxOrigins          = 100
	maxDescription      = 2000 // characters
)

// Check names every fault of the draft at once.
func (d AppDraft) Check() error { return checkApp(d.app()) }

// app is the draft as an App, with what it leaves out.
func (d AppDraft) app() tenant.App {
	app := tenant.App{
		Slug: d.Slug, Name: d.Name, Description: d.Description, PublicSubmission: d.PublicSubmission, ProcessingMode: d.ProcessingMode,
		BatchEnabled: d.BatchEnabled, BatchWindowHours: d.BatchWindowHours, AllowedOrigins: d.AllowedOrigins,
	}
	if app.ProcessingMode == "" {
		app.ProcessingMode = tenant.Manual
	}
	if app.BatchWindowHours == 0 {
		app.BatchWindowHours = batchWindowHours
	}
	return app
}

// App finds an App; one that was deleted is apierr.NotFound even while it is being erased.
func (m *Manager) App(ctx context.Context, org, app id.ID) (tenant.App, error) {
	found, err := m.Store.App(ctx, org, app)
	if err == nil && !found.DeletedAt.IsZero() {
		return tenant.App{}, apierr.Missing("App")
	}
	return found, err
}

// CreateApp makes an App, and the signing secret that is shown once, as hex digits. A taken slug is apierr.Conflict, an
// unknown Org apierr.NotFound.
func (m *Manager) CreateApp(ctx context.Context, by By, org id.ID, draft AppDraft) (tenant.App, secret.String, error) {
	if _, err := m.Store.Org(ctx, org); err != nil {
		return tenant.App{}, "", err
	}
	app := draft.app()
	app.ID, app.Org, app.PublicKey, app.CreatedAt, app.Version = m.IDs.New(), org, apikey.NewPublic(m.Random), m.now(), 1
	if err := checkApp(app); err != nil {
		return tenant.App{}, "", err
	}
	sealed, text, err := m.seal(org, app.ID, usertoken.NewSecret(m.Random))
	if err != nil {
		return tenant.App{}, "", err
	}
	app.Secrets = []tenant.SigningSecret{sealed}
	what := audit.Change{Action: "app.create", Target: appTarget(app), After: appFacts(app)}
	return app, text, m.change(ctx, org, by, what, func() error { return m.Store.CreateApp(ctx, org, app) })
}

// AppChange names what becomes different; nil stays.
type AppChange struct {
	Name, Description *string
	PublicSubmission  *bool
	ProcessingMode    *tenant.ProcessingMode
	BatchEnabled      *bool
	BatchWindowHours  *int
	AllowedOrigins    *[]string
}

// UpdateApp changes an App's settings. Its slug and public key stay: they stand in web pages.
func (m *Manager) UpdateApp(ctx context.Context, by By, org, app id.ID, change AppChange) (tenant.App, error) {
	return m.changeApp(ctx, by, org, app, "app.update", func(a *tenant.App) error {
		change.apply(a)
		return checkApp(*a)
	})
}

// Check names every fault of the change at once.
func (c AppChange) Check() error {
	app := AppDraft{Slug: "app", Name: "App"}.app()
	c.apply(&app)
	return checkApp(app)
}

func (c AppChange) apply(a *tenant.App) {
	assign(&a.Name, c.Name)
	assign(&a.Description, c.Description)
	assign(&a.PublicSubmission, c.PublicSubmission)
	assign(&a.ProcessingMode, c.ProcessingMode)
	assign(&a.BatchEnabled, c.BatchEnabled)
	assign(&a.BatchWindowHours, c.BatchWindowHours)
	assign(&a.AllowedOrigins, c.AllowedOrigins)
}

// DeleteApp ends an App: when this returns nothing honours its credentials, and everything it heard is being erased.
func (m *Manager) DeleteApp(ctx context.Context, by By, org, app id.ID) (erasure.Erasure, error) {
	if _, err := m.Store.App(ctx, org, app); err != nil {
		return erasure.Erasure{}, err
	}
	receipt, err := m.erase(ctx, by, org, erasure.OfApp, erasure.Subject{App: app}, m.now())
	if err != nil {
		return receipt, err
	}
	_, err = m.changeApp(ctx, by, org, app, "app.delete", func(a *tenant.App) error {
		a.DeletedAt = m.now()
		return nil
	})
	if err != nil && apierr.KindOf(err) == apierr.NotFound { // whoever erases was faster
		err = m.announce(ctx, org)
	}
	return receipt, err
}

func (m *Manager) changeApp(ctx context.Context, by By, org, app id.ID, action string, edit func(*tenant.App) error) (changed tenant.App, err error) {
	err = retried(func() error {
		stored, err := m.Store.App(ctx, org, app)
		if err != nil {
			return err
		}
		changed = stored
		if err := edit(&changed); err != nil {
			return err
		}
		what := audit.Change{Action: action, Target: appTarget(stored)}
		what.Before, what.After = audit.Diff(appFacts(stored), appFacts(changed))
		return m.change(ctx, org, by, what, func() error { return m.Store.ReplaceApp(ctx, org, changed) })
	})
	return changed, err
}

// checkApp names every fault of an App's settings at once.
func checkApp(a tenant.App) error {
	faults := apierr.Issues(tenant.CheckSlug(a.Slug), checkName(a.Name))
	if utf8.RuneCountInString(a.Description) > maxDescription {
		faults = append(faults, apierr.Issue{Path: []any{"description"}, Code: "too_big", Message: "must have at most 2000 characters"})
	}
	if !a.ProcessingMode.Known() {
		faults = append(faults, apierr.Issue{Path: []any{"processingMode"}, Code: "invalid_value", Message: "must be auto_pr, manual or no_pr"})
	}
	if a.BatchWindowHours < 1 || a.BatchWindowHours > maxBatchWindowHours {
		faults = append(faults, apierr.Issue{Path: []any{"batchWindowHours"}, Code: "out_of_range", Message: "must be 1 to 720"})
	}
	if len(a.AllowedOrigins) > maxOrigins {
		faults = append(faults, apierr.Issue{Path: []any{"allowedOrigins"}, Code: "too_big", Message: "must have at most 100 items"})
	}
	for i, origin := range a.AllowedOrigins {
		if !tenant.IsOrigin(origin) {
			faults = append(faults, apierr.Issue{
				Path: []any{"allowedOrigins", i}, Code: "invalid_format", Message: "must be an origin, such as https://example.com",
			})
		}
	}
	if len(faults) > 0 {
		return apierr.Body(faults...)
	}
	return nil
}

func appTarget(a tenant.App) audit.Target {
	return audit.Target{Kind: "app", ID: a.ID.String(), Name: a.Slug}
}

// appFacts names an App's signing secrets by their ids alone.
func appFacts(a tenant.App) map[string]any {
	secrets := make([]map[string]any, len(a.Secrets))
	for i, s := range a.Secrets {
		secrets[i] = map[string]any{"id": s.ID.String(), "notAfter": spell(s.NotAfter)}
	}
	return map[string]any{
		"slug": a.Slug, "name": a.Name, "description": a.Description, "publicKey": a.PublicKey,
		"publicSubmissionEnabled": a.PublicSubmission, "processingMode": a.ProcessingMode, "batchEnabled": a.BatchEnabled,
		"batchWindowHours": a.BatchWindowHours, "allowedOrigins": append([]string{}, a.AllowedOrigins...),
		"signingSecrets": secrets, "deletedAt": spell(a.DeletedAt),
	}
}
