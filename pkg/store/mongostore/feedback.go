package mongostore

import (
	"bytes"
	"context"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// feedbackIndexes has one index for each choice of filters, equalities first and _id last, so that every page is a walk
// along one of them, already in order. With duplicates included MongoDB merges two such walks. The next are those of the boards,
// and the last find a person, and hold nothing of those who did not say who they are.
func feedbackIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{
		index("orgId", "dup", "_id"),
		index("orgId", "appId", "dup", "_id"),
		index("orgId", "status", "dup", "_id"),
		index("orgId", "appId", "status", "dup", "_id"),
		index(boardWalk("stage", "_id")...),
		index(boardWalk("stage", "votes", "_id")...),
		index(boardWalk("stage", "heat", "_id")...),
		having(index(boardWalk("boardId", "stage", "_id")...), "boardId"),
		having(index(boardWalk("boardId", "stage", "votes", "_id")...), "boardId"),
		having(index(boardWalk("boardId", "stage", "heat", "_id")...), "boardId"),
		having(index("orgId", "submittedBy.personId", "_id"), "submittedBy.personId"),
		said("submittedBy.externalUserId", "submittedBy.mode", "_id"),
		said("submittedBy.email"),
	}
}

// said is an index of the documents where that text is not empty.
func said(text string, more ...string) mongo.IndexModel {
	model := index(append([]string{"orgId", text}, more...)...)
	model.Options = options.Index().SetPartialFilterExpression(bson.D{e(text, bson.D{e("$gt", "")})})
	return model
}

// InsertFeedback implements feedback.Store.
func (s *Store) InsertFeedback(ctx context.Context, org id.ID, item feedback.Item) error {
	item.Votes = 0
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
		SetProjection(summary())))
	if err != nil || len(items) <= limit {
		return feedback.Page{Items: items}, err
	}
	return feedback.Page{Items: items[:limit], Next: items[limit-1].ID}, nil
}

// summary leaves out what a list does not show.
func summary() bson.D {
	return bson.D{e("consoleLogs", 0), e("attachments", 0), e("target", 0), e("metadata", 0)}
}

// AmendFeedback implements feedback.Store.
func (s *Store) AmendFeedback(
	ctx context.Context, org, item id.ID, from feedback.Status, change feedback.Change, at time.Time,
) (feedback.Item, error) {
	identity := owned(org, e("_id", bson.ObjectID(item)))
	doc, err := findAndUpdate[itemDoc](ctx, s.feedback, append(identity, e("status", from)), amendment(org, from, change, at),
		options.FindOneAndUpdate().SetReturnDocument(options.After))
	if is(err, apierr.NotFound) {
		return feedback.Item{}, s.feedback.unmatched(ctx, identity)
	}
	return core(doc, err)
}

// amendment is what a change does to an item that is in status from.
func amendment(org id.ID, from feedback.Status, change feedback.Change, at time.Time) bson.D {
	become := newItemDoc(org, feedback.Item{Status: from}.Amended(change, at))
	set, unset := bson.D{e("updatedAt", become.UpdatedAt)}, bson.D{}
	put := func(given bool, field string, value any) {
		if zero, ok := value.(interface{ IsZero() bool }); given && ok && zero.IsZero() {
			unset = append(unset, e(field, 1)) // what is left out when zero
		} else if given {
			set = append(set, e(field, value))
		}
	}
	put(change.Status != nil, "status", become.Status)
	put(change.Status != nil, "stage", become.Stage)
	if become.Status != from {
		put(true, "archivedAt", become.ArchivedAt)
		put(true, "archivedFrom", become.ArchivedFrom)
	}
	put(change.DuplicateOf != nil, "dup", become.Dup)
	put(change.DuplicateOf != nil, "duplicateOf", become.DuplicateOf)
	put(change.Severity != nil, "severity", become.Severity)
	put(change.Title != nil, "title", become.Title)
	put(change.Text != nil, "text", become.Text)
	put(change.Board != nil, "boardId", become.Board)
	put(change.Tags != nil, "tags", become.Tags)
	put(change.Assignee != nil, "assigneeId", become.Assignee)
	put(change.Metadata != nil, "metadata", become.Metadata)
	done := bson.D{e("$set", set)}
	if len(unset) > 0 {
		done = append(done, e("$unset", unset))
	}
	return done
}

// CountFeedback implements feedback.Store.
func (s *Store) CountFeedback(ctx context.Context, org id.ID) (map[feedback.Status]int64, error) {
	type count struct {
		Of    feedback.Status `bson:"_id"`
		Items int64           `bson:"items"`
	}
	found, err := aggregate[count](ctx, s.feedback, bson.A{
		bson.D{e("$match", owned(org))},
		bson.D{e("$group", bson.D{e("_id", "$status"), e("items", bson.D{e("$sum", 1)})})},
	}, options.Aggregate().SetHint(ascending("orgId", "status", "dup", "_id")))
	if err != nil {
		return nil, err
	}
	counts := map[feedback.Status]int64{}
	for _, c := range found {
		counts[c.Of] = c.Items
	}
	return counts, nil
}

// FeedbackBy implements feedback.Store.
func (s *Store) FeedbackBy(ctx context.Context, org id.ID, by feedback.By, before id.ID, limit int) ([]feedback.Item, error) {
	named := slices.DeleteFunc(slices.Clone(by.ExternalIDs), func(name string) bool { return name == "" })
	ofRecords := bson.D{e("submittedBy.personId", bson.D{e("$in", each(by.Persons, objectID))})}
	ofNames := bson.D{e("submittedBy.externalUserId", bson.D{e("$in", named)}), e("submittedBy.mode", feedback.Private)}
	var items []feedback.Item
	for _, walk := range []struct {
		names  int
		filter bson.D
	}{{len(by.Persons), ofRecords}, {len(named), ofNames}} {
		if walk.names == 0 {
			continue
		}
		filter := owned(org, walk.filter...)
		if !before.IsZero() {
			filter = append(filter, e("_id", bson.D{e("$lt", bson.ObjectID(before))}))
		}
		newest := options.Find().SetSort(bson.D{e("_id", -1)}).SetLimit(int64(limit))
		found, err := cores(find[itemDoc](ctx, s.feedback, filter, newest))
		if err != nil {
			return nil, err
		}
		items = append(items, found...)
	}
	slices.SortFunc(items, func(a, b feedback.Item) int { return bytes.Compare(b.ID[:], a.ID[:]) })
	items = slices.CompactFunc(items, func(a, b feedback.Item) bool { return a.ID == b.ID })
	return items[:min(limit, len(items))], nil
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
