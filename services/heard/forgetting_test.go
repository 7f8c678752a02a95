package heard_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
)

// records are so many of one person: each is merged into the one before.
func (i *installation) records(org id.ID, name string, n int) (records []enduser.Person) {
	i.t.Helper()
	for n := range n {
		record := enduser.Person{
			ID: i.IDs.New(), Org: org, ExternalID: fmt.Sprintf("%s-%d", name, n), Email: fmt.Sprintf("%s-%d@example.com", name, n),
			Source: enduser.FromWidget, CreatedAt: i.Now(), UpdatedAt: i.Now(), Version: 1,
		}
		if n > 0 {
			record.Into = records[n-1].ID
		}
		must(i.t, i.Store.CreatePerson(context.Background(), org, record))
		records = append(records, record)
	}
	return records
}

// act has each record submit by each of its names, cause an event, and vote and comment on a topic. It gives what was said last.
func (i *installation) act(h household, records []enduser.Person, topic id.ID) (item id.ID) {
	i.t.Helper()
	ctx, org := context.Background(), h.org.ID
	for _, record := range records {
		for _, from := range []feedback.Submitter{
			{Mode: feedback.Public, Person: record.ID},
			{Mode: feedback.Private, ExternalUserID: record.ExternalID},
			{Mode: feedback.Public, Email: record.Email},
		} {
			item = i.IDs.New()
			must(i.t, i.Store.InsertFeedback(ctx, org, feedback.Item{
				ID: item, App: h.app.ID, Status: feedback.Received, Submitter: from, Text: "x", CreatedAt: i.Now(), UpdatedAt: i.Now(),
			}))
		}
		i.happened(org, h.app.ID, record.ExternalID)
		i.discuss(org, record.ID, topic)
	}
	return item
}

func (i *installation) discuss(org, person, topic id.ID) {
	i.t.Helper()
	ctx := context.Background()
	_, err := i.Store.CastVote(ctx, org, vote.Vote{Kind: vote.OnFeedback, Subject: topic, Person: person, Value: 1, At: i.Now()})
	must(i.t, err)
	must(i.t, i.Store.InsertComment(ctx, org, comment.Comment{
		ID: i.IDs.New(), Item: topic, Person: person, Text: "me too", CreatedAt: i.Now(), Version: 1,
	}))
}

// annAndBob are Ann with three records, and Bob with one, who both have their say on a topic, and Bob on what Ann said.
type annAndBob struct {
	ann, bob []enduser.Person
	topic    id.ID
}

func (i *installation) annAndBob(t *testing.T, h household) annAndBob {
	t.Helper()
	c := annAndBob{i.records(h.org.ID, "ann", 3), i.records(h.org.ID, "bob", 1), parse(t, i.by(h.app, nil))}
	i.act(h, c.bob, c.topic)
	i.discuss(h.org.ID, c.bob[0].ID, i.act(h, c.ann, c.topic))
	return c
}

// ofAnn is what there is of Ann's; her profiles are records as well.
func ofAnn() erasure.Receipt {
	return erasure.Receipt{Feedback: 9, Events: 3, Votes: 3, Comments: 3, Records: 6}
}

// withoutAnn demands that nothing is left of her, and all of Bob.
func (i *installation) withoutAnn(org id.ID, c annAndBob) {
	i.t.Helper()
	ctx := context.Background()
	for _, record := range c.ann {
		if _, err := i.Store.Person(ctx, org, record.ID); apierr.KindOf(err) != apierr.NotFound {
			i.t.Errorf("a record: %v", err)
		}
		votes, err := i.Store.VotesBy(ctx, org, record.ID, vote.Place{}, 10)
		must(i.t, err)
		comments, err := i.Store.CommentsBy(ctx, org, record.ID, id.Zero, 10)
		must(i.t, err)
		if len(votes)+len(comments) > 0 {
			i.t.Errorf("left are %+v, %+v", votes, comments)
		}
	}
	i.holds(org, 4)
	i.users(org, c.bob[0].ExternalID)
	i.discussed(org, c.topic, 1)
	if found, err := i.Store.PersonByExternalID(ctx, org, c.bob[0].ExternalID); err != nil || found.ID != c.bob[0].ID {
		i.t.Errorf("Bob: %+v, %v", found, err)
	}
}

