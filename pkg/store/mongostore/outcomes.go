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
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/id"
)

var _ outcome.Store = (*Store)(nil)

// outcomeIndexes serve the sweep and the removal of an App. Sums are read along _id.
func outcomeIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{index("hour"), index("orgId", "appId")}
}

// outcomeDoc has everything but its counts as its _id, the hour first. Day is there to sum up by.
type outcomeDoc struct {
	Hour     time.Time     `bson:"hour"`
	Day      time.Time     `bson:"day"`
	App      bson.ObjectID `bson:"appId"`
	Key      bson.ObjectID `bson:"keyId"`
	Category string        `bson:"category"`
	Reason   apierr.Code   `bson:"reason"`
}

// AddOutcomes implements outcome.Store.
func (s *Store) AddOutcomes(ctx context.Context, outcomes []outcome.Outcome) (added int, err error) {
	const atOnce = 500 // and so at most what may be added without its being told
	for some := range slices.Chunk(outcomes, atOnce) {
		n, err := s.addSome(ctx, some)
		if added += n; err != nil {
			return added, err
		}
	}
	return added, nil
}

// addSome adds outcomes. Two who add the first of an hour may clash: whoever comes second tries again.
func (s *Store) addSome(ctx context.Context, outcomes []outcome.Outcome) (added int, err error) {
	const tries = 8
	for range tries {
		n, err := s.outcomes.bulkInOrder(ctx, each(outcomes[added:], addition))
		if added += n; !is(err, apierr.Conflict) {
			return added, err
		}
	}
	return added, apierr.Away(errors.New("mongostore: the same outcomes are added for the first time again and again"))
}

func addition(o outcome.Outcome) mongo.WriteModel {
	hour := o.Hour.UTC()
	return mongo.NewUpdateOneModel().SetUpsert(true).
		SetFilter(owned(o.Org, e("_id", path(o.Org, nameOf(hour), o.App.String(), o.Key.String(), o.Category, string(o.Reason))))).
		SetUpdate(bson.D{
			e("$inc", bson.D{e("requests", o.Requests), e("items", o.Items)}),
			e("$setOnInsert", outcomeDoc{
				Hour: hour, Day: hour.Truncate(24 * time.Hour), App: bson.ObjectID(o.App), Key: bson.ObjectID(o.Key),
				Category: o.Category, Reason: o.Reason,
			}),
		})
}

// nameOf spells an hour so that names are in the order of time.
func nameOf(hour time.Time) string { return hour.Format("2006010215") }

// bulkInOrder makes the changes one after the other until one fails, in one round trip, and tells how many it made. When the
// server did not answer it tells of none.
func (c collection) bulkInOrder(ctx context.Context, changes []mongo.WriteModel) (made int, err error) {
	if len(changes) == 0 {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err = c.of.BulkWrite(ctx, changes)
	if err == nil {
		return len(changes), nil
	}
	var bulk mongo.BulkWriteException
	if errors.As(err, &bulk) && bulk.WriteConcernError == nil && len(bulk.WriteErrors) > 0 {
		return bulk.WriteErrors[0].Index, c.refusal(ctx, err)
	}
	return 0, c.refusal(ctx, err)
}

// sumDoc is a sum over outcomes.
type sumDoc struct {
	Of struct {
		Began    *time.Time    `bson:"began"`
		App      bson.ObjectID `bson:"app"`
		Key      bson.ObjectID `bson:"key"`
		Category string        `bson:"category"`
		Reason   apierr.Code   `bson:"reason"`
	} `bson:"_id"`
	Requests int64 `bson:"requests"`
	Items    int64 `bson:"items"`
}

// Outcomes implements outcome.Store.
func (s *Store) Outcomes(ctx context.Context, org id.ID, query outcome.Query) ([]outcome.Outcome, error) {
	from, to := query.Hours()
	among := owned(org, e("_id", bson.D{e("$gte", path(org, nameOf(from))), e("$lt", path(org, nameOf(to)))}))
	if !query.App.IsZero() {
		among = append(among, e("appId", bson.ObjectID(query.App)))
	}
	if query.Category != "" {
		among = append(among, e("category", query.Category))
	}
	began := map[outcome.Span]any{outcome.ByHour: "$hour", outcome.ByDay: "$day"}[query.By]
	sums, err := aggregate[sumDoc](ctx, s.outcomes, bson.A{
		bson.D{e("$match", among)},
		bson.D{e("$group", bson.D{
			e("_id", bson.D{
				e("began", began), e("app", "$appId"), e("key", "$keyId"), e("category", "$category"), e("reason", "$reason"),
			}),
			e("requests", bson.D{e("$sum", "$requests")}), e("items", bson.D{e("$sum", "$items")}),
		})},
		bson.D{e("$sort", bson.D{
			e("_id.began", -1), e("_id.app", 1), e("_id.key", 1), e("_id.category", 1), e("_id.reason", 1),
		})},
		bson.D{e("$limit", query.Limit)},
	})
	found, err := cores(sums, err)
	for n := range found {
		found[n].Org = org
	}
	return found, err
}

func (d sumDoc) core() outcome.Outcome {
	sum := outcome.Outcome{
		App: id.ID(d.Of.App), Key: id.ID(d.Of.Key), Category: d.Of.Category, Reason: d.Of.Reason, Requests: d.Requests, Items: d.Items,
	}
	if d.Of.Began != nil {
		sum.Hour = d.Of.Began.UTC()
	}
	return sum
}

// aggregate gives what a pipeline makes of the documents.
func aggregate[D any](
	ctx context.Context, c collection, pipeline bson.A, opts ...options.Lister[options.AggregateOptions],
) ([]D, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	cursor, err := c.of.Aggregate(ctx, pipeline, opts...)
	if err != nil {
		return nil, c.refusal(ctx, err)
	}
	return gathered[D](ctx, c, cursor)
}

// SweepOutcomes implements outcome.Store.
func (s *Store) SweepOutcomes(ctx context.Context, expired time.Time, limit int) (int, error) {
	return s.outcomes.sweep(ctx, bson.D{e("hour", bson.D{e("$lt", expired)})}, limit)
}
