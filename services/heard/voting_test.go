package heard_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
)

// vote says whose vote it is, and how it stands.
type standing struct {
	Voted bool
	Votes int64
}

// One person has one vote, whoever casts it how often at once: each turn turns it over, and what it shall be it is.
func TestAPersonVotesOnce(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		w := i.team("acme")
		ada, token := w.subscriber("ada")
		item := w.create(`{"title":"x"}`).ID
		race := func(n int, say func(n int) (token, body string)) {
			t.Helper()
			var racing sync.WaitGroup
			for n := range n {
				racing.Go(func() {
					token, body := say(n)
					if got := w.act(token, "feedbacks.vote", body); got.Code != http.StatusOK {
						t.Errorf("%d %s", got.Code, got.Body)
					}
				})
			}
			racing.Wait()
		}
		demand := func(votes int64) {
			t.Helper()
			row := w.info(token, item)
			tally, err := i.Store.CountVotes(t.Context(), w.org.ID, userorbit.ID(item))
			must(t, err)
			if row.Votes != votes || *row.Voted != (votes > 0) || tally.For != votes || w.native(item).Votes != votes {
				t.Errorf("%d votes, and %t; %+v are stored; want %d", row.Votes, *row.Voted, tally, votes)
			}
		}
		byTurns := func(body string) func(int) (string, string) {
			return func(n int) (string, string) { // by herself, and by the team for her
				if n%2 == 0 {
					return token, fmt.Sprintf(`{"id":%q%s}`, item, body)
				}
				return w.key, fmt.Sprintf(`{"id":%q,"subscriberId":%q%s}`, item, ada.ID.UUID(), body)
			}
		}
		race(16, byTurns(`,"voted":true`))
		demand(1)
		race(16, byTurns(`,"voted":false`))
		demand(0)
		race(15, byTurns(``))
		demand(1)
		race(16, byTurns(``))
		demand(1)
		w.refused(token, "feedbacks.vote", fmt.Sprintf(`{"id":%q,"subscriberId":%q}`, item, ada.Org.UUID()), http.StatusForbidden)
		w.refused(w.key, "feedbacks.vote", fmt.Sprintf(`{"id":%q}`, item), http.StatusBadRequest)
		w.refused(w.key, "feedbacks.vote", fmt.Sprintf(`{"id":%q,"subscriberId":%q}`, item, ada.Org.UUID()), http.StatusNotFound)
	})
}

// Who voted under two names votes once as soon as they are known to be one.
func TestAMergedPersonVotesOnce(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		w := i.team("acme")
		ada, first := w.subscriber("ada")
		also, second := w.subscriber("also-ada")
		item := w.create(`{"title":"x"}`).ID
		var got standing
		w.do(first, "feedbacks.vote", `{"id":"`+item+`"}`, &got)
		_, err := i.People.Merge(t.Context(), w.org.ID, byTest().Actor, ada.ID, also.ID)
		must(t, err)
		for _, token := range []string{first, second} {
			if w.do(token, "feedbacks.vote", `{"id":"`+item+`","voted":true}`, &got); !got.Voted || got.Votes != 1 {
				t.Errorf("%+v", got)
			}
			if row := w.info(token, item); !*row.Voted {
				t.Errorf("%+v", row)
			}
		}
		if w.do(second, "feedbacks.vote", `{"id":"`+item+`"}`, &got); got.Voted || got.Votes != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// A merge takes everybody's vote along once, may be repeated, and is not left half done.
func TestAMergeTakesTheVotesAlong(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		w := i.team("acme")
		source, target, third := w.create(`{"title":"source"}`).ID, w.create(`{"title":"target"}`).ID, w.create(`{"title":"third"}`).ID
		var got standing
		for name, items := range map[string][]string{"both": {source, target}, "source": {source}, "target": {target}} {
			_, token := w.subscriber(name)
			for _, item := range items {
				w.do(token, "feedbacks.vote", `{"id":"`+item+`"}`, &got)
			}
		}
		both := func(source, target string) string { return `{"id":"` + source + `","targetId":"` + target + `"}` }
		for range 2 {
			var row orbitRow
			if w.do(w.key, "feedbacks.merge", both(source, target), &row); row.ID != target || row.Votes != 3 {
				t.Errorf("merged into %+v", row)
			}
		}
		if row := w.info(w.key, source); text(row.MergedInto) != target || row.Status != "closed" {
			t.Errorf("merged is %+v", row)
		}
		if got := w.native(source); got.Status != "duplicate" || text(got.DuplicateOf) != userorbit.ID(target).String() || got.Stage != "" {
			t.Errorf("merged is natively %+v", got)
		}
		if got := w.listed(w.key, "feedbacks.list", `{"sortBy":"top"}`); got != "target,third" {
			t.Errorf("then %s are there", got)
		}
		w.refused(w.key, "feedbacks.merge", both(source, third), http.StatusConflict)
		w.refused(w.key, "feedbacks.merge", both(third, source), http.StatusConflict)
		w.refused(w.key, "feedbacks.merge", both(third, third), http.StatusBadRequest)
		w.refused(w.key, "feedbacks.vote", `{"id":"`+source+`","subscriberId":"`+w.org.ID.UUID()+`"}`, http.StatusNotFound)

		var row orbitRow
		w.do(w.key, "feedbacks.archive", `{"id":"`+source+`"}`, &row)
		w.do(w.key, "feedbacks.restore", `{"id":"`+source+`"}`, &row)
		if text(row.MergedInto) != target {
			t.Errorf("a duplicate is restored as %+v", row)
		}
	})
}

