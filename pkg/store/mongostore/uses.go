package mongostore

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/id"
)

// useDoc has Org and credential as its _id.
type useDoc struct {
	ID         string        `bson:"_id"`
	Org        bson.ObjectID `bson:"orgId"`
	Credential bson.ObjectID `bson:"credentialId"`
	At         time.Time     `bson:"at"`
}

// usesAtOnce is how many uses one round trip notes: few enough for the slowest server's patience with a call.
const usesAtOnce = 250

// TouchUses implements usage.Store.
func (s *Store) TouchUses(ctx context.Context, uses []usage.Use) error {
	for stretch := range slices.Chunk(uses, usesAtOnce) {
		if err := s.touch(ctx, stretch); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) touch(ctx context.Context, uses []usage.Use) error {
	const tries = 8 // a clash is another caller's first use of the same credential: it is met on the next try
	touches := each(uses, func(u usage.Use) mongo.WriteModel {
		return mongo.NewUpdateOneModel().SetUpsert(true).
			SetFilter(owned(u.Org, e("_id", path(u.Org, u.Credential.String())))).
			SetUpdate(bson.D{
				e("$max", bson.D{e("at", u.At)}),
				e("$setOnInsert", bson.D{e("credentialId", bson.ObjectID(u.Credential))}),
			})
	})
	for range tries {
		if err := s.uses.bulk(ctx, touches); !is(err, apierr.Conflict) {
			return err
		}
	}
	return apierr.Away(errors.New("mongostore: the same uses are noted for the first time again and again"))
}

// LastUses implements usage.Store.
func (s *Store) LastUses(ctx context.Context, org id.ID, credentials []id.ID) (map[id.ID]time.Time, error) {
	names := make([]string, len(credentials))
	for i, credential := range credentials {
		names[i] = path(org, credential.String())
	}
	docs, err := find[useDoc](ctx, s.uses, owned(org, e("_id", bson.D{e("$in", names)})))
	if err != nil {
		return nil, err
	}
	last := make(map[id.ID]time.Time, len(docs))
	for _, d := range docs {
		last[id.ID(d.Credential)] = d.At
	}
	return last, nil
}

// bulk makes the changes in no order, in one round trip.
func (c collection) bulk(ctx context.Context, changes []mongo.WriteModel) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err := c.of.BulkWrite(ctx, changes, options.BulkWrite().SetOrdered(false))
	return c.refusal(ctx, err)
}
