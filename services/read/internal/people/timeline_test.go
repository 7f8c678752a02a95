package people_test

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
	"github.com/heard-dev/heard/services/read/internal/people"
	"github.com/heard-dev/heard/services/read/internal/review"
)

var org = id.ID{1}

// began is when things began to happen; all of it within few milliseconds, so that many happen in each.
var began = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// life is a person with several records, and others, whose things happen.
type life struct {
	*testing.T
	store  *sqlitestore.Store
	reader *people.Reader
	now    time.Time
	ids    *id.Source
	whole  enduser.Whole
	other  enduser.Person
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newLife(t *testing.T) *life {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Path: filepath.Join(t.TempDir(), "heard.db")})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	l := &life{T: t, store: store, now: began}
	now := func() time.Time { return l.now }
	l.ids = id.NewSource(now, rand.Reader)
	directory := enduser.NewDirectory(enduser.Deps{
		Store: store, Journal: audit.NewJournal(store, make([]byte, 32), l.ids, now), IDs: l.ids, Now: now,
		Announce: func(ctx context.Context, _ id.ID) error { return ctx.Err() },
	})
	l.reader = &people.Reader{Store: store, Directory: directory, Reviewer: &review.Reviewer{Store: store}}
	meet := func(name string) enduser.Person {
		person, _, err := directory.Meet(t.Context(), org, enduser.Sighting{ExternalID: name})
		must(t, err)
		return person
	}
	root := meet("x")
	l.other = meet("z")
	for _, name := range []string{"y", "w"} {
		l.whole, err = directory.Merge(t.Context(), org, audit.System("a test"), meet(name).ID, root.ID)
		must(t, err)
	}
	return l
}

// happen has something happen at a random moment to a random record: it gives the name of what did, and its moment.
func (l *life) happen(draw *mathrand.Rand, kind people.Kind, after time.Duration) string {
	l.Helper()
	l.now = began.Add(after + time.Duration(draw.IntN(5_000))*time.Microsecond)
	ids := id.NewSource(func() time.Time { return l.now }, rand.Reader)
	at, made, record := l.now.Truncate(time.Millisecond), ids.New(), l.whole.Records[draw.IntN(len(l.whole.Records))]
	switch kind {
	case people.OfFeedback:
		item := feedback.Item{
			ID: made, Org: org, Status: feedback.Received, Text: "x", CreatedAt: at, UpdatedAt: at,
			Submitter: feedback.Submitter{Mode: feedback.Private, ExternalUserID: record.ExternalID},
		}
		if draw.IntN(2) == 0 {
			item.Submitter = feedback.Submitter{Mode: feedback.Public, Person: record.ID}
		}
		must(l.T, l.store.InsertFeedback(l.Context(), org, item))
	case people.OfEvent:
		draw.Shuffle(len(made), func(i, j int) { made[i], made[j] = made[j], made[i] }) // a client's id says nothing of when
		_, err := l.store.InsertEvents(l.Context(), org, []event.Event{{
			ID: made, Kind: event.Track, Name: "x", User: event.User{ID: record.ExternalID}, At: at, ReceivedAt: at,
		}})
		must(l.T, err)
	case people.OfVote:
		made = id.ID{9, byte(draw.IntN(4))} // several records vote on one thing
		_, err := l.store.CastVote(l.Context(), org, vote.Vote{Kind: vote.OnArticle, Subject: made, Person: record.ID, Value: 1, At: at})
		must(l.T, err)
		return fmt.Sprint(kind, made, record.ID)
	case people.OfComment:
		said := comment.Comment{ID: made, Org: org, Item: l.anItem(), Person: record.ID, Text: "x", CreatedAt: at, UpdatedAt: at, Version: 1}
		must(l.T, l.store.InsertComment(l.Context(), org, said))
	}
	return fmt.Sprint(kind, made, id.Zero)
}

// anItem is somebody else's feedback.
func (l *life) anItem() id.ID {
	l.Helper()
	item := feedback.Item{
		ID: l.ids.New(), Org: org, Status: feedback.Received, Text: "x", CreatedAt: began, UpdatedAt: began,
		Submitter: feedback.Submitter{Mode: feedback.Private, ExternalUserID: "z"},
	}
	must(l.T, l.store.InsertFeedback(l.Context(), org, item))
	return item.ID
}

// moment is when an entry happened, as whoever looks is told.
func moment(e people.Entry) time.Time {
	switch {
	case e.Feedback != nil:
		return e.Feedback.CreatedAt
	case e.Event != nil:
		return e.Event.ReceivedAt
	case e.Vote != nil:
		return e.Vote.At
	}
	return e.Comment.CreatedAt
}

