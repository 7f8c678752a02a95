package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

func orgIndexes() []mongo.IndexModel { return []mongo.IndexModel{unique("slug")} }

func appIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{unique("orgId", "slug"), unique("publicKey"), index("orgId", "_id")}
}

// orgDoc has no version, and nothing that came with it, where it was written before there were any.
type orgDoc struct {
	ID         bson.ObjectID     `bson:"_id"`
	Slug       string            `bson:"slug"`
	Name       string            `bson:"name"`
	AppURL     string            `bson:"appUrl"`
	Plan       string            `bson:"plan"`
	LeakPolicy tenant.LeakPolicy `bson:"leakPolicy"`
	Operator   bool              `bson:"operator"`
	CreatedAt  time.Time         `bson:"createdAt"`
	ClosesAt   time.Time         `bson:"closesAt,omitempty"`
	Version    *int64            `bson:"version"`
}

type rateDoc struct {
	Limit int64 `bson:"limit"`
	Burst int64 `bson:"burst"`
}

type appDoc struct {
	ID               bson.ObjectID         `bson:"_id"`
	Org              bson.ObjectID         `bson:"orgId"`
	Slug             string                `bson:"slug"`
	Name             string                `bson:"name"`
	Description      string                `bson:"description"`
	PublicKey        string                `bson:"publicKey"`
	PublicSubmission bool                  `bson:"publicSubmission"`
	ProcessingMode   tenant.ProcessingMode `bson:"processingMode"`
	BatchEnabled     bool                  `bson:"batchEnabled"`
	BatchWindowHours int                   `bson:"batchWindowHours"`
	AllowedOrigins   []string              `bson:"allowedOrigins"`
	Secrets          []signingSecretDoc    `bson:"secrets"`
	CreatedAt        time.Time             `bson:"createdAt"`
	DeletedAt        time.Time             `bson:"deletedAt,omitempty"`
	Version          int64                 `bson:"version"`
}

type signingSecretDoc struct {
	ID        bson.ObjectID `bson:"id"`
	Sealed    []byte        `bson:"sealed"`
	CreatedAt time.Time     `bson:"createdAt"`
	NotAfter  time.Time     `bson:"notAfter,omitempty"`
}

// CreateOrg implements tenant.Store.
func (s *Store) CreateOrg(ctx context.Context, org tenant.Org) error {
	return s.orgs.insert(ctx, newOrgDoc(org))
}

// Org implements tenant.Store.
func (s *Store) Org(ctx context.Context, org id.ID) (tenant.Org, error) {
	return core(current[orgDoc](ctx, s.orgs, bson.D{e("_id", bson.ObjectID(org))}))
}

// OrgBySlug implements tenant.Store.
func (s *Store) OrgBySlug(ctx context.Context, slug string) (tenant.Org, error) {
	return core(current[orgDoc](ctx, s.orgs, bson.D{e("slug", slug)}))
}

// Orgs implements tenant.Store.
func (s *Store) Orgs(ctx context.Context) ([]tenant.Org, error) {
	return cores(find[orgDoc](ctx, s.orgs, bson.D{}, oldestFirst()))
}

// ReplaceOrg implements tenant.Store.
func (s *Store) ReplaceOrg(ctx context.Context, org tenant.Org) error {
	known := org.Version
	org.Version++
	doc := newOrgDoc(org)
	return s.orgs.swap(ctx, bson.D{e("_id", doc.ID)}, doc, versioned(known))
}

// CreateApp implements tenant.Store.
func (s *Store) CreateApp(ctx context.Context, org id.ID, app tenant.App) error {
	return s.apps.insert(ctx, newAppDoc(org, app))
}

// App implements tenant.Store.
func (s *Store) App(ctx context.Context, org, app id.ID) (tenant.App, error) {
	return core(current[appDoc](ctx, s.apps, owned(org, e("_id", bson.ObjectID(app)))))
}

// Apps implements tenant.Store.
func (s *Store) Apps(ctx context.Context, org id.ID) ([]tenant.App, error) {
	return cores(find[appDoc](ctx, s.apps, owned(org), oldestFirst()))
}

// AppByPublicKey implements tenant.Store.
func (s *Store) AppByPublicKey(ctx context.Context, publicKey string) (tenant.App, error) {
	return core(current[appDoc](ctx, s.apps, bson.D{e("publicKey", publicKey)}))
}

// ReplaceApp implements tenant.Store.
func (s *Store) ReplaceApp(ctx context.Context, org id.ID, app tenant.App) error {
	known := app.Version
	app.Version++
	doc := newAppDoc(org, app)
	return s.apps.swap(ctx, owned(org, e("_id", doc.ID)), doc, e("version", known))
}

func newOrgDoc(org tenant.Org) orgDoc {
	return orgDoc{
		ID: bson.ObjectID(org.ID), Slug: org.Slug, Name: org.Name, AppURL: org.AppURL, Plan: org.Plan, LeakPolicy: org.LeakPolicy,
		Operator: org.Operator, CreatedAt: org.CreatedAt, ClosesAt: org.ClosesAt, Version: &org.Version,
	}
}

func (d orgDoc) core() tenant.Org {
	org := tenant.Org{
		ID: id.ID(d.ID), Slug: d.Slug, Name: d.Name, AppURL: d.AppURL, Plan: d.Plan, LeakPolicy: tenant.NotifyLeaks,
		Operator: d.Operator, CreatedAt: d.CreatedAt, ClosesAt: d.ClosesAt, Version: 1,
	}
	if d.Version != nil {
		org.LeakPolicy, org.Version = d.LeakPolicy, *d.Version
	}
	return org
}

func newAppDoc(org id.ID, app tenant.App) appDoc {
	doc := appDoc{
		ID: bson.ObjectID(app.ID), Org: bson.ObjectID(org), Slug: app.Slug, Name: app.Name, Description: app.Description,
		PublicKey: app.PublicKey, PublicSubmission: app.PublicSubmission, ProcessingMode: app.ProcessingMode,
		BatchEnabled: app.BatchEnabled, BatchWindowHours: app.BatchWindowHours, AllowedOrigins: app.AllowedOrigins,
		CreatedAt: app.CreatedAt, DeletedAt: app.DeletedAt, Version: app.Version,
	}
	doc.Secrets = each(app.Secrets, func(s tenant.SigningSecret) signingSecretDoc {
		return signingSecretDoc{ID: bson.ObjectID(s.ID), Sealed: s.Sealed, CreatedAt: s.CreatedAt, NotAfter: s.NotAfter}
	})
	return doc
}

func (d appDoc) core() tenant.App {
	app := tenant.App{
		ID: id.ID(d.ID), Org: id.ID(d.Org), Slug: d.Slug, Name: d.Name, Description: d.Description,
		PublicKey: d.PublicKey, PublicSubmission: d.PublicSubmission, ProcessingMode: d.ProcessingMode,
		BatchEnabled: d.BatchEnabled, BatchWindowHours: d.BatchWindowHours, AllowedOrigins: d.AllowedOrigins,
		CreatedAt: d.CreatedAt, DeletedAt: d.DeletedAt, Version: d.Version,
	}
	app.Secrets = each(d.Secrets, func(s signingSecretDoc) tenant.SigningSecret {
		return tenant.SigningSecret{ID: id.ID(s.ID), Sealed: s.Sealed, CreatedAt: s.CreatedAt, NotAfter: s.NotAfter}
	})
	return app
}
