package storetest

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
)

func votes(t *testing.T, s Store) {
	m := newMaker()
	t.Run("votes read back exactly, by whom and on what", func(t *testing.T) { votesReadBack(t, s, m) })
	t.Run("a person has one vote on a thing", func(t *testing.T) { oneVote(t, s, m) })
	t.Run("racing votes of one person count one, of many as many", func(t *testing.T) { racingVotes(t, s, m) })
	t.Run("votes that come and go leave a true count", func(t *testing.T) { wavering(t, s, m) })
	t.Run("there is no vote on feedback that is not there", func(t *testing.T) { votesOnNothing(t, s, m) })
}

// voted casts a vote, and demands that it changed something or did not.
func voted(t *testing.T, s Store, org id.ID, given vote.Vote, want bool) {
	t.Helper()
	same(t, read[bool](t)(s.CastVote(t.Context(), org, given)), want)
}

// withdrawn takes a vote back, and demands that there was one or was not.
func withdrawn(t *testing.T, s Store, org id.ID, given vote.Vote, want bool) {
	t.Helper()
	same(t, read[bool](t)(s.WithdrawVote(t.Context(), org, given.Kind, given.Subject, given.Person)), want)
}

// tallied demands that an item has so many votes, however one asks.
func tallied(t *testing.T, s Store, org, item id.ID, want int64) {
	t.Helper()
	same(t, read[feedback.Item](t)(s.Feedback(t.Context(), org, item)).Votes, want)
	same(t, read[vote.Tally](t)(s.CountVotes(t.Context(), org, item)), vote.Tally{For: want})
	same(t, len(read[[]vote.Vote](t)(s.VotesOn(t.Context(), org, item, id.Zero, 100))), int(want))
}

func votesReadBack(t *testing.T, s Store, m maker) {
	org, other := m.ids.New(), m.ids.New()
	people := []id.ID{m.ids.New(), m.ids.New(), m.ids.New()}
	var things []id.ID
	var all []vote.Vote
	for n := range 4 {
		things = append(things, m.ids.New())
		for i, person := range people {
			given := vote.Vote{Kind: vote.OnArticle, Subject: things[n], Person: person, Value: 1, At: moment().Add(time.Duration(n/2) * time.Second)}
			if i == 2 {
				given.Value = -1
			}
			all = append(all, given)
			given.At = given.At.Add(999_999).In(time.FixedZone("west", -9*3600))
			voted(t, s, org, given, true)
			voted(t, s, other, given, true)
		}
	}
	of := func(does func(v vote.Vote) bool) []vote.Vote {
		return slices.DeleteFunc(slices.Clone(all), func(v vote.Vote) bool { return !does(v) })
	}
	for _, person := range people {
		want := of(func(v vote.Vote) bool { return v.Person == person })
		got := read[[]vote.Vote](t)(s.VotesOf(t.Context(), org, person, append([]id.ID{m.ids.New()}, things...)))
		slices.SortFunc(got, func(a, b vote.Vote) int { return newer(b.Subject, a.Subject) })
		same(t, got, want)
		slices.Reverse(want)
		for _, limit := range []int{1, 3, 10} {
			var got []vote.Vote
			for before := (vote.Place{}); ; before = placeOf(got[len(got)-1]) {
				page := read[[]vote.Vote](t)(s.VotesBy(t.Context(), org, person, before, limit))
				if got = append(got, page...); len(page) < limit {
					break
				}
			}
			same(t, got, want)
		}
	}
	for _, thing := range things {
		want := of(func(v vote.Vote) bool { return v.Subject == thing })
		same(t, read[[]vote.Vote](t)(s.VotesOn(t.Context(), org, thing, id.Zero, 10)), want)
		same(t, read[[]vote.Vote](t)(s.VotesOn(t.Context(), org, thing, people[0], 1)), want[1:2])
		same(t, read[vote.Tally](t)(s.CountVotes(t.Context(), org, thing)), vote.Tally{For: 2, Against: 1})
	}
	same(t, len(read[[]vote.Vote](t)(s.VotesOf(t.Context(), org, people[0], nil))), 0)
	same(t, read[vote.Tally](t)(s.CountVotes(t.Context(), m.ids.New(), things[0])), vote.Tally{})
}

func placeOf(v vote.Vote) vote.Place { return vote.Place{At: v.At, Subject: v.Subject} }

