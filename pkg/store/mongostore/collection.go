package mongostore

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
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

func (c collection) remove(ctx context.Context, filter bson.D) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err := c.of.DeleteOne(ctx, filter)
	return c.refusal(ctx, err)
}

// unmatched tells why a change met no document: there is none, or it is not what the filter expected.
func (c collection) unmatched(ctx context.Context, identity bson.D) error {
	_, err := findOne[struct{}](ctx, c, identity, options.FindOne().SetProjection(bson.D{e("_id", 1)}))
	if err != nil {
		return err
	}
	return c.changed()
}

// sweep removes up to limit documents that match, and tells how many.
func (c collection) sweep(ctx context.Context, filter bson.D, limit int) (int, error) {
	type named struct {
		ID any `bson:"_id"`
	}
	due, err := find[named](ctx, c, filter, options.Find().SetProjection(bson.D{e("_id", 1)}).SetLimit(int64(limit)))
	if err != nil || len(due) == 0 {
		return 0, err
	}
	ids := make([]any, len(due))
	for i, d := range due {
		ids[i] = d.ID
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	done, err := c.of.DeleteMany(ctx, append(bson.D{e("_id", bson.D{e("$in", ids)})}, filter...))
	if err != nil {
		return 0, c.refusal(ctx, err)
	}
	return int(done.DeletedCount), nil
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

// owned selects within one Org.
func owned(org id.ID, more ...bson.E) bson.D {
	return append(bson.D{e("orgId", bson.ObjectID(org))}, more...)
}

func e(key string, value any) bson.E { return bson.E{Key: key, Value: value} }

func set(fields ...bson.E) bson.D { return bson.D{e("$set", bson.D(fields))} }

func ascending(fields ...string) bson.D {
	keys := make(bson.D, len(fields))
	for i, field := range fields {
		keys[i] = e(field, 1)
	}
	return keys
}

func oldestFirst() *options.FindOptionsBuilder { return options.Find().SetSort(ascending("_id")) }

func index(fields ...string) mongo.IndexModel { return mongo.IndexModel{Keys: ascending(fields...)} }

func unique(fields ...string) mongo.IndexModel {
	return mongo.IndexModel{Keys: ascending(fields...), Options: options.Index().SetUnique(true)}
}

func is(err error, kind apierr.Kind) bool { return err != nil && apierr.KindOf(err) == kind }

// orNull is what a field that is left out when zero equals in a filter.
func orNull(value interface{ IsZero() bool }) any {
	if value.IsZero() {
		return nil
	}
	return value
}
