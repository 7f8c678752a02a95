package sqlitestore

import (
	"context"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	insertOrg = `INSERT INTO org (id, slug, name, plan, limits, created_at) VALUES (?, ?, ?, ?, ?, ?)`
	selectOrg = `SELECT id, slug, name, plan, limits, created_at FROM org`

	insertApp = `INSERT INTO app (slug, name, description, public_key, public_submission, processing_mode, batch_enabled,
		batch_window_hours, allowed_origins, secrets, created_at, version, org, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateApp = `UPDATE app SET slug = ?, name = ?, description = ?, public_key = ?, public_submission = ?, processing_mode = ?,
		batch_enabled = ?, batch_window_hours = ?, allowed_origins = ?, secrets = ?, created_at = ?, version = ?
		WHERE org = ? AND id = ? AND version = ?`
	selectApp = `SELECT slug, name, description, public_key, public_submission, processing_mode, batch_enabled,
		batch_window_hours, allowed_origins, secrets, created_at, version, org, id FROM app`
	existsApp = `SELECT 1 FROM app WHERE org = ? AND id = ?`

	insertMember = `INSERT INTO member (org, id, email, email_folded, name, role, password_hash, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	selectMembers = `SELECT org, id, email, name, role, password_hash, created_at FROM member WHERE org = ? ORDER BY id`
)

type rateRow struct {
	Limit int64 `json:"limit"`
	Burst int64 `json:"burst"`
}

type secretRow struct {
	ID        id.ID  `json:"id"`
	Sealed    []byte `json:"sealed"`
	CreatedAt int64  `json:"createdAt"`
	NotAfter  *int64 `json:"notAfter,omitzero"`
}

// CreateOrg implements tenant.Store.
func (s *Store) CreateOrg(ctx context.Context, org tenant.Org) error {
	limits, err := encodeLimits(org.Limits)
	if err != nil {
		return refusal(ctx, err)
	}
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return insert(conn, insertOrg, "org", func(p *params) {
			p.id(org.ID).text(org.Slug).text(org.Name).text(org.Plan).json(limits).time(org.CreatedAt)
		})
	})
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

// CreateMember implements tenant.Store.
func (s *Store) CreateMember(ctx context.Context, org id.ID, member tenant.Member) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return insert(conn, insertMember, "member", func(p *params) {
			p.id(org).id(member.ID).text(member.Email).text(strings.ToLower(member.Email)).text(member.Name)
			p.text(string(member.Role)).text(member.PasswordHash).time(member.CreatedAt)
		})
	})
}

// Members implements tenant.Store.
func (s *Store) Members(ctx context.Context, org id.ID) (all []tenant.Member, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, selectMembers, func(p *params) { p.id(org) }, func(r *row) {
			all = append(all, tenant.Member{
				Org: r.id(), ID: r.id(), Email: r.text(), Name: r.text(), Role: tenant.Role(r.text()), PasswordHash: r.text(), CreatedAt: r.time(),
			})
		})
	})
	return all, err
}

func encodeLimits(limits map[string]tenant.Rate) ([]byte, error) {
	rows := make(map[string]rateRow, len(limits))
	for policy, rate := range limits {
		rows[policy] = rateRow(rate)
	}
	return encode(limits != nil, rows)
}

func (r *row) org() tenant.Org {
	org := tenant.Org{ID: r.id(), Slug: r.text(), Name: r.text(), Plan: r.text()}
	var limits map[string]rateRow
	if r.json(&limits); limits != nil {
		org.Limits = make(map[string]tenant.Rate, len(limits))
	}
	for policy, rate := range limits {
		org.Limits[policy] = tenant.Rate(rate)
	}
	org.CreatedAt = r.time()
	return org
}

// appParams binds an app for insertApp, and for updateApp up to the version that it must have.
func appParams(org id.ID, app tenant.App) (func(p *params), error) {
	rows := make([]secretRow, len(app.Secrets))
	for i, secret := range app.Secrets {
		rows[i] = secretRow{ID: secret.ID, Sealed: secret.Sealed, CreatedAt: secret.CreatedAt.UnixMilli()}
		if !secret.NotAfter.IsZero() {
			rows[i].NotAfter = new(secret.NotAfter.UnixMilli())
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
		p.time(app.CreatedAt).int(app.Version).id(org).id(app.ID)
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
		app.Secrets[i] = tenant.SigningSecret{ID: secret.ID, Sealed: secret.Sealed, CreatedAt: moment(secret.CreatedAt)}
		if secret.NotAfter != nil {
			app.Secrets[i].NotAfter = moment(*secret.NotAfter)
		}
	}
	app.CreatedAt, app.Version, app.Org, app.ID = r.time(), r.int(), r.id(), r.id()
	return app
}

func moment(millis int64) time.Time { return time.UnixMilli(millis).UTC() }
