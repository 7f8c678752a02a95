package event

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/heard-dev/heard/pkg/apierr"
)

const (
	// abreast is how many look-ups, or users, of one batch are under way at once.
	abreast = 16
	// learnTries bounds the retries of a profile that others change too: each means that somebody else was done.
	learnTries = 100
)

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
	of := map[string][]*item{}
	for _, i := range b.open((*item).tells) {
		of[i.event.User.ID] = append(of[i.event.User.ID], i)
	}
	var users errgroup.Group
	users.SetLimit(abreast)
	for user, items := range of {
		users.Go(func() error {
			if err := b.tell(ctx, user, items); err != nil {
				for _, i := range items {
					i.lose(err)
				}
			}
			return nil
		})
	}
	_ = users.Wait() // each item has its own error
}

// tell puts what the items say into one profile, in one write. Others may be writing it too.
func (b *batch) tell(ctx context.Context, user string, items []*item) error {
	for try := 1; ; try++ {
		refusals, err := b.amend(ctx, user, items)
		if apierr.KindOf(err) == apierr.Conflict && try < learnTries {
			continue
		}
		if err != nil {
			return err
		}
		for i, refusal := range refusals {
			i.refuse(refusal)
		}
		return nil
	}
}

// amend is one try. It gives the items that the profile has no room for.
func (b *batch) amend(ctx context.Context, user string, items []*item) (map[*item]error, error) {
	before, err := b.profile(ctx, user)
	if err != nil {
		return nil, err
	}
	after, err := paint(before)
	if err != nil {
		return nil, err
	}
	refusals := map[*item]error{}
	for _, i := range items {
		if err := after.tell(i.event.User); err != nil {
			refusals[i] = err
		}
	}
	profile, changed, err := after.finish(before, b.now)
	if err != nil || !changed {
		return refusals, err
	}
	return refusals, b.profiles.PutProfile(ctx, b.org, profile)
}

func (b *batch) profile(ctx context.Context, user string) (Profile, error) {
	profile, err := b.profiles.Profile(ctx, b.org, user)
	if apierr.KindOf(err) == apierr.NotFound {
		return Profile{Org: b.org, UserID: user, CreatedAt: b.now}, nil
	}
	return profile, err
}
