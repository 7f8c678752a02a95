package httpapi

import (
	"context"
	"slices"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/board"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
)

const boardTag = "Feedback boards"

// full documents a shelf that takes no more.
func full(thing string) httpkit.Fault {
	return httpkit.Fault{Kind: apierr.Conflict, Code: apierr.CodeLimitReached, When: "there are as many " + thing + " as there may be"}
}

// UserorbitBoards adds the actions on feedback boards.
func UserorbitBoards(api *httpkit.API, shelves *board.Shelves) {
	b := boards{shelves}
	moderate, anybody := httpkit.Team(access.Moderate), httpkit.TeamOrSubscriber(access.FeedbackRead, gate.UserorbitBySubscriber())
	k := kept[board.Board, feedbackBoard]{api: api, resource: "feedback-boards", tag: boardTag, thing: "board", write: moderate}

	route := action("feedback-boards", "create", boardTag, "Create a board", moderate, crossed(), full("boards"))
	route.Notes = "Without a `slug` it gets one from its name. Subscribers see it once it is `public`."
	httpkit.HandleWrite(api, route, func(ctx context.Context, caller auth.Principal, in *newBoard) (*one[feedbackBoard], error) {
		made, err := shelves.CreateBoard(ctx, caller.Org.ID, in.draft())
		return single(made, err, boardView)
	})
	route = action("feedback-boards", "list", boardTag, "List every board, oldest first", anybody)
	route.Notes = "A subscriber sees the public ones."
	httpkit.HandleRead(api, route, b.list)
	httpkit.HandleRead(api, action("feedback-boards", "info", boardTag, "Get one board", anybody, gone("board")), b.info)
	route = action("feedback-boards", "update", boardTag, "Change one board", moderate, gone("board"), crossed())
	route.Notes = "What is left out stays."
	httpkit.HandleWrite(api, route, func(ctx context.Context, caller auth.Principal, in *boardEdit) (*one[feedbackBoard], error) {
		changed, err := shelves.UpdateBoard(ctx, caller.Org.ID, userorbit.ID(in.ID), in.draft())
		return single(changed, err, boardView)
	})
	k.delete(shelves.Boards.Delete)
}

type boards struct{ shelves *board.Shelves }

func (b boards) list(ctx context.Context, caller auth.Principal, in *stretch) (*many[feedbackBoard], error) {
	found, _, err := b.shelves.Boards.List(ctx, caller.Org.ID, id.Zero, 0, 0) // they are few
	if caller.Person != nil {
		found = slices.DeleteFunc(found, func(b resource.Of[board.Board]) bool { return !b.Value.Public })
	}
	first := min(in.Offset, len(found))
	last := min(first+limit(in.Limit), len(found))
	return listed(found[first:last], int64(len(found)), in.Offset, in.Limit, boardView), err
}

func (b boards) info(ctx context.Context, caller auth.Principal, in *which) (*one[feedbackBoard], error) {
	found, err := b.shelves.Boards.Get(ctx, caller.Org.ID, userorbit.ID(in.ID))
	if err == nil && caller.Person != nil && !found.Value.Public {
		err = apierr.Missing("board")
	}
	return single(found, err, boardView)
}

type newBoard struct {
	Name          string            `json:"name" minLength:"1" maxLength:"100"`
	Slug          string            `json:"slug,omitempty" nullable:"true" maxLength:"64" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$" patternDescription:"lower-case letters and digits with single hyphens between"`
	Configuration httpkit.RawObject `json:"configuration,omitempty" nullable:"true" doc:"At most 16 KB of JSON, kept as it is."`
	Public        bool              `json:"public,omitempty" default:"false"`
	_             struct{}          `json:"-" additionalProperties:"true"`
}

func (n *newBoard) draft() board.Draft {
	return board.Draft{Name: &n.Name, Slug: optional[string](n.Slug), Public: &n.Public, Configuration: configuration(n.Configuration)}
}

type boardEdit struct {
	ID            string            `json:"id"`
	Name          *string           `json:"name,omitempty" nullable:"false" minLength:"1" maxLength:"100"`
	Slug          *string           `json:"slug,omitempty" nullable:"false" maxLength:"64" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$" patternDescription:"lower-case letters and digits with single hyphens between"`
	Configuration httpkit.RawObject `json:"configuration,omitempty" nullable:"true" doc:"At most 16 KB of JSON, kept as it is."`
	Public        *bool             `json:"public,omitempty" nullable:"false"`
	_             struct{}          `json:"-" additionalProperties:"true"`
}

func (e *boardEdit) draft() board.Draft {
	return board.Draft{Name: e.Name, Slug: e.Slug, Public: e.Public, Configuration: configuration(e.Configuration)}
}

// configuration is nil where none was said; null is an empty one.
func configuration(said httpkit.RawObject) *[]byte {
	switch {
	case said == nil:
		return nil
	case string(said) == "null":
		return new([]byte)
	}
	return (*[]byte)(&said)
}

type feedbackBoard struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	Slug          string            `json:"slug"`
	Configuration httpkit.RawObject `json:"configuration"`
	Public        bool              `json:"public"`
	TeamID        string            `json:"teamId"`
	CreatedAt     string            `json:"createdAt" format:"date-time"`
	UpdatedAt     string            `json:"updatedAt" format:"date-time"`
}

func boardView(b *resource.Of[board.Board]) feedbackBoard {
	view := feedbackBoard{
		ID: b.ID.UUID(), Name: b.Value.Name, Slug: b.Name, Configuration: httpkit.RawObject(b.Value.Configuration), Public: b.Value.Public,
		TeamID: b.Org.UUID(), CreatedAt: userorbit.Time(b.CreatedAt), UpdatedAt: userorbit.Time(b.UpdatedAt),
	}
	if len(view.Configuration) == 0 {
		view.Configuration = httpkit.RawObject("{}")
	}
	return view
}
