package mongostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
)

// collection is one collection, each call to it bounded in time and each failure told as an apierr value.
type collection struct {
	of      *mongo.Collection
	now     *mongo.Collection // for reads that must have seen every acknowledged write
	what    string            // what one document is, to a reader of errors
	timeout time.Duration
}

func (c collection) insert(ctx context.Context, document any) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err := c.of.InsertOne(ctx, document)
	return c.refusal(ctx, err)
}

// insertAll stores what it can, each document by itself, and tells which it could not because their _ids are taken.
func (c collection) insertAll(ctx context.Context, documents any) (taken []int, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err = c.of.InsertMany(ctx, documents, options.InsertMany().SetOrdered(false))
	if err == nil {
		return nil, nil
	}
	var bulk mongo.BulkWriteException
	if !errors.As(err, &bulk) || bulk.WriteConcernError != nil {
		return nil, c.refusal(ctx, err)
	}
	for _, refused := range bulk.WriteErrors {
		if !mongo.IsDuplicateKeyError(refused.WriteError) {
			return nil, c.refusal(ctx, refused.WriteError)
		}
		taken = append(taken, refused.Index)
	}
	return taken, nil
}

// update changes the one document that matches, and tells whether there was one.
func (c collection) update(ctx context.Context, filter, change bson.D) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	done, err := c.of.UpdateOne(ctx, filter, change)
	if err != nil {
		return false, c.refusal(ctx, err)
	}
	return done.MatchedCount == 1, nil
}

// replace puts document in the place of the one that matches, and tells whether there was one.
func (c collection) replace(
	ctx context.Context, filter bson.D, document any, opts ...options.Lister[options.ReplaceOptions],
) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	done, err := c.of.ReplaceOne(ctx, filter, document, opts...)
	if err != nil {
		return false, c.refusal(ctx, err)
	}
	return done.MatchedCount == 1, nil
}

// swap puts document in the place of the one that is as expected: apierr.NotFound without one, otherwise apierr.Conflict.
func (c collection) swap(ctx context.Context, identity bson.D, document any, expected ...bson.E) error {
	replaced, err := c.replace(ctx, append(identity, expected...), document)
	if err != nil || replaced {
		return err
	}
	return c.unmatched(ctx, identity)
}

// updateAll changes every document that matches, each by itself.
func (c collection) updateAll(ctx context.Context, filter, change bson.D) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err := c.of.UpdateMany(ctx, filter, change)
	return c.refusal(ctx, err)
}

// remove forgets the one document that matches, and tells whether there was one.
func (c collection) remove(ctx context.Context, filter bson.D) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	done, err := c.of.DeleteOne(ctx, filter)
	if err != nil {
		return false, c.refusal(ctx, err)
	}
	return done.DeletedCount == 1, nil
}

// removeOne forgets the one document that matches; apierr.NotFound without one.
func (c collection) removeOne(ctx context.Context, filter bson.D) error {
	removed, err := c.remove(ctx, filter)
	if err != nil || removed {
		return err
	}
	return apierr.Missing(c.what)
}

// unmatched tells why a change met no document: there is none, or it is not what the filter expected.
func (c collection) unmatched(ctx context.Context, identity bson.D) error {
	if err := c.exists(ctx, identity); err != nil {
		return err
	}
	return c.changed()
}

// exists is apierr.NotFound unless there is a document that matches.
func (c collection) exists(ctx context.Context, identity bson.D) error {
	_, err := findOne[struct{}](ctx, c, identity, options.FindOne().SetProjection(bson.D{e("_id", 1)}))
	return err
}

// findOne gives the document that matches; apierr.NotFound without one.
func findOne[D any](ctx context.Context, c collection, filter bson.D, opts ...options.Lister[options.FindOneOptions]) (D, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return decoded[D](ctx, c, c.of.FindOne(ctx, filter, opts...))
}

// current is findOne for what grants or refuses access. The filter must be one that at most one document can match.
func current[D any](ctx context.Context, c collection, filter bson.D) (D, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return decoded[D](ctx, c, c.now.FindOne(ctx, filter))
}

// findAndUpdate changes the one document that matches and gives it, as it was before unless opts say otherwise;
// apierr.NotFound without one.
func findAndUpdate[D any](
	ctx context.Context, c collection, filter, change bson.D, opts ...options.Lister[options.FindOneAndUpdateOptions],
) (D, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return decoded[D](ctx, c, c.of.FindOneAndUpdate(ctx, filter, change, opts...))
}

func decoded[D any](ctx context.Context, c collection, result *mongo.SingleResult) (document D, err error) {
	raw, err := result.Raw()
	if err != nil {
		return document, c.refusal(ctx, err)
	}
	if err := bson.Unmarshal(raw, &document); err != nil {
		return document, fmt.Errorf("mongostore: decode %s: %w", c.what, err)
	}
	return document, nil
}

// find gives all documents that match.
func find[D any](ctx context.Context, c collection, filter bson.D, opts ...options.Lister[options.FindOptions]) ([]D, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	cursor, err := c.of.Find(ctx, filter, opts...)
	if err != nil {
		return nil, c.refusal(ctx, err)
	}
	return gathered[D](ctx, c, cursor)
}

// gathered gives all documents that a cursor leads to.
func gathered[D any](ctx context.Context, c collection, cursor *mongo.Cursor) ([]D, error) {
	defer cursor.Close(context.WithoutCancel(ctx)) //nolint:errcheck // an abandoned cursor is the server's to forget
	documents := make([]D, 0, cursor.RemainingBatchLength())
	for cursor.Next(ctx) {
		var document D
		if err := bson.Unmarshal(cursor.Current, &document); err != nil { // at half the cost of cursor.Decode, which buffers anew
			return nil, fmt.Errorf("mongostore: decode %s: %w", c.what, err)
		}
		documents = append(documents, document)
	}
	if err := cursor.Err(); err != nil {
		return nil, c.refusal(ctx, err)
	}
	return documents, nil
}

// count tells how many documents match, by what an index holds of them.
func (c collection) count(ctx context.Context, filter, walk bson.D, opts ...options.Lister[options.CountOptions]) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	n, err := c.of.CountDocuments(ctx, filter, append(opts, options.Count().SetHint(walk))...)
	return n, c.refusal(ctx, err)
}

// core is what a document says in the core's words; nothing at all of one that was not got.
func core[V any, D interface{ core() V }](document D, err error) (value V, _ error) {
	if err != nil {
		return value, err
	}
	return document.core(), nil
}

// cores is what documents say in the core's words; none at all is nil.
func cores[V any, D interface{ core() V }](documents []D, err error) ([]V, error) {
	if err != nil || len(documents) == 0 {
		return nil, err
	}
	values := make([]V, len(documents))
	for i, d := range documents {
		values[i] = d.core()
	}
	return values, nil
}
