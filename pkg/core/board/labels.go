package board

import (
	"context"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/id"
)

// Labels are an Org's boards and tags, as what is shown of feedback names them.
type Labels struct {
	boards map[id.ID]resource.Of[Board]
	tags   map[id.ID]resource.Of[Tag]
}

// Labels reads them all, in two queries.
func (s *Shelves) Labels(ctx context.Context, org id.ID) (Labels, error) {
	boards, err := labels(ctx, org, s.Boards)
	if err != nil {
		return Labels{}, err
	}
	tags, err := labels(ctx, org, s.Tags)
	return Labels{boards, tags}, err
}

func labels[T any](ctx context.Context, org id.ID, shelf resource.Shelf[T]) (map[id.ID]resource.Of[T], error) {
	all, _, err := shelf.List(ctx, org, id.Zero, 0, 0)
	found := make(map[id.ID]resource.Of[T], len(all))
	for _, one := range all {
		found[one.ID] = one
	}
	return found, err
}

// Board is the board an item stands on; nil where it is on none, or on one that is gone.
func (l Labels) Board(item *feedback.Item) *resource.Of[Board] {
	if found, ok := l.boards[item.Board]; ok {
		return &found
	}
	return nil
}

// Tags are those that an item bears and that are not gone.
func (l Labels) Tags(tags []id.ID) []resource.Of[Tag] {
	var found []resource.Of[Tag]
	for _, tag := range tags {
		if known, ok := l.tags[tag]; ok {
			found = append(found, known)
		}
	}
	return found
}

// Public lists the boards that subscribers see.
func (l Labels) Public() []id.ID {
	var public []id.ID
	for board, b := range l.boards {
		if b.Value.Public {
			public = append(public, board)
		}
	}
	return public
}

// Demand refuses a board and tags that are not there; a zero board is none.
func (l Labels) Demand(board id.ID, tags []id.ID) error {
	if _, ok := l.boards[board]; !ok && !board.IsZero() {
		return apierr.Missing("board")
	}
	for _, tag := range tags {
		if _, ok := l.tags[tag]; !ok {
			return apierr.Missing("tag")
		}
	}
	return nil
}

// DemandPublic refuses a board that subscribers do not see.
func (l Labels) DemandPublic(board id.ID) error {
	if !board.IsZero() && !l.boards[board].Value.Public {
		return apierr.Missing("board")
	}
	return nil
}