func oneVote(t *testing.T, s Store, m maker) {
	org, person := m.ids.New(), m.ids.New()
	item := m.item(org, id.Zero)
	must(t, s.InsertFeedback(t.Context(), org, item))
	given := m.vote(item.ID, person)
	withdrawn(t, s, org, given, false)
	voted(t, s, org, given, true)
	again := given
	again.At = later()
	voted(t, s, org, again, false)
	same(t, read[[]vote.Vote](t)(s.VotesOn(t.Context(), org, item.ID, id.Zero, 10)), []vote.Vote{given})
	item.Votes = 1
	same(t, read[feedback.Item](t)(s.Feedback(t.Context(), org, item.ID)), item)
	withdrawn(t, s, m.ids.New(), given, false)
	withdrawn(t, s, org, vote.Vote{Kind: vote.OnArticle, Subject: item.ID, Person: person}, false)
	tallied(t, s, org, item.ID, 1)
	withdrawn(t, s, org, given, true)
	withdrawn(t, s, org, given, false)
	tallied(t, s, org, item.ID, 0)
	voted(t, s, org, again, true)
	tallied(t, s, org, item.ID, 1)

	article := vote.Vote{Kind: vote.OnArticle, Subject: m.ids.New(), Person: person, Value: 1, At: moment()}
	voted(t, s, org, article, true)
	article.Value, article.At = -1, later()
	voted(t, s, org, article, true)
	same(t, read[[]vote.Vote](t)(s.VotesOn(t.Context(), org, article.Subject, id.Zero, 10)), []vote.Vote{article})
	same(t, read[vote.Tally](t)(s.CountVotes(t.Context(), org, article.Subject)), vote.Tally{Against: 1})
	withdrawn(t, s, org, article, true)
	same(t, read[vote.Tally](t)(s.CountVotes(t.Context(), org, article.Subject)), vote.Tally{})
	same(t, read[int](t)(s.SettleVotes(t.Context(), far(), 10)), 0)
}

func racingVotes(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	item := m.item(org, id.Zero)
	must(t, s.InsertFeedback(t.Context(), org, item))
	ofOne := m.vote(item.ID, m.ids.New())
	for _, do := range []struct {
		call func() (bool, error)
		left int64
	}{
		{func() (bool, error) { return s.CastVote(t.Context(), org, ofOne) }, 1},
		{func() (bool, error) { return s.WithdrawVote(t.Context(), org, ofOne.Kind, ofOne.Subject, ofOne.Person) }, 0},
	} {
		var did atomic.Int64
		for _, err := range race(func(int) error {
			changed, err := do.call()
			if changed {
				did.Add(1)
			}
			return err
		}) {
			must(t, err)
		}
		same(t, did.Load(), 1)
		tallied(t, s, org, item.ID, do.left)
	}
	for _, err := range race(func(int) error {
		changed, err := s.CastVote(t.Context(), org, m.vote(item.ID, m.ids.New()))
		if !changed && err == nil {
			t.Error("a vote of another person changed nothing")
		}
		return err
	}) {
		must(t, err)
	}
	tallied(t, s, org, item.ID, racers)
	same(t, read[int](t)(s.SettleVotes(t.Context(), far(), 10)), 0)
}

func wavering(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	item := m.item(org, id.Zero)
	must(t, s.InsertFeedback(t.Context(), org, item))
	people := []id.ID{m.ids.New(), m.ids.New(), m.ids.New()}
	var cast, back atomic.Int64
	for _, err := range race(func(racer int) error {
		given := m.vote(item.ID, people[racer%len(people)])
		for n := range 6 {
			changed, did, err := false, &cast, error(nil)
			if (n+racer)%2 == 0 {
				changed, err = s.CastVote(t.Context(), org, given)
			} else {
				did = &back
				changed, err = s.WithdrawVote(t.Context(), org, given.Kind, given.Subject, given.Person)
			}
			if err != nil {
				return err
			}
			if changed {
				did.Add(1)
			}
		}
		return nil
	}) {
		must(t, err)
	}
	tallied(t, s, org, item.ID, cast.Load()-back.Load())
}

func votesOnNothing(t *testing.T, s Store, m maker) {
	org, person := m.ids.New(), m.ids.New()
	item, theirs := m.item(org, id.Zero), m.item(org, id.Zero)
	must(t, s.InsertFeedback(t.Context(), m.ids.New(), theirs))
	for _, subject := range []id.ID{item.ID, theirs.ID} {
		_, err := s.CastVote(t.Context(), org, m.vote(subject, person))
		missing(t, err)
	}
	same(t, len(read[[]vote.Vote](t)(s.VotesBy(t.Context(), org, person, vote.Place{}, 10))), 0)
	must(t, s.InsertFeedback(t.Context(), org, item))
	voted(t, s, org, m.vote(item.ID, person), true)
	must(t, s.DeleteFeedback(t.Context(), org, []id.ID{item.ID}))
	same(t, len(read[[]vote.Vote](t)(s.VotesBy(t.Context(), org, person, vote.Place{}, 10))), 0)
	withdrawn(t, s, org, m.vote(item.ID, person), false)
}
