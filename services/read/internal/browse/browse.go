// Package browse is how a team and its subscribers look at the team's boards.
package browse

import (
	"context"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/board"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
)

// Store is what is looked at.
type Store interface {
	feedback.Store
	vote.Store
	comment.Store
}

// Browser looks at feedback for somebody: for a subscriber, or, where the person is nil, for the team.
type Browser struct {
	Store   Store
	Shelves *board.Shelves
	People  *enduser.Directory
}

// Sight is what somebody sees of an Org: what its feedback is sorted by, and for whom. To the team, which is nil, there is
// everything.
type Sight struct {
	Org    id.ID
	Labels board.Labels
	To     *feedback.Audience
}

// Sight opens one's eyes.
func (b *Browser) Sight(ctx context.Context, org id.ID, person *enduser.Person) (Sight, error) {
	labels, err := b.Shelves.Labels(ctx, org)
	if err != nil || person == nil {
		return Sight{org, labels, nil}, err
	}
	persons, err := b.Persons(ctx, org, *person)
	return Sight{org, labels, &feedback.Audience{Boards: labels.Public(), Persons: persons}}, err
}

// Persons are the records of one person, the root first.
func (b *Browser) Persons(ctx context.Context, org id.ID, root enduser.Person) ([]id.ID, error) {
	whole, err := b.People.WholeOf(ctx, org, root)
	return whole.IDs(), err
}

// Listing is a page of a board. Voted are those that the subscriber who looks has voted for; nil for the team.
type Listing struct {
	Sight
	feedback.BoardPage
	Voted map[id.ID]bool
}

// List gives a page at a cost that grows with neither the collection nor, per row, the page. A board that is not there for who
// looks is apierr.NotFound.
func (b *Browser) List(ctx context.Context, org id.ID, person *enduser.Person, query feedback.BoardQuery) (Listing, error) {
	sight, err := b.Sight(ctx, org, person)
	if err == nil {
		err = sight.demand(query.Board)
	}
	if err != nil {
		return Listing{}, err
	}
	query.For = sight.To
	page, err := b.Store.BoardFeedback(ctx, org, query)
	if err != nil {
		return Listing{}, err
	}
	items := make([]id.ID, len(page.Items))
	for n, item := range page.Items {
		items[n] = item.ID
	}
	voted, err := b.voted(ctx, sight, items)
	return Listing{sight, page, voted}, err
}

func (s Sight) demand(wanted id.ID) error {
	if s.To != nil {
		return s.Labels.DemandPublic(wanted)
	}
	return s.Labels.Demand(wanted, nil)
}

// Find gives an item that is there for who looks.
func (b *Browser) Find(ctx context.Context, sight Sight, wanted id.ID) (feedback.Item, error) {
	item, err := b.Store.Feedback(ctx, sight.Org, wanted)
	if err == nil && !sight.To.Sees(&item) {
		err = apierr.Missing("feedback")
	}
	return item, err
}

// Shown is one item. Voted is nil for the team; Comments counts those that who looks may read.
type Shown struct {
	Sight
	feedback.Item
	Voted    *bool
	Comments int64
}

// Show gives one item that is there for who looks.
func (b *Browser) Show(ctx context.Context, org id.ID, person *enduser.Person, wanted id.ID) (Shown, error) {
	sight, err := b.Sight(ctx, org, person)
	if err != nil {
		return Shown{}, err
	}
	item, err := b.Find(ctx, sight, wanted)
	if err != nil {
		return Shown{}, err
	}
	shown := Shown{Sight: sight, Item: item}
	if shown.Comments, err = b.Store.CountComments(ctx, org, wanted, sight.To == nil); err != nil {
		return shown, err
	}
	voted, err := b.voted(ctx, sight, []id.ID{wanted})
	if sight.To != nil {
		mine := voted[wanted]
		shown.Voted = &mine
	}
	return shown, err
}

// Count counts the team's items by status.
func (b *Browser) Count(ctx context.Context, org id.ID) (map[feedback.Status]int64, error) {
	return b.Store.CountFeedback(ctx, org)
}

// voted are the items that the one who looks has voted for, under any of their records.
func (b *Browser) voted(ctx context.Context, sight Sight, items []id.ID) (map[id.ID]bool, error) {
	if sight.To == nil {
		return nil, nil
	}
	voted := map[id.ID]bool{}
	for _, person := range sight.To.Persons {
		votes, err := b.Store.VotesOf(ctx, sight.Org, person, items)
		if err != nil {
			return nil, err
		}
		for _, v := range votes {
			voted[v.Subject] = true
		}
	}
	return voted, nil
}
