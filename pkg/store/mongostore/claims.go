package mongostore

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/id"
)

// claimIndexes serve the sweep.
func claimIndexes() []mongo.IndexModel { return []mongo.IndexModel{index("createdAt")} }

// claimDoc has Org, App and key as its _id, so an App's key is one claim's without a unique index.
type claimDoc struct {
	ID         string        `bson:"_id"`
	Org        bson.ObjectID `bson:"orgId"`
	App        bson.ObjectID `bson:"appId"`
	Key        string        `bson:"key"`
	BodyHash   []byte        `bson:"bodyHash"`
	Item       bson.ObjectID `bson:"itemId"`
	CreatedAt  time.Time     `bson:"createdAt"`
	LeaseUntil time.Time     `bson:"leaseUntil"`
}

// Claim implements idempotency.Store. A claim that stands is answered by the same write that would have stored ours, so
// what it answers is known to a majority, and a first claim costs one round trip.
func (s *Store) Claim(ctx context.Context, org id.ID, claim idempotency.Claim, expired time.Time) (idempotency.Claim, error) {
	const tries = 8 // each lost one was another caller's success with the same key
	mine := newClaimDoc(org, claim)
	identity := owned(org, e("_id", mine.ID))
	first := bson.D{e("$setOnInsert", bson.D{
		e("appId", mine.App), e("key", mine.Key), e("bodyHash", mine.BodyHash), e("itemId", mine.Item),
		e("createdAt", mine.CreatedAt), e("leaseUntil", mine.LeaseUntil),
	})}
	for range tries {
		standing, err := findAndUpdate[claimDoc](ctx, s.claims, identity, first, options.FindOneAndUpdate().SetUpsert(true))
		switch {
		case is(err, apierr.NotFound): // none stood before: ours does
			return claim, nil
		case is(err, apierr.Conflict): // another was stored while ours was: it is met on the next try
			continue
		case err != nil:
			return idempotency.Claim{}, err
		case !standing.CreatedAt.Before(expired.Truncate(time.Millisecond)):
			return standing.core(), nil
		}
		replaced, err := s.claims.replace(ctx, standing.asGiven(), mine)
		if err != nil {
			return idempotency.Claim{}, err
		}
		if replaced {
			return claim, nil
		}
	}
	return idempotency.Claim{}, apierr.Away(errors.New("mongostore: a claim changes faster than it can be read"))
}

// TakeOver implements idempotency.Store.
func (s *Store) TakeOver(ctx context.Context, org id.ID, standing idempotency.Claim, leaseUntil time.Time) error {
	taken, err := s.claims.update(ctx, newClaimDoc(org, standing).asGiven(), set(e("leaseUntil", leaseUntil)))
	if err != nil || taken {
		return err
	}
	return s.claims.changed()
}

// ReleaseClaim implements idempotency.Store.
func (s *Store) ReleaseClaim(ctx context.Context, org id.ID, claim idempotency.Claim) error {
	_, err := s.claims.remove(ctx, newClaimDoc(org, claim).asGiven())
	return err
}

// SweepClaims implements idempotency.Store.
func (s *Store) SweepClaims(ctx context.Context, expired time.Time, limit int) (int, error) {
	return s.claims.sweep(ctx, bson.D{e("createdAt", bson.D{e("$lt", expired)})}, limit)
}

func newClaimDoc(org id.ID, claim idempotency.Claim) claimDoc {
	return claimDoc{
		ID:  path(org, claim.App.String(), claim.Key),
		Org: bson.ObjectID(org), App: bson.ObjectID(claim.App), Key: claim.Key, BodyHash: claim.BodyHash[:],
		Item: bson.ObjectID(claim.Item), CreatedAt: claim.CreatedAt, LeaseUntil: claim.LeaseUntil,
	}
}

// asGiven selects the claim if nothing of it has changed.
func (d claimDoc) asGiven() bson.D {
	return bson.D{
		e("orgId", d.Org), e("_id", d.ID), e("bodyHash", d.BodyHash), e("itemId", d.Item), e("createdAt", d.CreatedAt),
		e("leaseUntil", d.LeaseUntil),
	}
}

func (d claimDoc) core() idempotency.Claim {
	claim := idempotency.Claim{
		App: id.ID(d.App), Key: d.Key, Item: id.ID(d.Item), CreatedAt: d.CreatedAt, LeaseUntil: d.LeaseUntil,
	}
	copy(claim.BodyHash[:], d.BodyHash)
	return claim
}