// Whatever happens while somebody pages, what there was at the beginning is on one page, once, in order.
func TestATimelineHasEverythingOnceWhileMoreHappens(t *testing.T) {
	for _, limit := range []int{1, 3, 7, 100} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			l, draw := newLife(t), mathrand.New(mathrand.NewPCG(1, uint64(limit)))
			want := map[string]bool{}
			for range 30 {
				for _, kind := range people.Kinds() {
					want[l.happen(draw, kind, 0)] = true
				}
			}
			seen := map[string]int{}
			var last time.Time
			for span := (people.Span{Limit: limit}); ; {
				page, err := l.reader.Timeline(t.Context(), org, l.whole, span)
				must(t, err)
				if len(page.Entries) > limit {
					t.Fatalf("%d entries on a page", len(page.Entries))
				}
				for _, entry := range page.Entries {
					seen[fmt.Sprint(entry.Kind, entry.ID, entry.Record)]++
					// An id tells its time to 15 µs, and so may be a millisecond early.
					if at := moment(entry); !last.IsZero() && at.After(last.Add(time.Millisecond)) {
						t.Errorf("%v comes after %v", at, last)
					}
					last = moment(entry)
				}
				if page.Next == (people.Place{}) {
					break
				}
				span.After = page.Next
				for _, kind := range []people.Kind{people.OfFeedback, people.OfEvent, people.OfComment} {
					l.happen(draw, kind, time.Hour)
				}
			}
			for name, times := range seen {
				if times != 1 {
					t.Errorf("%s is there %d times", name, times)
				}
				delete(want, name)
			}
			if len(want) > 0 {
				t.Errorf("%d are missing: %v", len(want), want)
			}
		})
	}
}

// An export's receipt counts what its pages had.
func TestAnExportIsAllOfAPersonWithAReceipt(t *testing.T) {
	l, draw := newLife(t), mathrand.New(mathrand.NewPCG(3, 4))
	want := map[people.Kind]map[string]bool{}
	for _, kind := range people.Kinds() {
		want[kind] = map[string]bool{}
		for range 10 {
			want[kind][l.happen(draw, kind, 0)] = true
		}
	}
	must(t, l.store.PutProfile(t.Context(), org, event.Profile{UserID: "y", Traits: []byte(`{"a":1}`)}))
	must(t, l.store.PutProfile(t.Context(), org, event.Profile{UserID: "z", Traits: []byte(`{}`)}))
	var from people.Position
	got := map[people.Kind]int{}
	for {
		page, err := l.reader.Export(t.Context(), org, l.whole.Records[1].ID, from, 6)
		must(t, err)
		if page.First != (from == people.Position{}) || page.Person.ID != l.whole.ID {
			t.Errorf("%+v", page)
		}
		for _, entry := range page.Entries {
			got[entry.Kind]++
			if !want[entry.Kind][fmt.Sprint(entry.Kind, entry.ID, entry.Record)] {
				t.Errorf("%+v is not theirs", entry)
			}
		}
		if page.Complete {
			receipt := people.Counts{
				Records: 3, Profiles: 1, Feedback: 10, Events: 10, Comments: 10, Votes: uint32(len(want[people.OfVote])),
			}
			if page.Counts != receipt || got[people.OfFeedback] != 10 || got[people.OfVote] != len(want[people.OfVote]) {
				t.Errorf("%+v, handed out %v", page.Counts, got)
			}
			return
		}
		from = page.Next
	}
}

func TestPeopleAreFoundByTheirNames(t *testing.T) {
	l := newLife(t)
	name, address := "Ann", "ann@x.co"
	_, err := l.reader.Directory.Update(t.Context(), org, l.other.ID, enduser.Change{Name: &name, Email: &address})
	must(t, err)
	root, other := l.whole.ID, l.other.ID
	for query, want := range map[people.Query][]id.ID{
		{}:                                    {other, root},
		{ExternalID: "y"}:                     {root},
		{ExternalID: "Y"}:                     nil,
		{Email: "ANN@x.co"}:                   {other},
		{ExternalID: "z", Email: "ann@x.co"}:  {other},
		{ExternalID: "y", Email: "ann@x.co"}:  nil,
		{Query: enduser.Query{Search: "aNN"}}: {other},
		{ExternalID: "z", Query: enduser.Query{Search: "nobody"}}: nil,
		{ExternalID: "z", Query: enduser.Query{Offset: 1}}:        nil,
		{Query: enduser.Query{Offset: 1}}:                         {root},
	} {
		query.Limit = 10
		page, err := l.reader.Find(t.Context(), org, query)
		must(t, err)
		var found []id.ID
		for _, person := range page.People {
			found = append(found, person.ID)
		}
		if !slices.Equal(found, want) || page.Total < int64(len(found)) {
			t.Errorf("%+v: %v of %d", query, found, page.Total)
		}
	}
	if page, err := l.reader.Find(t.Context(), id.ID{2}, people.Query{ExternalID: "x", Query: enduser.Query{Limit: 10}}); err != nil || len(page.People) != 0 {
		t.Errorf("another Org finds %+v, %v", page, err)
	}
}
