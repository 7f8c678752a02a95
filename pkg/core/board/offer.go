package board

import (
	"context"
	"fmt"
	"slices"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/id"
)

// Offer offers a tag on a board, in place of a former one unless that is nil; one that is offered already stays. A tag that is
// not there, or a former one that is not on the board, is apierr.NotFound, one too many apierr.Conflict.
func (s *Shelves) Offer(ctx context.Context, org, board id.ID, former *id.ID, tag id.ID) (resource.Of[Tag], error) {
	offered, err := s.Tags.Get(ctx, org, tag)
	if err != nil {
		return offered, err
	}
	return offered, s.retag(ctx, org, board, func(tags []id.ID) ([]id.ID, error) {
		at, err := len(tags), error(nil)
		if former != nil {
			if at, err = place(tags, *former); err != nil {
				return nil, err
			}
			tags = slices.Delete(tags, at, at+1)
		}
		if slices.Contains(tags, tag) {
			return tags, nil
		}
		if len(tags) >= MaxBoardTags {
			return nil, apierr.New(apierr.Conflict, apierr.CodeLimitReached, fmt.Sprintf("A board has at most %d tags.", MaxBoardTags))
		}
		return slices.Insert(tags, at, tag), nil
	})
}

// Withhold no longer offers a tag on a board.
func (s *Shelves) Withhold(ctx context.Context, org, board, tag id.ID) error {
	return s.retag(ctx, org, board, func(tags []id.ID) ([]id.ID, error) {
		at, err := place(tags, tag)
		if err != nil {
			return nil, err
		}
		return slices.Delete(tags, at, at+1), nil
	})
}

func (s *Shelves) retag(ctx context.Context, org, board id.ID, how func([]id.ID) ([]id.ID, error)) error {
	_, err := s.Boards.Change(ctx, org, board, func(b *resource.Of[Board]) (err error) {
		b.Value.Tags, err = how(slices.Clone(b.Value.Tags))
		return err
	})
	return err
}

func place(tags []id.ID, tag id.ID) (int, error) {
	at := slices.Index(tags, tag)
	if at < 0 {
		return at, apierr.Missing("tag on this board")
	}
	return at, nil
}
