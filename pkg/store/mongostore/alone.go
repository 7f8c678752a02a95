package mongostore

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
)

const (
	// aloneFor is how long a process that died keeps others out; one that lives is done before.
	aloneFor = indexTimeout + time.Minute
	// aloneTries is how often one looks whether another is done.
	aloneTries = time.Second
)

// alone does one thing at a time over all processes. The holder is a document with a lease, taken by the upsert that only
// one of them wins.
func (s *Store) alone(ctx context.Context, db *mongo.Database, now func() time.Time, do func(context.Context) error) error {
	locks, holder := db.Collection("locks"), bson.NewObjectID()
	for {
		taken, err := s.takeLock(ctx, locks, holder, now())
		if err != nil {
			return err
		}
		if taken {
			break
		}
		select {
		case <-ctx.Done():
			return apierr.Away(ctx.Err())
		case <-time.After(aloneTries):
		}
	}
	err := do(ctx)
	released, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout)
	defer cancel()
	_, errRelease := locks.DeleteOne(released, bson.D{e("_id", "migration"), e("holder", holder)})
	return errors.Join(err, errRelease)
}

func (s *Store) takeLock(ctx context.Context, locks *mongo.Collection, holder bson.ObjectID, now time.Time) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	over := bson.D{e("_id", "migration"), e("until", bson.D{e("$lt", now)})}
	_, err := locks.UpdateOne(ctx, over, set(e("holder", holder), e("until", now.Add(aloneFor))), options.UpdateOne().SetUpsert(true))
	if mongo.IsDuplicateKeyError(err) {
		return false, nil
	}
	if err != nil {
		return false, collection{what: "lock"}.refusal(ctx, err)
	}
	return true, nil
}
