package mongostore

import (
	"context"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

func memberIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{unique("orgId", "emailFolded"), index("orgId", "_id"), index("orgId", "role", "_id")}
}

// memberDoc keeps the e-mail as given, and folded to tell people apart whatever case they type. It has no version, and
// nothing that came with it, where it was written before there were any.
type memberDoc struct {
	ID            bson.ObjectID `bson:"_id"`
	Org           bson.ObjectID `bson:"orgId"`
	Email         string        `bson:"email"`
	EmailFolded   string        `bson:"emailFolded"`
	Name          string        `bson:"name"`
	Role          access.Role   `bson:"role"`
	Status        tenant.Status `bson:"status"`
	EmailVerified bool          `bson:"emailVerified"`
	PasswordHash  string        `bson:"passwordHash"`
	TwoFactor     *twoFactorDoc `bson:"twoFactor,omitempty"`
	CreatedAt     time.Time     `bson:"createdAt"`
	UpdatedAt     time.Time     `bson:"updatedAt,omitempty"`
	Version       *int64        `bson:"version"`
}

type twoFactorDoc struct {
	Sealed    []byte    `bson:"sealed"`
	EnabledAt time.Time `bson:"enabledAt,omitempty"`
	LastStep  int64     `bson:"lastStep"`
	Recovery  [][]byte  `bson:"recovery"`
}

// CreateMember implements tenant.Store.
func (s *Store) CreateMember(ctx context.Context, org id.ID, member tenant.Member) error {
	return s.members.insert(ctx, newMemberDoc(org, member))
}

// Member implements tenant.Store.
func (s *Store) Member(ctx context.Context, org, member id.ID) (tenant.Member, error) {
	return core(current[memberDoc](ctx, s.members, owned(org, e("_id", bson.ObjectID(member)))))
}

// MemberByEmail implements tenant.Store.
func (s *Store) MemberByEmail(ctx context.Context, org id.ID, email string) (tenant.Member, error) {
	return core(current[memberDoc](ctx, s.members, owned(org, e("emailFolded", strings.ToLower(email)))))
}

// Members implements tenant.Store.
func (s *Store) Members(ctx context.Context, org id.ID, offset, limit int) ([]tenant.Member, error) {
	return cores(find[memberDoc](ctx, s.members, owned(org), oldestFirst().SetSkip(int64(offset)).SetLimit(int64(limit))))
}

// ReplaceMember implements tenant.Store.
func (s *Store) ReplaceMember(ctx context.Context, org id.ID, member tenant.Member) error {
	known := member.Version
	member.Version++
	doc := newMemberDoc(org, member)
	return s.members.swap(ctx, owned(org, e("_id", doc.ID)), doc, versioned(known))
}

// Owners implements tenant.Store.
func (s *Store) Owners(ctx context.Context, org id.ID) ([]tenant.Member, error) {
	return cores(find[memberDoc](ctx, s.members, owned(org, e("role", access.Owner)), oldestFirst()))
}

// DeleteMember implements tenant.Store.
func (s *Store) DeleteMember(ctx context.Context, org, member id.ID) error {
	return s.members.removeOne(ctx, owned(org, e("_id", bson.ObjectID(member))))
}

func newMemberDoc(org id.ID, member tenant.Member) memberDoc {
	doc := memberDoc{
		ID: bson.ObjectID(member.ID), Org: bson.ObjectID(org), Email: member.Email, EmailFolded: strings.ToLower(member.Email),
		Name: member.Name, Role: member.Role, Status: member.Status, EmailVerified: member.EmailVerified,
		PasswordHash: member.PasswordHash, CreatedAt: member.CreatedAt, UpdatedAt: member.UpdatedAt, Version: &member.Version,
	}
	if f := member.TwoFactor; f != nil {
		doc.TwoFactor = &twoFactorDoc{Sealed: f.Sealed, EnabledAt: f.EnabledAt, LastStep: f.LastStep, Recovery: f.Recovery}
	}
	return doc
}

func (d memberDoc) core() tenant.Member {
	member := tenant.Member{
		ID: id.ID(d.ID), Org: id.ID(d.Org), Email: d.Email, Name: d.Name, Role: d.Role, Status: d.Status,
		EmailVerified: d.EmailVerified, PasswordHash: d.PasswordHash, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
	if d.Version != nil {
		member.Version = *d.Version
	} else {
		member.Status, member.UpdatedAt, member.Version = tenant.Active, d.CreatedAt, 1
	}
	if f := d.TwoFactor; f != nil {
		member.TwoFactor = &tenant.TwoFactor{Sealed: f.Sealed, EnabledAt: f.EnabledAt, LastStep: f.LastStep, Recovery: f.Recovery}
	}
	return member
}
