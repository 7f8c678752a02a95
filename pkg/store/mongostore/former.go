package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/core/feedback"
)

// placeFormerItems has items that were written before there were boards stand where they belong. What stands somewhere, or
// nowhere, has a stage; so there is one look at an index, and no more, once all have.
func (s *Store) placeFormerItems(ctx context.Context) error {
	const batch = 1000
	orgs, err := s.orgs.names(ctx, bson.D{}, 0)
	if err != nil {
		return err
	}
	former := bson.D{
		e("orgId", bson.D{e("$in", orgs)}), e("dup", bson.D{e("$in", bson.A{false, true})}), e("stage", nil),
	}
	for {
		items, err := find[itemDoc](ctx, s.feedback, former, options.Find().SetHint(boardCount(feedback.BoardQuery{})).SetLimit(batch).
			SetProjection(bson.D{e("orgId", 1), e("status", 1), e("createdAt", 1), e("votes", 1), e("counted", 1)}))
		if err != nil || len(items) == 0 {
			return err
		}
		if _, err := s.feedback.bulkInOrder(ctx, each(items, placement)); err != nil {
			return err
		}
	}
}

// placement is what placeFormerItems does to one, unless it was changed meanwhile.
func placement(d itemDoc) mongo.WriteModel {
	return mongo.NewUpdateOneModel().
		SetFilter(bson.D{e("orgId", d.Org), e("_id", d.ID), e("status", d.Status), e("stage", nil), countedTimes(d.Counted)}).
		SetUpdate(set(e("stage", d.Status.Stage()), e("votes", d.Votes), e("heat", feedback.Heat(d.Votes, d.CreatedAt)), e("counted", d.Counted)))
}
