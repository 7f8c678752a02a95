package sqlitestore

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	orgFields = `slug, name, app_url, plan, leak_policy, operator, created_at, closes_at, version`
	insertOrg = `INSERT INTO org (` + orgFields + `, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateOrg = `UPDATE org SET (` + orgFields + `) = (?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ? AND version = ?`
	selectOrg = `SELECT ` + orgFields + `, id FROM org`
	existsOrg = `SELECT 1 FROM org WHERE id = ?`

	appFields = `slug, name, description, public_key, public_submission, processing_mode, batch_enabled, batch_window_hours,
		allowed_origins, secrets, created_at, deleted_at, version`
	insertApp = `INSERT INTO app (` + appFields + `, org, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateApp = `UPDATE app SET (` + appFields + `) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE org = ? AND id = ? AND version = ?`
	selectApp = `SELECT ` + appFields + `, org, id FROM app`
	existsApp = `SELECT 1 FROM app WHERE org = ? AND id = ?`
)

type secretRow struct {
	ID        id.ID  `json:"id"`
	Sealed    []byte `json:"sealed"`
	CreatedAt int64  `json:"createdAt"`
	NotAfter  *int64 `json:"notAfter,omitzero"`
}

// CreateOrg implements tenant.Store.
func (s *Store) CreateOrg(ctx context.Context, org tenant.Org) error {
	return s.write(ctx, func(conn *sqlite.Conn) error { return insert(conn, insertOrg, "org", orgParams(org)) })
}

// Org implements tenant.Store.
func (s *Store) Org(ctx context.Context, org id.ID) (tenant.Org, error) {
	return s.org(ctx, selectOrg+` WHERE id = ?`, func(p *params) { p.id(org) })
}

// OrgBySlug implements tenant.Store.
func (s *Store) OrgBySlug(ctx context.Context, slug string) (tenant.Org, error) {
	return s.org(ctx, selectOrg+` WHERE slug = ?`, func(p *params) { p.text(slug) })
}

func (s *Store) org(ctx context.Context, query string, bind func(p *params)) (found tenant.Org, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return one(conn, query, "org", bind, func(r *row) { found = r.org() })
	})
	return found, err
}

// Orgs implements tenant.Store.
func (s *Store) Orgs(ctx context.Context) (all []tenant.Org, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, selectOrg+` ORDER BY id`, noParams, func(r *row) { all = append(all, r.org()) })
	})
	return all, err
}

// ReplaceOrg implements tenant.Store.
func (s *Store) ReplaceOrg(ctx context.Context, org tenant.Org) error {
	next := org
	next.Version++
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return compareAndSet(conn, updateOrg, existsOrg, "org",
			func(p *params) { orgParams(next)(p); p.int(org.Version) },
			func(p *params) { p.id(org.ID) })
	})
}

// CreateApp implements tenant.Store.
func (s *Store) CreateApp(ctx context.Context, org id.ID, app tenant.App) error {
	bind, err := appParams(org, app)
	if err != nil {
		return refusal(ctx, err)
	}
	return s.write(ctx, func(conn *sqlite.Conn) error { return insert(conn, insertApp, "app", bind) })
}

// App implements tenant.Store.
func (s *Store) App(ctx context.Context, org, app id.ID) (tenant.App, error) {
	return s.app(ctx, selectApp+` WHERE org = ? AND id = ?`, func(p *params) { p.id(org).id(app) })
}

// AppByPublicKey implements tenant.Store.
func (s *Store) AppByPublicKey(ctx context.Context, publicKey string) (tenant.App, error) {
	return s.app(ctx, selectApp+` WHERE public_key = ?`, func(p *params) { p.text(publicKey) })
}

func (s *Store) app(ctx context.Context, query string, bind func(p *params)) (found tenant.App, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return one(conn, query, "app", bind, func(r *row) { found = r.app() })
	})
	return found, err
}

