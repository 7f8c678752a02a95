package storetest

import (
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

func amend(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	item := m.item(org, m.ids.New())
	must(t, s.InsertFeedback(t.Context(), org, item))
	at := moment().Add(time.Hour)
	to := func(status feedback.Status) feedback.Change { return feedback.Change{Status: &status} }

	moved, err := s.AmendFeedback(t.Context(), org, item.ID, feedback.Received, to(feedback.Sanitizing), at.Add(1).In(time.FixedZone("", 60)))
	must(t, err)
	item.Status, item.UpdatedAt = feedback.Sanitizing, at
	same(t, moved, item)
	same(t, read[feedback.Item](t)(s.Feedback(t.Context(), org, item.ID)), item)
	for status, want := range map[feedback.Status][]feedback.Item{feedback.Received: nil, feedback.Sanitizing: {item}} {
		pages(t, s, org, feedback.Query{Status: status, Limit: 5}, want)
		pages(t, s, org, feedback.Query{App: item.App, Status: status, Limit: 5, IncludeDuplicates: true}, want)
	}

	_, err = s.AmendFeedback(t.Context(), org, item.ID, feedback.Received, to(feedback.Archived), at)
	changed(t, err)
	_, err = s.AmendFeedback(t.Context(), org, m.ids.New(), feedback.Received, to(feedback.Archived), at)
	missing(t, err)
	same(t, read[feedback.Item](t)(s.Feedback(t.Context(), org, item.ID)), item)

	winner := oneWinner(t, apierr.CodeChanged, race(func(racer int) error {
		at := at.Add(time.Duration(racer) * time.Second)
		_, err := s.AmendFeedback(t.Context(), org, item.ID, feedback.Sanitizing, to(feedback.Sanitized), at)
		return err
	}))
	item.Status, item.UpdatedAt = feedback.Sanitized, at.Add(time.Duration(winner)*time.Second)
	same(t, read[feedback.Item](t)(s.Feedback(t.Context(), org, item.ID)), item)
}

func amendFields(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	item, neighbour := m.item(org, m.ids.New()), m.item(org, m.ids.New())
	must(t, s.InsertFeedback(t.Context(), org, item))
	must(t, s.InsertFeedback(t.Context(), org, neighbour))
	at := moment()
	for n, change := range []feedback.Change{
		{},
		{Severity: new(feedback.Low), Title: new(""), Text: new("Said anew " + awkward)},
		{Board: new(m.ids.New()), Tags: &[]id.ID{m.ids.New()}, Assignee: new(m.ids.New()), Metadata: new([]byte("{ }"))},
		{Board: new(id.Zero), Tags: new([]id.ID(nil)), Assignee: new(id.Zero), Metadata: new([]byte(nil))},
		{Status: new(feedback.Received), Title: new(awkward)},
		{Status: new(feedback.Archived)},
		{Title: new("Archived as it is")},
		{Status: new(feedback.Queued)},
		{Status: new(feedback.Duplicate), DuplicateOf: &neighbour.ID},
		{Status: new(feedback.Received), DuplicateOf: new(id.Zero), Board: new(m.ids.New())},
	} {
		at = at.Add(time.Minute)
		want := item.Amended(change, at)
		archived := want.Status == feedback.Archived
		if archived != !want.Archived.At.IsZero() || archived && want.Archived.From != feedback.Received {
			t.Fatalf("%d: %s is archived as %+v", n, want.Status, want.Archived)
		}
		same(t, read[feedback.Item](t)(s.AmendFeedback(t.Context(), org, item.ID, item.Status, change, at)), want)
		same(t, read[feedback.Item](t)(s.Feedback(t.Context(), org, item.ID)), want)
		item = want
		shown := []feedback.Item{neighbour, item}
		if !item.DuplicateOf.IsZero() {
			shown = shown[:1]
		}
		pages(t, s, org, feedback.Query{Limit: 5}, shown)
	}
	same(t, read[feedback.Item](t)(s.Feedback(t.Context(), org, neighbour.ID)), neighbour)
}

func countItems(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	same(t, read[map[feedback.Status]int64](t)(s.CountFeedback(t.Context(), org)), map[feedback.Status]int64{})
	var last feedback.Item
	for n, status := range []feedback.Status{feedback.Received, feedback.Queued, feedback.Queued, feedback.Archived, feedback.Duplicate} {
		last = m.bare(org, id.Zero)
		if last.Status = status; n > 2 {
			last.DuplicateOf = m.ids.New()
		}
		must(t, s.InsertFeedback(t.Context(), org, last))
		must(t, s.InsertFeedback(t.Context(), m.ids.New(), m.bare(org, id.Zero)))
	}
	want := map[feedback.Status]int64{feedback.Received: 1, feedback.Queued: 2, feedback.Archived: 1, feedback.Duplicate: 1}
	same(t, read[map[feedback.Status]int64](t)(s.CountFeedback(t.Context(), org)), want)
	read[feedback.Item](t)(s.AmendFeedback(t.Context(), org, last.ID, feedback.Duplicate, feedback.Change{Status: new(feedback.Merged)}, later()))
	delete(want, feedback.Duplicate)
	want[feedback.Merged] = 1
	same(t, read[map[feedback.Status]int64](t)(s.CountFeedback(t.Context(), org)), want)
}

func itemsBy(t *testing.T, s Store, m maker) {
	org, app, ann, bea := m.ids.New(), m.ids.New(), m.ids.New(), m.ids.New()
	made := func(org id.ID, mode feedback.Mode, externalID string, person id.ID) feedback.Item {
		item := m.item(org, app)
		item.Submitter.Mode, item.Submitter.ExternalUserID, item.Submitter.Person = mode, externalID, person
		must(t, s.InsertFeedback(t.Context(), org, item))
		return item
	}
	signed := made(org, feedback.Private, "ann", id.Zero)
	known := made(org, feedback.Public, "", ann)
	made(org, feedback.Public, "ann", id.Zero) // claimed by a page
	both := made(org, feedback.Private, "ann", ann)
	others := made(org, feedback.Public, "bea", bea)
	made(org, feedback.Private, "", id.Zero)
	made(m.ids.New(), feedback.Private, "ann", ann)

	for _, of := range []struct {
		by   feedback.By
		want []feedback.Item
	}{
		{feedback.By{Persons: []id.ID{ann}}, []feedback.Item{both, known}},
		{feedback.By{ExternalIDs: []string{"ann"}}, []feedback.Item{both, signed}},
		{feedback.By{Persons: []id.ID{ann, bea, m.ids.New()}, ExternalIDs: []string{"nobody", "ann", "bea"}}, []feedback.Item{others, both, known, signed}},
		{feedback.By{Persons: []id.ID{m.ids.New()}, ExternalIDs: []string{"", "Ann"}}, nil},
		{feedback.By{}, nil},
	} {
		same(t, read[[]feedback.Item](t)(s.FeedbackBy(t.Context(), org, of.by, id.Zero, 10)), of.want)
		before := id.Zero
		for _, want := range of.want {
			same(t, read[[]feedback.Item](t)(s.FeedbackBy(t.Context(), org, of.by, before, 1)), []feedback.Item{want})
			before = want.ID
		}
		same(t, len(read[[]feedback.Item](t)(s.FeedbackBy(t.Context(), org, of.by, before, 1))), 0)
	}
}
