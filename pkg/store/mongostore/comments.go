package mongostore

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/id"
)

// commentIndexes serve the comments on an item, where with private ones MongoDB merges two walks, and those of a person.
func commentIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{index("orgId", "itemId", "private", "_id"), having(index("orgId", "personId", "_id"), "personId")}
}

type commentDoc struct {
	ID         bson.ObjectID `bson:"_id"`
	Org        bson.ObjectID `bson:"orgId"`
	Item       bson.ObjectID `bson:"itemId"`
	Parent     bson.ObjectID `bson:"parentId,omitempty"`
	Person     bson.ObjectID `bson:"personId,omitempty"`
	Member     bson.ObjectID `bson:"memberId,omitempty"`
	AuthorName string        `bson:"authorName"`
	Text       string        `bson:"text"`
	Private    bool          `bson:"private"`
	Source     string        `bson:"source"`
	CreatedAt  time.Time     `bson:"createdAt"`
	UpdatedAt  time.Time     `bson:"updatedAt,omitempty"`
	Version    int64         `bson:"version"`
}

// InsertComment implements comment.Store. Whoever removes an item removes what is said about it once more afterwards; so one
// that meets the removal goes with it, or finds the item gone.
func (s *Store) InsertComment(ctx context.Context, org id.ID, given comment.Comment) error {
	doc := newCommentDoc(org, given)
	if err := s.comments.insert(ctx, doc); err != nil {
		return err
	}
	err := s.feedback.exists(ctx, owned(org, e("_id", doc.Item)))
	if !is(err, apierr.NotFound) {
		return err
	}
	_, errRemove := s.comments.remove(ctx, owned(org, e("_id", doc.ID)))
	return errors.Join(err, errRemove)
}

// Comment implements comment.Store.
func (s *Store) Comment(ctx context.Context, org, wanted id.ID) (comment.Comment, error) {
	return core(findOne[commentDoc](ctx, s.comments, owned(org, e("_id", bson.ObjectID(wanted)))))
}

// Comments implements comment.Store.
func (s *Store) Comments(ctx context.Context, org id.ID, query comment.Query) ([]comment.Comment, error) {
	filter := append(commentsOn(org, query.Item, query.Private), e("_id", bson.D{e("$gt", bson.ObjectID(query.After))}))
	return cores(find[commentDoc](ctx, s.comments, filter, oldestFirst().
		SetHint(ascending("orgId", "itemId", "private", "_id")).SetLimit(int64(max(query.Limit, 1)))))
}

// CommentsBy implements comment.Store.
func (s *Store) CommentsBy(ctx context.Context, org, person, before id.ID, limit int) ([]comment.Comment, error) {
	filter := owned(org, e("personId", bson.ObjectID(person)))
	if !before.IsZero() {
		filter = append(filter, e("_id", bson.D{e("$lt", bson.ObjectID(before))}))
	}
	return cores(find[commentDoc](ctx, s.comments, filter, options.Find().SetSort(bson.D{e("_id", -1)}).
		SetHint(ascending("orgId", "personId", "_id")).SetLimit(int64(limit))))
}

// CountComments implements comment.Store.
func (s *Store) CountComments(ctx context.Context, org, item id.ID, private bool) (int64, error) {
	return s.comments.count(ctx, commentsOn(org, item, private), ascending("orgId", "itemId", "private", "_id"))
}

func commentsOn(org, item id.ID, private bool) bson.D {
	seen := bson.A{false}
	if private {
		seen = append(seen, true)
	}
	return owned(org, e("itemId", bson.ObjectID(item)), e("private", bson.D{e("$in", seen)}))
}

// ReplaceComment implements comment.Store.
func (s *Store) ReplaceComment(ctx context.Context, org id.ID, given comment.Comment) error {
	known := given.Version
	given.Version++
	doc := newCommentDoc(org, given)
	return s.comments.swap(ctx, owned(org, e("_id", doc.ID)), doc, e("version", known))
}

// DeleteComment implements comment.Store.
func (s *Store) DeleteComment(ctx context.Context, org, wanted id.ID) error {
	return s.comments.removeOne(ctx, owned(org, e("_id", bson.ObjectID(wanted))))
}

func newCommentDoc(org id.ID, given comment.Comment) commentDoc {
	return commentDoc{
		ID: bson.ObjectID(given.ID), Org: bson.ObjectID(org), Item: bson.ObjectID(given.Item), Parent: bson.ObjectID(given.Parent),
		Person: bson.ObjectID(given.Person), Member: bson.ObjectID(given.Member), AuthorName: given.AuthorName, Text: given.Text,
		Private: given.Private, Source: given.Source, CreatedAt: given.CreatedAt, UpdatedAt: given.UpdatedAt, Version: given.Version,
	}
}

func (d commentDoc) core() comment.Comment {
	return comment.Comment{
		ID: id.ID(d.ID), Org: id.ID(d.Org), Item: id.ID(d.Item), Parent: id.ID(d.Parent), Person: id.ID(d.Person), Member: id.ID(d.Member),
		AuthorName: d.AuthorName, Text: d.Text, Private: d.Private, Source: d.Source, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
		Version: d.Version,
	}
}