// discussed demands that a topic has so many votes and comments.
func (i *installation) discussed(org, topic id.ID, want int64) {
	i.t.Helper()
	item, err := i.Store.Feedback(context.Background(), org, topic)
	must(i.t, err)
	comments, err := i.Store.CountComments(context.Background(), org, topic, true)
	must(i.t, err)
	if item.Votes != want || comments != want {
		i.t.Errorf("%d votes and %d comments, want %d of each", item.Votes, comments, want)
	}
}

func TestAPersonIsErasedWithAllTheirRecordsByAnyOfTheirNames(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		for n, subject := range []func(ann []enduser.Person) erasure.Subject{
			func(ann []enduser.Person) erasure.Subject { return erasure.Subject{Person: ann[0].ID} },
			func(ann []enduser.Person) erasure.Subject { return erasure.Subject{Person: ann[2].ID} },
			func(ann []enduser.Person) erasure.Subject { return erasure.Subject{ExternalUserID: ann[1].ExternalID} },
			func(ann []enduser.Person) erasure.Subject { return erasure.Subject{Email: "ANN-2@example.com"} },
			func(ann []enduser.Person) erasure.Subject {
				return erasure.Subject{ExternalUserID: ann[2].ExternalID, Email: ann[0].Email}
			},
		} {
			h := i.found(fmt.Sprint("acme-", n))
			c := i.annAndBob(t, h)
			asked, err := i.manager.EraseEndUser(t.Context(), byTest(), h.org.ID, subject(c.ann))
			must(t, err)
			i.eraseDue(h.org.ID)
			i.withoutAnn(h.org.ID, c)
			done := i.erasure(h.org.ID, asked.ID)
			if done.Receipt != ofAnn() || done.Subject != (erasure.Subject{}) {
				t.Errorf("the receipt: %+v", done)
			}
		}
	})
}

func TestInOneAppAnEndUserIsErasedAndRemainsAPerson(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		c := i.annAndBob(t, h)
		subject := erasure.Subject{App: h.app.ID, ExternalUserID: c.ann[1].ExternalID}
		asked, err := i.manager.EraseEndUser(t.Context(), byTest(), h.org.ID, subject)
		must(t, err)
		i.eraseDue(h.org.ID)
		i.holds(h.org.ID, 12)
		i.discussed(h.org.ID, c.topic, 4)
		if found, err := i.Store.PersonByExternalID(t.Context(), h.org.ID, subject.ExternalUserID); err != nil || found.ID != c.ann[1].ID {
			t.Errorf("the person: %+v, %v", found, err)
		}
		if got := i.erasure(h.org.ID, asked.ID).Receipt; got != (erasure.Receipt{Feedback: 1, Events: 1, Records: 1}) {
			t.Errorf("the receipt: %+v", got)
		}
	})
}

// By whichever record a person was named, and wherever the erasure dies, the others are found again.
func TestAnErasureOfAPersonThatDiesAnywhereIsFinished(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]func(ann []enduser.Person) erasure.Subject{
		"the root":       func(ann []enduser.Person) erasure.Subject { return erasure.Subject{Person: ann[0].ID} },
		"one in between": func(ann []enduser.Person) erasure.Subject { return erasure.Subject{ExternalUserID: ann[1].ExternalID} },
		"the last":       func(ann []enduser.Person) erasure.Subject { return erasure.Subject{Person: ann[2].ID} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, eraser := mortal(t)
			watch := i.found("watch")
			steps := 0
			for died := true; died; steps++ {
				h := i.found(fmt.Sprint("acme-", steps))
				c := i.annAndBob(t, h)
				_, err := i.manager.EraseEndUser(t.Context(), byTest(), h.org.ID, by(c.ann))
				must(t, err)
				died = i.eraseFor(steps, eraser, h.org.ID, watch.org.ID)
				i.withoutAnn(h.org.ID, c)
				got, whole := i.newest(h.org.ID), ofAnn()
				if r := got.Receipt; got.DoneAt.IsZero() || r.Feedback > whole.Feedback || r.Events > whole.Events || r.Votes > whole.Votes ||
					r.Comments > whole.Comments || r.Records > whole.Records || !died && r != whole {
					t.Errorf("died at step %d: %+v", steps, got)
				}
			}
			if steps < 40 {
				t.Errorf("undisturbed after %d steps", steps)
			}
		})
	}
}
