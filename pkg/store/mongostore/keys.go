package mongostore

import (
	"context"
	"net/netip"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

func keyIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{unique("hash"), index("orgId", "_id")}
}

// keyDoc has no format, and nothing that came with it, where it was written before there were several.
type keyDoc struct {
	ID        bson.ObjectID  `bson:"_id"`
	Org       bson.ObjectID  `bson:"orgId"`
	Format    *string        `bson:"format"`
	Name      string         `bson:"name"`
	Hash      []byte         `bson:"hash"`
	Prefix    string         `bson:"prefix"`
	Last4     string         `bson:"last4"`
	Scopes    []access.Right `bson:"scopes"`
	App       bson.ObjectID  `bson:"appId,omitempty"`
	Networks  []string       `bson:"networks"`
	Creator   bson.ObjectID  `bson:"creatorId,omitempty"`
	CreatedBy string         `bson:"createdBy"`
	CreatedAt time.Time      `bson:"createdAt"`
	NotBefore time.Time      `bson:"notBefore,omitempty"`
	ExpiresAt time.Time      `bson:"expiresAt,omitempty"`
	RevokedAt time.Time      `bson:"revokedAt,omitempty"`
	Replaces  bson.ObjectID  `bson:"replaces,omitempty"`
	Leak      *leakDoc       `bson:"leak,omitempty"`
	Limit     *rateDoc       `bson:"limit,omitempty"`
}

type leakDoc struct {
	At     time.Time `bson:"at"`
	Source string    `bson:"source"`
	URL    string    `bson:"url"`
}

// CreateKey implements apikey.Store.
func (s *Store) CreateKey(ctx context.Context, org id.ID, key apikey.Key) error {
	return s.keys.insert(ctx, newKeyDoc(org, key))
}

// KeyByHash implements apikey.Store.
func (s *Store) KeyByHash(ctx context.Context, hash apikey.Hash) (apikey.Key, error) {
	return core(current[keyDoc](ctx, s.keys, bson.D{e("hash", hash[:])}))
}

// Key implements apikey.Store.
func (s *Store) Key(ctx context.Context, org, key id.ID) (apikey.Key, error) {
	return core(current[keyDoc](ctx, s.keys, owned(org, e("_id", bson.ObjectID(key)))))
}

// Keys implements apikey.Store.
func (s *Store) Keys(ctx context.Context, org id.ID) ([]apikey.Key, error) {
	return cores(find[keyDoc](ctx, s.keys, owned(org), oldestFirst()))
}

// RevokeKey implements apikey.Store. A key that was revoked before is written as it is, because only a write waits until a
// majority knows of the revocation that it found.
func (s *Store) RevokeKey(ctx context.Context, org, key id.ID, at time.Time) (apikey.Key, error) {
	revoked, err := s.changeKey(ctx, org, key, set(e("revokedAt", at)), e("revokedAt", nil))
	if is(err, apierr.NotFound) {
		return s.changeKey(ctx, org, key, set(e("orgId", bson.ObjectID(org))))
	}
	return revoked, err
}

// ExpireKey implements apikey.Store. A key that expires earlier is written as it is, as in RevokeKey.
func (s *Store) ExpireKey(ctx context.Context, org, key id.ID, at time.Time) (apikey.Key, error) {
	return s.changeKey(ctx, org, key, bson.D{e("$min", bson.D{e("expiresAt", at)})})
}

// NoteLeak implements apikey.Store.
func (s *Store) NoteLeak(ctx context.Context, org, key id.ID, leak apikey.Leak) (apikey.Key, error) {
	noted, err := s.changeKey(ctx, org, key, set(e("leak", leakDoc(leak))), e("leak", nil))
	if is(err, apierr.NotFound) {
		return s.Key(ctx, org, key)
	}
	return noted, err
}

// changeKey changes the key if it is as expected, and gives it as it is then.
func (s *Store) changeKey(ctx context.Context, org, key id.ID, change bson.D, expected ...bson.E) (apikey.Key, error) {
	return core(findAndUpdate[keyDoc](ctx, s.keys, append(owned(org, e("_id", bson.ObjectID(key))), expected...), change,
		options.FindOneAndUpdate().SetReturnDocument(options.After)))
}

func newKeyDoc(org id.ID, key apikey.Key) keyDoc {
	return keyDoc{
		ID: bson.ObjectID(key.ID), Org: bson.ObjectID(org), Format: &key.Format, Name: key.Name, Hash: key.Hash[:],
		Prefix: key.Prefix, Last4: key.Last4, Scopes: key.Scopes, App: bson.ObjectID(key.App), Networks: each(key.Networks, netip.Prefix.String),
		Creator: bson.ObjectID(key.Creator), CreatedBy: key.CreatedBy, CreatedAt: key.CreatedAt, NotBefore: key.NotBefore,
		ExpiresAt: key.ExpiresAt, RevokedAt: key.RevokedAt, Replaces: bson.ObjectID(key.Replaces), Leak: (*leakDoc)(key.Leak),
		Limit: (*rateDoc)(key.Limit),
	}
}

func (d keyDoc) core() apikey.Key {
	key := apikey.Key{
		ID: id.ID(d.ID), Org: id.ID(d.Org), Format: apikey.Secret().Name, Name: d.Name, Hash: hashOf[apikey.Hash](d.Hash),
		Prefix: d.Prefix, Last4: d.Last4, Scopes: access.Default(), App: id.ID(d.App), Networks: each(d.Networks, network),
		Creator: id.ID(d.Creator), CreatedBy: d.CreatedBy, CreatedAt: d.CreatedAt, NotBefore: d.NotBefore, ExpiresAt: d.ExpiresAt,
		RevokedAt: d.RevokedAt, Replaces: id.ID(d.Replaces), Leak: (*apikey.Leak)(d.Leak), Limit: (*tenant.Rate)(d.Limit),
	}
	if d.Format != nil {
		key.Format, key.Scopes = *d.Format, d.Scopes
	}
	return key
}

// network is what the text says; what is none contains no address.
func network(text string) netip.Prefix {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
