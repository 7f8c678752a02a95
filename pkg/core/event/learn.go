package event

import (
	"cmp"
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/heard-dev/heard/pkg/apierr"
)

// abreast is how many look-ups of one batch are under way at once.
const abreast = 16

// recognise settles the items that are repeats, where their being new must be known before they are written: what was said
// long ago must not be said again of a user, and a repeat takes no room.
func (b *batch) recognise(ctx context.Context, room int64) {
	scarce := room >= 0 && int64(len(b.open((*item).metered))) > room
	named := b.open(func(i *item) bool { return i.clientID != "" && (i.tells() || scarce) })
	var look errgroup.Group
	look.SetLimit(abreast)
	for _, i := range named {
		look.Go(func() error {
			b.look(ctx, i)
			return nil
		})
	}
	_ = look.Wait() // each item has its own error
}

// look finds the first of the IDs of the item's name that is free, or what the name stands for.
func (b *batch) look(ctx context.Context, i *item) {
	for !i.settled {
		standing, err := b.store.Event(ctx, b.org, i.event.ID)
		switch {
		case apierr.KindOf(err) == apierr.NotFound:
			return
		case err != nil:
			i.lose(err)
		default:
			b.met(i, standing.ReceivedAt)
		}
	}
}

// learn puts what the open items say of users into their profiles.
func (b *batch) learn(ctx context.Context) {
	of := map[string]int{}
	var said []telling
	for _, i := range b.open((*item).tells) {
		user := i.event.User.ID
		n, known := of[user]
		if !known {
			n, said = len(said), append(said, telling{user: user})
			of[user] = n
		}
		said[n].items = append(said[n].items, i)
	}
	for n, outcome := range b.learner.Write(ctx, b.org, said) {
		if err := cmp.Or(outcome.Err, outcome.Answer); err != nil {
			for _, i := range said[n].items {
				i.lose(err)
			}
		}
	}
}
