// Package ballot is how people vote for feedback, each of them once.
package ballot

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/read/internal/browse"
)

const (
	// settleEvery is how often votes are looked for that were stored and not counted.
	settleEvery = time.Minute
	// settleAfter is when a count is given up on: far above a request's deadline.
	settleAfter = time.Minute
	// settleAtOnce bounds one look.
	settleAtOnce = 200
)

// Box is where votes are cast.
type Box struct {
	Browser *browse.Browser
	Now     func() time.Time
	// Failed hears of votes that could not be counted; they are looked for again.
	Failed func(error)
}

// Standing is what a person's vote on an item has become, and how many votes it has.
type Standing struct {
	Voted bool
	Votes int64
}

// Vote makes the person's vote what wanted says: there, or not. Where it is nil the vote is turned over, once for each call. The
// item must be there for who asks, who is the person or, where by is nil, the team.
func (b *Box) Vote(ctx context.Context, org id.ID, by *enduser.Person, person enduser.Person, item id.ID, wanted *bool) (Standing, error) {
	sight, err := b.Browser.Sight(ctx, org, by)
	if err != nil {
		return Standing{}, err
	}
	found, err := b.Browser.Find(ctx, sight, item)
	if err != nil {
		return Standing{}, err
	}
	if found.Stage() == "" {
		return Standing{}, apierr.New(apierr.Conflict, apierr.CodeInvalidTransition, "Feedback that is archived, or merged into other feedback, takes no votes.")
	}
	records, err := b.Browser.Persons(ctx, org, person)
	if err != nil {
		return Standing{}, err
	}
	h := hand{b.Browser.Store, org, item, records, b.Now()}
	voted, err := h.vote(ctx, wanted)
	if err != nil {
		return Standing{}, err
	}
	found, err = b.Browser.Find(ctx, sight, item)
	return Standing{voted, found.Votes}, err
}

// hand is a person's at the box, who may have voted under any of their records, the first of which is the root.
type hand struct {
	store   browse.Store
	org     id.ID
	item    id.ID
	records []id.ID
	at      time.Time
}

// turns bounds how often a hand tries again that meets itself.
const turns = 64

func (h hand) vote(ctx context.Context, wanted *bool) (voted bool, err error) {
	if wanted != nil && *wanted {
		_, err := h.cast(ctx)
		return true, err
	}
	if wanted != nil {
		_, err := h.withdraw(ctx)
		return false, err
	}
	for range turns { // until a call of ours has changed something, and not another's that came in between
		if changed, err := h.cast(ctx); changed || err != nil {
			return true, err
		}
		if changed, err := h.withdraw(ctx); changed || err != nil {
			return false, err
		}
	}
	return false, apierr.New(apierr.Conflict, apierr.CodeChanged, "This vote changes too fast; please try again.")
}

// cast casts the vote, unless there is one under another record.
func (h hand) cast(ctx context.Context) (changed bool, err error) {
	for _, record := range h.records[1:] {
		votes, err := h.store.VotesOf(ctx, h.org, record, []id.ID{h.item})
		if err != nil || len(votes) > 0 {
			return false, err
		}
	}
	return h.store.CastVote(ctx, h.org, vote.Vote{Kind: vote.OnFeedback, Subject: h.item, Person: h.records[0], Value: 1, At: h.at})
}

func (h hand) withdraw(ctx context.Context) (changed bool, err error) {
	for _, record := range h.records {
		gone, err := h.store.WithdrawVote(ctx, h.org, vote.OnFeedback, h.item, record)
		if err != nil {
			return changed, err
		}
		changed = changed || gone
	}
	return changed, nil
}

// Settle counts votes until ctx is done whose counting a store did not live to end.
func (b *Box) Settle(ctx context.Context) error {
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for {
		if err := b.settle(ctx); err != nil && ctx.Err() == nil {
			b.Failed(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (b *Box) settle(ctx context.Context) error {
	for {
		n, err := b.Browser.Store.SettleVotes(ctx, b.Now().Add(-settleAfter), settleAtOnce)
		if err != nil || n < settleAtOnce {
			return err
		}
	}
}
