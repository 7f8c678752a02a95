package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// sweep removes up to limit documents that match, and tells how many.
func (c collection) sweep(ctx context.Context, filter bson.D, limit int) (int, error) {
	due, err := c.names(ctx, filter, limit)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	return c.removeNamed(ctx, due, filter)
}

// removeAll removes every document that matches, and tells how many. Each of its calls is bounded, however many there are.
func (c collection) removeAll(ctx context.Context, filter bson.D) (removed int, err error) {
	const batch = 1000
	for {
		due, err := c.names(ctx, filter, batch)
		if err != nil || len(due) == 0 {
			return removed, err
		}
		n, err := c.removeNamed(ctx, due, filter)
		removed += n
		if err != nil {
			return removed, err
		}
	}
}

// names gives the _id of up to limit documents that match.
func (c collection) names(ctx context.Context, filter bson.D, limit int) ([]any, error) {
	type named struct {
		ID any `bson:"_id"`
	}
	due, err := find[named](ctx, c, filter, options.Find().SetProjection(bson.D{e("_id", 1)}).SetLimit(int64(limit)))
	if err != nil {
		return nil, err
	}
	return each(due, func(d named) any { return d.ID }), nil
}

// removeNamed removes those of the named documents that match, and tells how many. The filter may speak of _id too.
func (c collection) removeNamed(ctx context.Context, names any, filter bson.D) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	done, err := c.of.DeleteMany(ctx, bson.D{e("$and", bson.A{bson.D{e("_id", bson.D{e("$in", names)})}, filter})})
	if err != nil {
		return 0, c.refusal(ctx, err)
	}
	return int(done.DeletedCount), nil
}
