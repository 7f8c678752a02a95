package httpapi

import (
	"context"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/board"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
)

// UserorbitTags adds the actions on tags, and on those that are offered on a board.
func UserorbitTags(api *httpkit.API, shelves *board.Shelves) {
	const tag = "Tags"
	read, moderate := httpkit.Team(access.FeedbackRead), httpkit.Team(access.Moderate)
	k := kept[board.Tag, userorbit.Tag]{
		api: api, resource: "tags", tag: tag, thing: "tag", read: read, write: moderate, shelf: shelves.Tags, view: userorbit.TagView,
	}
	route := action("tags", "create", tag, "Create a tag", moderate, crossed(), full("tags"))
	httpkit.HandleWrite(api, route, func(ctx context.Context, caller auth.Principal, in *newTag) (*one[userorbit.Tag], error) {
		made, err := shelves.CreateTag(ctx, caller.Org.ID, board.TagDraft{Name: &in.Name, Color: optional[string](in.Color)})
		return single(made, err, userorbit.TagView)
	})
	k.list()
	route = action("tags", "update", tag, "Change one tag", moderate, gone("tag"), crossed())
	route.Notes = "What is left out stays."
	httpkit.HandleWrite(api, route, func(ctx context.Context, caller auth.Principal, in *tagEdit) (*one[userorbit.Tag], error) {
		changed, err := shelves.UpdateTag(ctx, caller.Org.ID, userorbit.ID(in.ID), board.TagDraft{Name: in.Name, Color: in.Color})
		return single(changed, err, userorbit.TagView)
	})
	k.delete(shelves.Tags.Delete)
	boardTags{shelves}.add(api, read, moderate)
}

type newTag struct {
	Name  string   `json:"name" minLength:"1" maxLength:"50" doc:"Unique, whatever its case."`
	Color string   `json:"color,omitempty" nullable:"true" pattern:"^#[0-9A-Fa-f]{6}$" default:"#3B82F6"`
	_     struct{} `json:"-" additionalProperties:"true"`
}

type tagEdit struct {
	ID    string   `json:"id"`
	Name  *string  `json:"name,omitempty" nullable:"false" minLength:"1" maxLength:"50"`
	Color *string  `json:"color,omitempty" nullable:"false" pattern:"^#[0-9A-Fa-f]{6}$"`
	_     struct{} `json:"-" additionalProperties:"true"`
}

// boardTags are the tags that are offered on a board. One that is deleted is offered nowhere any more.
type boardTags struct{ shelves *board.Shelves }

func (b boardTags) add(api *httpkit.API, read, moderate httpkit.Door) {
	missing := gone("board or tag")
	route := action("feedback-board-tags", "list", boardTag, "List the tags that are offered on a board", read, missing)
	httpkit.HandleRead(api, route, b.list)
	route = action("feedback-board-tags", "create", boardTag, "Offer a tag on a board", moderate, missing, full("tags on the board"))
	httpkit.HandleWrite(api, route, func(ctx context.Context, caller auth.Principal, in *boardTagName) (*one[userorbit.Tag], error) {
		offered, err := b.shelves.Offer(ctx, caller.Org.ID, userorbit.ID(in.BoardID), nil, userorbit.ID(in.TagID))
		return single(offered, err, userorbit.TagView)
	})
	route = action("feedback-board-tags", "update", boardTag, "Offer another tag on a board in place of one", moderate, missing)
	httpkit.HandleWrite(api, route, func(ctx context.Context, caller auth.Principal, in *boardTagEdit) (*one[userorbit.Tag], error) {
		former := userorbit.ID(in.OldTagID)
		offered, err := b.shelves.Offer(ctx, caller.Org.ID, userorbit.ID(in.BoardID), &former, userorbit.ID(in.NewTagID))
		return single(offered, err, userorbit.TagView)
	})
	route = action("feedback-board-tags", "delete", boardTag, "Offer a tag on a board no longer", moderate, missing)
	httpkit.HandleWrite(api, route, func(ctx context.Context, caller auth.Principal, in *boardTagName) (*one[userorbit.Done], error) {
		return done(b.shelves.Withhold(ctx, caller.Org.ID, userorbit.ID(in.BoardID), userorbit.ID(in.TagID)))
	})
}

type boardName struct {
	BoardID string   `json:"boardId" query:"boardId" required:"true"`
	_       struct{} `json:"-" additionalProperties:"true"`
}

type boardTagName struct {
	BoardID string   `json:"boardId"`
	TagID   string   `json:"tagId"`
	_       struct{} `json:"-" additionalProperties:"true"`
}

type boardTagEdit struct {
	BoardID  string   `json:"boardId"`
	OldTagID string   `json:"oldTagId"`
	NewTagID string   `json:"newTagId"`
	_        struct{} `json:"-" additionalProperties:"true"`
}

func (b boardTags) list(ctx context.Context, caller auth.Principal, in *boardName) (*many[userorbit.Tag], error) {
	found, err := b.shelves.Boards.Get(ctx, caller.Org.ID, userorbit.ID(in.BoardID))
	if err != nil {
		return nil, err
	}
	labels, err := b.shelves.Labels(ctx, caller.Org.ID)
	tags := labels.Tags(found.Value.Tags)
	return listed(tags, int64(len(tags)), 0, board.MaxBoardTags, userorbit.TagView), err
}