// Two that are merged into each other at once do not both vanish.
func TestMergesThatCrossLeaveOneStanding(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		w := i.team("acme")
		for range 8 {
			one, other := w.create(`{"title":"x"}`).ID, w.create(`{"title":"x"}`).ID
			var racing sync.WaitGroup
			for _, pair := range [][2]string{{one, other}, {other, one}} {
				racing.Go(func() {
					got := w.act(w.key, "feedbacks.merge", `{"id":"`+pair[0]+`","targetId":"`+pair[1]+`"}`)
					if got.Code != http.StatusOK && got.Code != http.StatusConflict {
						t.Errorf("%d %s", got.Code, got.Body)
					}
				})
			}
			racing.Wait()
			if w.native(one).Stage == "" && w.native(other).Stage == "" {
				t.Fatalf("neither stands on a board: %+v, %+v", w.native(one), w.native(other))
			}
		}
	})
}

// What is deleted is gone with all that hangs on it.
func TestADeletedItemLeavesNothing(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		w := i.team("acme")
		file := i.upload(w.app, "content")
		native, _ := i.stored(i.cite(w.app, "", file))
		item := parse(t, native)
		ada, _ := w.subscriber("ada")
		var got standing
		w.do(w.key, "feedbacks.vote", `{"id":"`+item.UUID()+`","subscriberId":"`+ada.ID.UUID()+`"}`, &got)
		var said struct{ ID string }
		w.do(w.key, "feedback-comments.create", `{"id":"`+item.UUID()+`","text":"x","type":"private"}`, &said)
		w.do(w.key, "feedbacks.delete", `{"id":"`+item.UUID()+`"}`, &struct{}{})
		if _, err := i.Blobs.Stat(t.Context(), file.Key); err == nil {
			t.Error("its file is still there")
		}
		votes, err := i.Store.VotesBy(t.Context(), w.org.ID, ada.ID, vote.Place{}, 10)
		must(t, err)
		if len(votes) > 0 {
			t.Errorf("votes are left: %+v", votes)
		}
		w.refused(w.key, "feedback-comments.update", `{"id":"`+said.ID+`","text":"y"}`, http.StatusNotFound)
		w.refused(w.key, "feedbacks.info", `{"id":"`+item.UUID()+`"}`, http.StatusNotFound)
		page, err := i.Store.ListFeedback(t.Context(), w.org.ID, feedback.Query{Limit: 10})
		must(t, err)
		if len(page.Items) > 0 {
			t.Errorf("items are left: %+v", page.Items)
		}
	})
}
