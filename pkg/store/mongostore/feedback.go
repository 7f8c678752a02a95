package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// feedbackIndexes has one index for each choice of filters, equalities first and _id last, so that every page is a walk
// along one of them, already in order. With duplicates included MongoDB merges two such walks. The last two find a person,
// and hold nothing of those who did not say who they are.
func feedbackIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{
		index("orgId", "dup", "_id"),
		index("orgId", "appId", "dup", "_id"),
		index("orgId", "status", "dup", "_id"),
		index("orgId", "appId", "status", "dup", "_id"),
		said("submittedBy.externalUserId"),
		said("submittedBy.email"),
	}
}

// said is an index of the documents where that text is not empty.
func said(text string) mongo.IndexModel {
	model := index("orgId", text)
	model.Options = options.Index().SetPartialFilterExpression(bson.D{e(text, bson.D{e("$gt", "")})})
	return model
}

// InsertFeedback implements feedback.Store.
func (s *Store) InsertFeedback(ctx context.Context, org id.ID, item feedback.Item) error {
	return s.feedback.insert(ctx, newItemDoc(org, item))
}

// Feedback implements feedback.Store.
func (s *Store) Feedback(ctx context.Context, org, item id.ID) (feedback.Item, error) {
	return core(findOne[itemDoc](ctx, s.feedback, owned(org, e("_id", bson.ObjectID(item)))))
}

// ListFeedback implements feedback.Store.
func (s *Store) ListFeedback(ctx context.Context, org id.ID, query feedback.Query) (feedback.Page, error) {
	limit := max(query.Limit, 1)
	filter, walk := selection(org, query)
	items, err := cores(find[itemDoc](ctx, s.feedback, filter, options.Find().
		SetSort(bson.D{e("_id", -1)}).
		SetHint(walk). // the planner could prefer to walk all tenants' _ids and throw most away
		SetLimit(int64(limit+1)).SetBatchSize(int32(limit+1)).
		SetProjection(bson.D{e("consoleLogs", 0), e("attachments", 0), e("target", 0), e("metadata", 0)})))
	if err != nil || len(items) <= limit {
		return feedback.Page{Items: items}, err
	}
	return feedback.Page{Items: items[:limit], Next: items[limit-1].ID}, nil
}

// MoveFeedback implements feedback.Store.
func (s *Store) MoveFeedback(ctx context.Context, org, item id.ID, from, to feedback.Status, at time.Time) (feedback.Item, error) {
	identity := owned(org, e("_id", bson.ObjectID(item)))
	doc, err := findAndUpdate[itemDoc](ctx, s.feedback, append(identity, e("status", from)), set(e("status", to), e("updatedAt", at)),
		options.FindOneAndUpdate().SetReturnDocument(options.After))
	if is(err, apierr.NotFound) {
		return feedback.Item{}, s.feedback.unmatched(ctx, identity)
	}
	return core(doc, err)
}

// selection is a query as a filter, and the index that it walks.
func selection(org id.ID, query feedback.Query) (filter, walk bson.D) {
	filter = owned(org)
	fields := []string{"orgId"}
	where := func(field string, value any) {
		filter, fields = append(filter, e(field, value)), append(fields, field)
	}
	if !query.App.IsZero() {
		where("appId", bson.ObjectID(query.App))
	}
	if query.Status != "" {
		where("status", query.Status)
	}
	if query.ShowsDuplicates() {
		where("dup", bson.D{e("$in", bson.A{false, true})})
	} else {
		where("dup", false)
	}
	if !query.Before.IsZero() {
		filter = append(filter, e("_id", bson.D{e("$lt", bson.ObjectID(query.Before))}))
	}
	return filter, ascending(append(fields, "_id")...)
}
