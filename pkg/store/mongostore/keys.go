package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

func keyIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{unique("hash"), index("orgId", "_id")}
}

type keyDoc struct {
	ID        bson.ObjectID `bson:"_id"`
	Org       bson.ObjectID `bson:"orgId"`
	Name      string        `bson:"name"`
	Hash      []byte        `bson:"hash"`
	Prefix    string        `bson:"prefix"`
	Last4     string        `bson:"last4"`
	CreatedBy string        `bson:"createdBy"`
	CreatedAt time.Time     `bson:"createdAt"`
	ExpiresAt time.Time     `bson:"expiresAt,omitempty"`
	RevokedAt time.Time     `bson:"revokedAt,omitempty"`
	Limit     *rateDoc      `bson:"limit,omitempty"`
}

// CreateKey implements apikey.Store.
func (s *Store) CreateKey(ctx context.Context, org id.ID, key apikey.Key) error {
	return s.keys.insert(ctx, keyDoc{
		ID: bson.ObjectID(key.ID), Org: bson.ObjectID(org), Name: key.Name, Hash: key.Hash[:], Prefix: key.Prefix, Last4: key.Last4,
		CreatedBy: key.CreatedBy, CreatedAt: key.CreatedAt, ExpiresAt: key.ExpiresAt, RevokedAt: key.RevokedAt,
		Limit: (*rateDoc)(key.Limit),
	})
}

// KeyByHash implements apikey.Store.
func (s *Store) KeyByHash(ctx context.Context, hash apikey.Hash) (apikey.Key, error) {
	doc, err := current[keyDoc](ctx, s.keys, bson.D{e("hash", hash[:])})
	return doc.core(), err
}

// Key implements apikey.Store.
func (s *Store) Key(ctx context.Context, org, key id.ID) (apikey.Key, error) {
	doc, err := current[keyDoc](ctx, s.keys, owned(org, e("_id", bson.ObjectID(key))))
	return doc.core(), err
}

// Keys implements apikey.Store.
func (s *Store) Keys(ctx context.Context, org id.ID) ([]apikey.Key, error) {
	return cores(find[keyDoc](ctx, s.keys, owned(org), oldestFirst()))
}

// RevokeKey implements apikey.Store. A key that was revoked before is written as it is, because only a write waits until a
// majority knows of the revocation that it found.
func (s *Store) RevokeKey(ctx context.Context, org, key id.ID, at time.Time) (apikey.Key, error) {
	identity := owned(org, e("_id", bson.ObjectID(key)))
	after := options.FindOneAndUpdate().SetReturnDocument(options.After)
	doc, err := findAndUpdate[keyDoc](ctx, s.keys, append(identity, e("revokedAt", nil)), set(e("revokedAt", at)), after)
	if is(err, apierr.NotFound) {
		doc, err = findAndUpdate[keyDoc](ctx, s.keys, identity, set(e("orgId", bson.ObjectID(org))), after)
	}
	return doc.core(), err
}

func (d keyDoc) core() apikey.Key {
	key := apikey.Key{
		ID: id.ID(d.ID), Org: id.ID(d.Org), Name: d.Name, Prefix: d.Prefix, Last4: d.Last4, CreatedBy: d.CreatedBy,
		CreatedAt: d.CreatedAt, ExpiresAt: d.ExpiresAt, RevokedAt: d.RevokedAt, Limit: (*tenant.Rate)(d.Limit),
	}
	copy(key.Hash[:], d.Hash)
	return key
}
