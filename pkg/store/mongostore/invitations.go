package mongostore

import (
	"context"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

func invitationIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{unique("hash"), unique("orgId", "invitationId")}
}

// invitationDoc has Org and folded e-mail as its _id, so that one write puts an invitation in the place of an expired one to
// the same address.
type invitationDoc struct {
	Address   string        `bson:"_id"`
	Org       bson.ObjectID `bson:"orgId"`
	ID        bson.ObjectID `bson:"invitationId"`
	Email     string        `bson:"email"`
	Role      access.Role   `bson:"role"`
	Hash      []byte        `bson:"hash"`
	InvitedBy string        `bson:"invitedBy"`
	CreatedAt time.Time     `bson:"createdAt"`
	ExpiresAt time.Time     `bson:"expiresAt"`
}

// CreateInvitation implements tenant.Store. One to the address that has not expired is not matched, so that the upsert
// clashes with it.
func (s *Store) CreateInvitation(ctx context.Context, org id.ID, invitation tenant.Invitation) error {
	doc := invitationDoc{
		Address: path(org, strings.ToLower(invitation.Email)), Org: bson.ObjectID(org), ID: bson.ObjectID(invitation.ID),
		Email: invitation.Email, Role: invitation.Role, Hash: invitation.Hash[:], InvitedBy: invitation.InvitedBy,
		CreatedAt: invitation.CreatedAt, ExpiresAt: invitation.ExpiresAt,
	}
	expired := owned(org, e("_id", doc.Address), e("expiresAt", bson.D{e("$lt", doc.CreatedAt)}))
	_, err := s.invitations.replace(ctx, expired, doc, options.Replace().SetUpsert(true))
	return err
}

// Invitation implements tenant.Store.
func (s *Store) Invitation(ctx context.Context, org, invitation id.ID) (tenant.Invitation, error) {
	return core(current[invitationDoc](ctx, s.invitations, owned(org, e("invitationId", bson.ObjectID(invitation)))))
}

// InvitationByHash implements tenant.Store.
func (s *Store) InvitationByHash(ctx context.Context, hash [32]byte) (tenant.Invitation, error) {
	return core(current[invitationDoc](ctx, s.invitations, bson.D{e("hash", hash[:])}))
}

// Invitations implements tenant.Store.
func (s *Store) Invitations(ctx context.Context, org id.ID) ([]tenant.Invitation, error) {
	return cores(find[invitationDoc](ctx, s.invitations, owned(org), options.Find().SetSort(ascending("invitationId"))))
}

// DeleteInvitation implements tenant.Store.
func (s *Store) DeleteInvitation(ctx context.Context, org, invitation id.ID) error {
	removed, err := s.invitations.remove(ctx, owned(org, e("invitationId", bson.ObjectID(invitation))))
	if err != nil || removed {
		return err
	}
	return apierr.Missing(s.invitations.what)
}

func (d invitationDoc) core() tenant.Invitation {
	return tenant.Invitation{
		ID: id.ID(d.ID), Org: id.ID(d.Org), Email: d.Email, Role: d.Role, Hash: hashOf[[32]byte](d.Hash), InvitedBy: d.InvitedBy,
		CreatedAt: d.CreatedAt, ExpiresAt: d.ExpiresAt,
	}
}
