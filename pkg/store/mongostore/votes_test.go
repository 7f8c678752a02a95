package mongostore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/mongostore"
)

func TestAVoteThatIsCutOffIsCountedInTheEnd(t *testing.T) {
	var f fuse
	s := open(t, server(t), f.monitor())
	one := item()
	must(t, s.InsertFeedback(t.Context(), one.Org, one))
	always := time.Now().Add(time.Hour) // whatever is pending is older
	given := vote.Vote{Kind: vote.OnFeedback, Subject: one.ID, Value: 1, At: one.CreatedAt}
	cast := func(ctx context.Context) error { _, err := s.CastVote(ctx, one.Org, given); return err }
	back := func(ctx context.Context) error {
		_, err := s.WithdrawVote(ctx, one.Org, given.Kind, given.Subject, given.Person)
		return err
	}
	votes := func() int64 {
		stands, err := s.Feedback(t.Context(), one.Org, one.ID)
		must(t, err)
		return stands.Votes
	}
	for name, change := range map[string]struct {
		first []func(context.Context) error
		then  func(context.Context) error
	}{"cast": {nil, cast}, "withdrawn": {first(cast), back}, "cast again": {first(cast, back), cast}} {
		left, before := 0, int64(0)
		everywhere(t, func(step int64) bool {
			given.Person, before = ids.New(), votes()
			for _, do := range change.first {
				must(t, do(t.Context()))
			}
			ended := f.ended(step, change.then)
			n, err := s.SettleVotes(t.Context(), always, 10)
			must(t, err)
			left += n
			on, err := s.VotesOn(t.Context(), one.Org, one.ID, id.Zero, 100)
			must(t, err)
			if now := votes(); now != int64(len(on)) || now < before || now > before+1 {
				t.Errorf("%s: %d votes are counted of %d, after %d", name, now, len(on), before)
			}
			n, err = s.SettleVotes(t.Context(), always, 10)
			must(t, err)
			same(t, n, 0)
			return ended
		})
		if left == 0 {
			t.Errorf("%s: nothing was ever left to settle", name)
		}
	}
}

func first(do ...func(context.Context) error) []func(context.Context) error { return do }

// Whatever comes between two commands of a vote, whoever counts last has seen both.
func TestVotesThatMeetAnywhereAreAllCounted(t *testing.T) {
	var f fuse
	uri, name := server(t), database(t)
	s, other := openNamed(t, uri, name, f.monitor()), openNamed(t, uri, name, nil)
	one := item()
	must(t, s.InsertFeedback(t.Context(), one.Org, one))
	cast := func(s *mongostore.Store, person id.ID) error {
		_, err := s.CastVote(t.Context(), one.Org, vote.Vote{Kind: vote.OnFeedback, Subject: one.ID, Person: person, Value: 1, At: one.CreatedAt})
		return err
	}
	back := func(s *mongostore.Store, person id.ID) error {
		_, err := s.WithdrawVote(t.Context(), one.Org, vote.OnFeedback, one.ID, person)
		return err
	}
	for name, do := range map[string]func(*mongostore.Store, id.ID) error{"cast": cast, "withdrawn": back} {
		for met, meet := range map[string]func(mine, theirs id.ID) error{
			"another's":          func(_, theirs id.ID) error { return cast(other, theirs) },
			"two of others":      func(_, theirs id.ID) error { return errors.Join(cast(other, theirs), cast(other, ids.New())) },
			"the same person's":  func(mine, _ id.ID) error { return cast(other, mine) },
			"their withdrawal":   func(mine, _ id.ID) error { return back(other, mine) },
			"there and back":     func(mine, _ id.ID) error { return errors.Join(cast(other, mine), back(other, mine)) },
			"another's and back": func(_, theirs id.ID) error { return errors.Join(cast(other, theirs), back(other, theirs)) },
		} {
			everywhere(t, func(step int64) bool {
				mine, theirs := ids.New(), ids.New()
				must(t, cast(other, mine))
				if name == "cast" {
					must(t, back(other, mine))
				}
				came, err := f.before(step, func() { must(t, meet(mine, theirs)) }, func() error { return do(s, mine) })
				must(t, err)
				stands, err := s.Feedback(t.Context(), one.Org, one.ID)
				must(t, err)
				tally, err := s.CountVotes(t.Context(), one.Org, one.ID)
				must(t, err)
				left, err := s.SettleVotes(t.Context(), time.Now().Add(time.Hour), 10)
				must(t, err)
				if stands.Votes != tally.For || left != 0 {
					t.Errorf("%s, and %s before command %d: %d votes are counted of %d, %d left", name, met, step, stands.Votes, tally.For, left)
				}
				return came
			})
		}
	}
}

// Whoever looked before a vote was there, and counts after it, does not count for it.
func TestACountThatAnOlderOneOvertakesIsMadeAgain(t *testing.T) {
	const looked = 3 // commands: the vote, the item, the votes on it; the next writes what was counted
	var mine, theirs fuse
	uri, name := server(t), database(t)
	s, other := openNamed(t, uri, name, mine.monitor()), openNamed(t, uri, name, theirs.monitor())
	one := item()
	must(t, s.InsertFeedback(t.Context(), one.Org, one))
	cast := func(s *mongostore.Store) func() error {
		given := vote.Vote{Kind: vote.OnFeedback, Subject: one.ID, Person: ids.New(), Value: 1, At: one.CreatedAt}
		return func() error { _, err := s.CastVote(t.Context(), one.Org, given); return err }
	}
	reached, overtake, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		_, err := theirs.before(looked+1, func() { close(reached); <-overtake }, cast(other))
		done <- err
	}()
	<-reached
	_, err := mine.before(looked+1, func() { close(overtake); must(t, <-done) }, cast(s))
	must(t, err)
	stands, err := s.Feedback(t.Context(), one.Org, one.ID)
	must(t, err)
	same(t, stands.Votes, 2)
}

// Whoever is about to count a vote is left alone.
func TestAVoteIsNotSettledBeforeItsTime(t *testing.T) {
	var f fuse
	s := open(t, server(t), f.monitor())
	one := item()
	must(t, s.InsertFeedback(t.Context(), one.Org, one))
	everywhere(t, func(step int64) bool {
		ended := f.ended(step, func(ctx context.Context) error {
			_, err := s.CastVote(ctx, one.Org, vote.Vote{Kind: vote.OnFeedback, Subject: one.ID, Person: ids.New(), Value: 1, At: one.CreatedAt})
			return err
		})
		n, err := s.SettleVotes(t.Context(), time.Now().Add(-time.Minute), 10)
		must(t, err)
		same(t, n, 0)
		return ended
	})
}
