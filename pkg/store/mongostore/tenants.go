package mongostore

import (
	"context"
	"slices"
	"strings"
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

func memberIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{unique("orgId", "emailFolded"), index("orgId", "_id")}
}

type orgDoc struct {
	ID        bson.ObjectID `bson:"_id"`
	Slug      string        `bson:"slug"`
	Name      string        `bson:"name"`
	Plan      string        `bson:"plan"`
	Limits    []limitDoc    `bson:"limits"`
	CreatedAt time.Time     `bson:"createdAt"`
}

// limitDoc names its policy in a value, because a policy's name may hold what a field's name may not.
type limitDoc struct {
	Policy string  `bson:"policy"`
	Rate   rateDoc `bson:",inline"`
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
	Version          int64                 `bson:"version"`
}

type signingSecretDoc struct {
	ID        bson.ObjectID `bson:"id"`
	Sealed    []byte        `bson:"sealed"`
	CreatedAt time.Time     `bson:"createdAt"`
	NotAfter  time.Time     `bson:"notAfter,omitempty"`
}

// memberDoc keeps the e-mail as given, and folded to tell people apart whatever case they type.
type memberDoc struct {
	ID           bson.ObjectID `bson:"_id"`
	Org          bson.ObjectID `bson:"orgId"`
	Email        string        `bson:"email"`
	EmailFolded  string        `bson:"emailFolded"`
	Name         string        `bson:"name"`
	Role         tenant.Role   `bson:"role"`
	PasswordHash string        `bson:"passwordHash"`
	CreatedAt    time.Time     `bson:"createdAt"`
}

// CreateOrg implements tenant.Store.
func (s *Store) CreateOrg(ctx context.Context, org tenant.Org) error {
	doc := orgDoc{ID: bson.ObjectID(org.ID), Slug: org.Slug, Name: org.Name, Plan: org.Plan, CreatedAt: org.CreatedAt}
	if org.Limits != nil {
		doc.Limits = make([]limitDoc, 0, len(org.Limits))
	}
	for policy, rate := range org.Limits {
		doc.Limits = append(doc.Limits, limitDoc{Policy: policy, Rate: rateDoc(rate)})
	}
	slices.SortFunc(doc.Limits, func(a, b limitDoc) int { return strings.Compare(a.Policy, b.Policy) })
	return s.orgs.insert(ctx, doc)
}

// Org implements tenant.Store.
func (s *Store) Org(ctx context.Context, org id.ID) (tenant.Org, error) {
	doc, err := current[orgDoc](ctx, s.orgs, bson.D{e("_id", bson.ObjectID(org))})
	return doc.core(), err
}

// OrgBySlug implements tenant.Store.
func (s *Store) OrgBySlug(ctx context.Context, slug string) (tenant.Org, error) {
	doc, err := current[orgDoc](ctx, s.orgs, bson.D{e("slug", slug)})
	return doc.core(), err
}

// Orgs implements tenant.Store.
func (s *Store) Orgs(ctx context.Context) ([]tenant.Org, error) {
	return cores(find[orgDoc](ctx, s.orgs, bson.D{}, oldestFirst()))
}

// CreateApp implements tenant.Store.
func (s *Store) CreateApp(ctx context.Context, org id.ID, app tenant.App) error {
	return s.apps.insert(ctx, newAppDoc(org, app))
}

// App implements tenant.Store.
func (s *Store) App(ctx context.Context, org, app id.ID) (tenant.App, error) {
	doc, err := current[appDoc](ctx, s.apps, owned(org, e("_id", bson.ObjectID(app))))
	return doc.core(), err
}

// Apps implements tenant.Store.
func (s *Store) Apps(ctx context.Context, org id.ID) ([]tenant.App, error) {
	return cores(find[appDoc](ctx, s.apps, owned(org), oldestFirst()))
}

// AppByPublicKey implements tenant.Store.
func (s *Store) AppByPublicKey(ctx context.Context, publicKey string) (tenant.App, error) {
	doc, err := current[appDoc](ctx, s.apps, bson.D{e("publicKey", publicKey)})
	return doc.core(), err
}

// ReplaceApp implements tenant.Store.
func (s *Store) ReplaceApp(ctx context.Context, org id.ID, app tenant.App) error {
	known := app.Version
	app.Version++
	doc := newAppDoc(org, app)
	replaced, err := s.apps.replace(ctx, owned(org, e("_id", doc.ID), e("version", known)), doc)
	if err != nil || replaced {
		return err
	}
	return s.apps.unmatched(ctx, owned(org, e("_id", doc.ID)))
}

// CreateMember implements tenant.Store.
func (s *Store) CreateMember(ctx context.Context, org id.ID, member tenant.Member) error {
	return s.members.insert(ctx, memberDoc{
		ID: bson.ObjectID(member.ID), Org: bson.ObjectID(org), Email: member.Email, EmailFolded: strings.ToLower(member.Email),
		Name: member.Name, Role: member.Role, PasswordHash: member.PasswordHash, CreatedAt: member.CreatedAt,
	})
}

// Members implements tenant.Store.
func (s *Store) Members(ctx context.Context, org id.ID) ([]tenant.Member, error) {
	return cores(find[memberDoc](ctx, s.members, owned(org), oldestFirst()))
}

func (d orgDoc) core() tenant.Org {
	org := tenant.Org{ID: id.ID(d.ID), Slug: d.Slug, Name: d.Name, Plan: d.Plan, CreatedAt: d.CreatedAt}
	if d.Limits != nil {
		org.Limits = make(map[string]tenant.Rate, len(d.Limits))
	}
	for _, limit := range d.Limits {
		org.Limits[limit.Policy] = tenant.Rate(limit.Rate)
	}
	return org
}

func newAppDoc(org id.ID, app tenant.App) appDoc {
	doc := appDoc{
		ID: bson.ObjectID(app.ID), Org: bson.ObjectID(org), Slug: app.Slug, Name: app.Name, Description: app.Description,
		PublicKey: app.PublicKey, PublicSubmission: app.PublicSubmission, ProcessingMode: app.ProcessingMode,
		BatchEnabled: app.BatchEnabled, BatchWindowHours: app.BatchWindowHours, AllowedOrigins: app.AllowedOrigins,
		CreatedAt: app.CreatedAt, Version: app.Version,
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
		CreatedAt: d.CreatedAt, Version: d.Version,
	}
	app.Secrets = each(d.Secrets, func(s signingSecretDoc) tenant.SigningSecret {
		return tenant.SigningSecret{ID: id.ID(s.ID), Sealed: s.Sealed, CreatedAt: s.CreatedAt, NotAfter: s.NotAfter}
	})
	return app
}

func (d memberDoc) core() tenant.Member {
	return tenant.Member{
		ID: id.ID(d.ID), Org: id.ID(d.Org), Email: d.Email, Name: d.Name, Role: d.Role, PasswordHash: d.PasswordHash,
		CreatedAt: d.CreatedAt,
	}
}
