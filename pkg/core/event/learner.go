package event

import (
	"context"
	"sync"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	// learnTurns is how many turns at the profiles are taken at once, of turnUsers each: a store that commits together what
	// comes together has something to commit, and one that is a network away has connections for as many.
	learnTurns = 8
	turnUsers  = 8
	// learnTries bounds the retries of a profile that others change too: each means that somebody else was done.
	learnTries = 100
)

// telling is what one batch says of one user. Its items are the learner's until it answers.
type telling struct {
	user  string
	items []*item
}

func (t *telling) size() (size int) {
	for _, i := range t.items {
		size += i.event.size()
	}
	return size
}

// learner puts tellings into profiles: what several batches say of a user at once in one write, and Orgs by turns. The Answer
// to one is why it may not be stored; items that a profile has no room for are refused.
type learner struct {
	*queue[telling, error]
	profiles Profiles
	now      func() time.Time
}

func newLearner(profiles Profiles, now func() time.Time) *learner {
	l := &learner{profiles: profiles, now: now}
	l.queue = newQueue(l.learn, (*telling).size, turnUsers, learnTurns)
	return l
}

// learn takes a turn.
func (l *learner) learn(ctx context.Context, org id.ID, said []telling) ([]error, error) {
	of := map[string][]int{}
	for n, t := range said {
		of[t.user] = append(of[t.user], n)
	}
	answers := make([]error, len(said))
	var users sync.WaitGroup
	for user, tellings := range of {
		users.Go(func() {
			var items []*item
			for _, n := range tellings {
				items = append(items, said[n].items...)
			}
			err := l.tell(ctx, org, user, items)
			for _, n := range tellings {
				answers[n] = err
			}
		})
	}
	users.Wait()
	return answers, nil
}

// tell puts what the items say into one profile, in one write. Others may be writing it too.
func (l *learner) tell(ctx context.Context, org id.ID, user string, items []*item) error {
	for try := 1; ; try++ {
		refusals, err := l.amend(ctx, org, user, items)
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
func (l *learner) amend(ctx context.Context, org id.ID, user string, items []*item) (map[*item]error, error) {
	now := l.now().UTC().Truncate(time.Millisecond)
	before, err := l.profiles.Profile(ctx, org, user)
	if apierr.KindOf(err) == apierr.NotFound {
		before, err = Profile{Org: org, UserID: user, CreatedAt: now}, nil
	}
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
	profile, changed, err := after.finish(before, now)
	if err != nil || !changed {
		return refusals, err
	}
	return refusals, l.profiles.PutProfile(ctx, org, profile)
}
