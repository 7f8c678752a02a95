package mongostore

import (
	"cmp"
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// BoardFeedback implements feedback.Store.
func (s *Store) BoardFeedback(ctx context.Context, org id.ID, query feedback.BoardQuery) (feedback.BoardPage, error) {
	if query.Picks() {
		return s.pickFromBoard(ctx, org, query)
	}
	filter, order, walk := board(org, query)
	total, err := s.feedback.count(ctx, filter, boardCount(query), options.Count().SetLimit(feedback.Window))
	if err != nil {
		return feedback.BoardPage{}, err
	}
	first, most := query.Stretch()
	if most == 0 {
		return feedback.BoardPage{Total: total}, nil // which MongoDB takes for no limit
	}
	items, err := cores(find[itemDoc](ctx, s.feedback, filter, options.Find().SetSort(order).SetHint(walk).
		SetSkip(int64(first)).SetLimit(int64(most)).SetBatchSize(int32(most)).SetProjection(summary())))
	return feedback.BoardPage{Items: items, Total: total}, err
}

// pickFromBoard reads of all that it looks through no more than it chooses by, and only what is shown in full.
func (s *Store) pickFromBoard(ctx context.Context, org id.ID, query feedback.BoardQuery) (feedback.BoardPage, error) {
	looked := bson.D{e("assigneeId", 1), e("createdAt", 1)}
	if query.Search != "" {
		looked = append(looked, e("title", 1), e("text", 1))
	}
	filter, order, walk := board(org, query)
	items, err := cores(find[itemDoc](ctx, s.feedback, filter, options.Find().SetSort(order).SetHint(walk).
		SetLimit(feedback.Window).SetProjection(looked)))
	if err != nil {
		return feedback.BoardPage{}, err
	}
	items = slices.DeleteFunc(items, func(item feedback.Item) bool { return !query.Selects(item) })
	first, most := query.Stretch()
	shown, err := inFull[itemDoc](ctx, s.feedback, org, stretch(items, first, most), func(i feedback.Item) id.ID { return i.ID },
		options.Find().SetProjection(summary()))
	return feedback.BoardPage{Items: shown, Total: int64(len(items))}, err
}

// stretch is a part of what there is.
func stretch[V any](all []V, first, most int) []V {
	all = all[min(first, len(all)):]
	return all[:min(most, len(all))]
}

// inFull reads the documents of values of which only a part was, in the same order, but those that were removed since.
func inFull[D interface{ core() V }, V any](
	ctx context.Context, c collection, org id.ID, values []V, of func(V) id.ID, opts ...options.Lister[options.FindOptions],
) ([]V, error) {
	if len(values) == 0 {
		return nil, nil
	}
	place := make(map[id.ID]int, len(values))
	named := each(values, func(v V) bson.ObjectID { place[of(v)] = len(place); return bson.ObjectID(of(v)) })
	found, err := cores(find[D](ctx, c, owned(org, e("_id", bson.D{e("$in", named)})), opts...))
	slices.SortFunc(found, func(a, b V) int { return cmp.Compare(place[of(a)], place[of(b)]) })
	return found, err
}

// board is a query as a filter, the order of its sort, and the index that it walks. Where there are several stages MongoDB
// merges a walk of each.
func board(org id.ID, query feedback.BoardQuery) (filter, order, walk bson.D) {
	filter = owned(org, e("dup", false), e("stage", bson.D{e("$in", query.Walks())}))
	fields := []string{"stage"}
	if !query.Board.IsZero() {
		filter, fields = append(filter, e("boardId", bson.ObjectID(query.Board))), []string{"boardId", "stage"}
	}
	switch query.Sort {
	case feedback.Top:
		order, fields = bson.D{e("votes", -1)}, append(fields, "votes")
	case feedback.Trending:
		order, fields = bson.D{e("heat", -1)}, append(fields, "heat")
	}
	return filter, append(order, e("_id", -1)), ascending(boardWalk(append(fields, "_id")...)...)
}

// boardWalk is the index of a board by these fields.
func boardWalk(fields ...string) []string { return append([]string{"orgId", "dup"}, fields...) }

func boardCount(query feedback.BoardQuery) (walk bson.D) {
	query.Sort = feedback.Newest
	_, _, walk = board(id.Zero, query)
	return walk
}