// Apps implements tenant.Store.
func (s *Store) Apps(ctx context.Context, org id.ID) (all []tenant.App, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, selectApp+` WHERE org = ? ORDER BY id`, func(p *params) { p.id(org) },
			func(r *row) { all = append(all, r.app()) })
	})
	return all, err
}

// ReplaceApp implements tenant.Store.
func (s *Store) ReplaceApp(ctx context.Context, org id.ID, app tenant.App) error {
	next := app
	next.Version++
	bind, err := appParams(org, next)
	if err != nil {
		return refusal(ctx, err)
	}
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return compareAndSet(conn, updateApp, existsApp, "app",
			func(p *params) { bind(p); p.int(app.Version) },
			func(p *params) { p.id(org).id(app.ID) })
	})
}

// orgParams binds an org for insertOrg, and for updateOrg up to the version that it must have.
func orgParams(org tenant.Org) func(p *params) {
	return func(p *params) {
		p.text(org.Slug).text(org.Name).text(org.AppURL).text(org.Plan).text(string(org.LeakPolicy)).bool(org.Operator)
		p.time(org.CreatedAt).time(org.ClosesAt).int(org.Version).id(org.ID)
	}
}

func (r *row) org() tenant.Org {
	return tenant.Org{
		Slug: r.text(), Name: r.text(), AppURL: r.text(), Plan: r.text(), LeakPolicy: tenant.LeakPolicy(r.text()), Operator: r.bool(),
		CreatedAt: r.time(), ClosesAt: r.time(), Version: r.int(), ID: r.id(),
	}
}

// appParams binds an app for insertApp, and for updateApp up to the version that it must have.
func appParams(org id.ID, app tenant.App) (func(p *params), error) {
	rows := make([]secretRow, len(app.Secrets))
	for i, secret := range app.Secrets {
		rows[i] = secretRow{
			ID: secret.ID, Sealed: secret.Sealed, CreatedAt: secret.CreatedAt.UnixMilli(), NotAfter: millis(secret.NotAfter),
		}
	}
	secrets, err := encode(app.Secrets != nil, rows)
	if err != nil {
		return nil, err
	}
	origins, err := encode(app.AllowedOrigins != nil, app.AllowedOrigins)
	return func(p *params) {
		p.text(app.Slug).text(app.Name).text(app.Description).text(app.PublicKey).bool(app.PublicSubmission)
		p.text(string(app.ProcessingMode)).bool(app.BatchEnabled).int(int64(app.BatchWindowHours)).json(origins).json(secrets)
		p.time(app.CreatedAt).time(app.DeletedAt).int(app.Version).id(org).id(app.ID)
	}, err
}

func (r *row) app() tenant.App {
	app := tenant.App{
		Slug: r.text(), Name: r.text(), Description: r.text(), PublicKey: r.text(), PublicSubmission: r.bool(),
		ProcessingMode: tenant.ProcessingMode(r.text()), BatchEnabled: r.bool(), BatchWindowHours: int(r.int()),
	}
	r.json(&app.AllowedOrigins)
	var secrets []secretRow
	if r.json(&secrets); secrets != nil {
		app.Secrets = make([]tenant.SigningSecret, len(secrets))
	}
	for i, secret := range secrets {
		app.Secrets[i] = tenant.SigningSecret{
			ID: secret.ID, Sealed: secret.Sealed, CreatedAt: moment(&secret.CreatedAt), NotAfter: moment(secret.NotAfter),
		}
	}
	app.CreatedAt, app.DeletedAt, app.Version, app.Org, app.ID = r.time(), r.time(), r.int(), r.id(), r.id()
	return app
}

// millis is how JSON holds a time: nil for the zero time.
func millis(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	return new(t.UnixMilli())
}

// moment is the time that millis wrote.
func moment(millis *int64) time.Time {
	if millis == nil {
		return time.Time{}
	}
	return time.UnixMilli(*millis).UTC()
}
