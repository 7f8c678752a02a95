package mongostore

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

var (
	_ event.Store    = (*Store)(nil)
	_ event.Profiles = (*Store)(nil)
)

// eventIndexes has one index for each thing to list events by, place last, along which a page is a walk in order; the first
// counts as well, and so holds what is not counted. What no event says, an index holds nothing of.
func eventIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{
		index("orgId", "place", "test"),
		index("orgId", "user.id", "place"),
		having(index("orgId", "name", "place"), "name"),
		having(index("orgId", "appId", "place"), "appId"),
		said("user.email"),
	}
}

// having is an index of the documents that have the field.
func having(model mongo.IndexModel, field string) mongo.IndexModel {
	model.Options = options.Index().SetPartialFilterExpression(bson.D{e(field, bson.D{e("$exists", true)})})
	return model
}

// InsertEvents implements event.Store.
func (s *Store) InsertEvents(ctx context.Context, org id.ID, events []event.Event) ([]time.Time, error) {
	stood := make([]time.Time, len(events))
	if len(events) == 0 {
		return stood, nil
	}
	docs := each(events, func(given event.Event) eventDoc { return newEventDoc(org, given) })
	taken, err := s.events.insertAll(ctx, docs)
	if err != nil || len(taken) == 0 {
		return stood, err
	}
	standing, err := s.received(ctx, org, each(taken, func(n int) string { return docs[n].Path }))
	if err != nil {
		return nil, err
	}
	for _, n := range taken {
		at, found := standing[docs[n].Path]
		if !found {
			return nil, apierr.Away(errors.New("mongostore: an event was removed while the same was inserted"))
		}
		stood[n] = at
	}
	return stood, nil
}

// received gives when each of the named events was received.
func (s *Store) received(ctx context.Context, org id.ID, paths []string) (map[string]time.Time, error) {
	docs, err := find[eventDoc](ctx, s.events, owned(org, e("_id", bson.D{e("$in", paths)})),
		options.Find().SetProjection(bson.D{e("receivedAt", 1)}).SetBatchSize(int32(len(paths))))
	if err != nil {
		return nil, err
	}
	at := make(map[string]time.Time, len(docs))
	for _, d := range docs {
		at[d.Path] = d.ReceivedAt
	}
	return at, nil
}

// Event implements event.Store.
func (s *Store) Event(ctx context.Context, org, wanted id.ID) (event.Event, error) {
	return core(findOne[eventDoc](ctx, s.events, owned(org, e("_id", path(org, wanted.String())))))
}

// Events implements event.Store.
func (s *Store) Events(ctx context.Context, org id.ID, query event.Query) ([]event.Event, error) {
	limit := max(query.Limit, 1)
	filter, walk := happened(org, query)
	return cores(find[eventDoc](ctx, s.events, filter, options.Find().
		SetSort(bson.D{e("place", -1)}).
		SetHint(walk). // the planner could prefer to walk the whole Org
		SetLimit(int64(limit)).SetBatchSize(int32(limit))))
}

// CountEvents implements event.Store.
func (s *Store) CountEvents(ctx context.Context, org id.ID, since time.Time) (int64, error) {
	from := placeOf(event.Place{ReceivedAt: since})
	return s.events.count(ctx, owned(org, e("place", bson.D{e("$gte", from)}), e("test", false)), ascending("orgId", "place", "test"))
}

// happened is a query as a filter, and the index that it walks: that of what most likely leaves the fewest.
func happened(org id.ID, query event.Query) (filter, walk bson.D) {
	filter, walk = owned(org), ascending("orgId", "place", "test")
	where := func(given bool, field string, value any) {
		if given {
			filter, walk = append(filter, e(field, value)), ascending("orgId", field, "place")
		}
	}
	where(!query.App.IsZero(), "appId", bson.ObjectID(query.App))
	where(query.Name != "", "name", query.Name)
	where(query.UserID != "", "user.id", query.UserID)
	var between bson.D
	if !query.From.IsZero() {
		between = append(between, e("$gte", placeOf(event.Place{ReceivedAt: query.From})))
	}
	var end place
	if !query.To.IsZero() {
		end = placeOf(event.Place{ReceivedAt: query.To})
	}
	if query.Before != (event.Place{}) {
		end = end.before(placeOf(query.Before))
	}
	if end != nil {
		between = append(between, e("$lt", end))
	}
	if between != nil {
		filter = append(filter, e("place", between))
	}
	return filter, walk
}
