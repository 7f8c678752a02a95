package storetest

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/id"
)

func erasures(t *testing.T, s Store) {
	m := newMaker()
	t.Run("erasures read back exactly, the newest hundred in a list", func(t *testing.T) { erasuresReadBack(t, s, m) })
	t.Run("a removal is asked for once until it is done", func(t *testing.T) { createErasure(t, s, m) })
	t.Run("an erasure is replaced by compare and set", func(t *testing.T) { replaceErasure(t, s, m) })
	t.Run("an erasure that is not done is taken back", func(t *testing.T) { dropErasure(t, s, m) })
	t.Run("what is due is claimed by one, and again when its lease is over", func(t *testing.T) { claimErasure(t, s, m) })
	t.Run("racing claims share out what is due", func(t *testing.T) { claimErasures(t, s, m) })
}

func erasuresReadBack(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	full, whole := m.erasure(org), m.erasure(org)
	full.LeaseUntil, full.DoneAt = moment().Add(2*time.Hour), moment().Add(time.Hour)
	full.Receipt = erasure.Receipt{Feedback: big, Attachments: 2, Events: 4, Votes: 5, Comments: 6, Records: 3}
	whole = erasure.Erasure{ID: whole.ID, Org: org, Kind: erasure.OfOrg, RequestedAt: moment(), DueAt: moment(), Version: big}
	all := []erasure.Erasure{full, whole}
	for range 101 {
		all = append(all, m.erasure(org))
	}
	for _, given := range all {
		must(t, s.CreateErasure(t.Context(), org, given))
	}
	for _, given := range all[:3] {
		same(t, read[erasure.Erasure](t)(s.Erasure(t.Context(), org, given.ID)), given)
	}
	slices.Reverse(all)
	same(t, read[[]erasure.Erasure](t)(s.Erasures(t.Context(), org)), all[:100])
	again := m.erasure(org)
	again.ID = full.ID
	taken(t, s.CreateErasure(t.Context(), org, again))
	_, err := s.Erasure(t.Context(), org, m.ids.New())
	missing(t, err)
}

func createErasure(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	for name, subject := range map[string]erasure.Subject{
		"all": {App: m.ids.New(), ExternalUserID: "u1", Email: "u1@example.com"}, "app": {App: m.ids.New()},
		"user": {ExternalUserID: "u2"}, "person": {Person: m.ids.New()}, "email": {Email: "u2@example.com"}, "org": {},
	} {
		asked := func(of id.ID) erasure.Erasure {
			made := m.erasure(of)
			made.Subject = subject
			return made
		}
		racing := make([]erasure.Erasure, racers)
		winner := oneWinner(t, apierr.CodeAlreadyExists, race(func(racer int) error {
			racing[racer] = asked(org)
			return s.CreateErasure(t.Context(), org, racing[racer])
		}))
		done := racing[winner]
		same(t, read[erasure.Erasure](t)(s.Erasure(t.Context(), org, done.ID)), done)

		other := asked(org)
		other.Kind = erasure.OfOrg
		must(t, s.CreateErasure(t.Context(), org, other))
		for _, differ := range []func(*erasure.Subject){
			func(s *erasure.Subject) { s.App = m.ids.New() },
			func(s *erasure.Subject) { s.Person = m.ids.New() },
			func(s *erasure.Subject) { s.ExternalUserID = "other " + name },
			func(s *erasure.Subject) { s.Email = "other-" + name + "@example.com" },
		} {
			other := asked(org)
			differ(&other.Subject)
			must(t, s.CreateErasure(t.Context(), org, other))
		}
		neighbour := asked(m.ids.New())
		must(t, s.CreateErasure(t.Context(), neighbour.Org, neighbour))

		done.DoneAt = later()
		must(t, s.ReplaceErasure(t.Context(), org, done))
		must(t, s.CreateErasure(t.Context(), org, asked(org)))
		taken(t, s.CreateErasure(t.Context(), org, asked(org)))
	}
}

func replaceErasure(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	stored := m.erasure(org)
	must(t, s.CreateErasure(t.Context(), org, stored))
	winner := oneWinner(t, apierr.CodeChanged, race(func(racer int) error {
		mine := stored
		mine.Receipt.Feedback = racer
		return s.ReplaceErasure(t.Context(), org, mine)
	}))
	changed(t, s.ReplaceErasure(t.Context(), org, stored))
	stored.Receipt.Feedback, stored.Version = winner, stored.Version+1
	same(t, read[erasure.Erasure](t)(s.Erasure(t.Context(), org, stored.ID)), stored)

	stored.Subject, stored.LeaseUntil, stored.DueAt = erasure.Subject{}, later(), later()
	stored.DoneAt, stored.Receipt = later(), erasure.Receipt{Feedback: 1, Attachments: big, Events: 4, Votes: 5, Comments: 6, Records: 3}
	must(t, s.ReplaceErasure(t.Context(), org, stored))
	stored.Version++
	same(t, read[erasure.Erasure](t)(s.Erasure(t.Context(), org, stored.ID)), stored)
	missing(t, s.ReplaceErasure(t.Context(), org, m.erasure(org)))
}

func dropErasure(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	pending, done := m.erasure(org), m.erasure(org)
	done.DoneAt = later()
	must(t, s.CreateErasure(t.Context(), org, pending))
	must(t, s.CreateErasure(t.Context(), org, done))
	must(t, s.DropErasure(t.Context(), org, pending.ID))
	missing(t, s.DropErasure(t.Context(), org, pending.ID))
	missing(t, s.ReplaceErasure(t.Context(), org, pending))
	changed(t, s.DropErasure(t.Context(), org, done.ID))
	same(t, read[[]erasure.Erasure](t)(s.Erasures(t.Context(), org)), []erasure.Erasure{done})
	must(t, s.CreateErasure(t.Context(), org, pending))
}

// longAgo is when the erasures of the tests of claims are due: before those of all the others.
func longAgo(minute int) time.Time { return time.Date(2001, 1, 1, 0, minute, 0, 0, time.UTC) }

func claimErasure(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	want := m.erasure(org)
	want.DueAt = longAgo(10)
	must(t, s.CreateErasure(t.Context(), org, want))
	none := func(now time.Time) {
		t.Helper()
		_, err := s.ClaimErasure(t.Context(), now, now.Add(time.Minute))
		missing(t, err)
	}
	for _, now := range []time.Time{longAgo(10), longAgo(11)} {
		none(now.Add(-time.Millisecond))
		before := want
		var winners atomic.Int64
		for _, err := range race(func(int) error {
			got, err := s.ClaimErasure(t.Context(), now, now.Add(time.Minute))
			if err == nil && winners.Add(1) == 1 {
				want = got
			}
			return err
		}) {
			if err != nil {
				missing(t, err)
			}
		}
		if winners.Load() != 1 {
			t.Fatalf("%d racers got it", winners.Load())
		}
		changed(t, s.ReplaceErasure(t.Context(), org, before)) // whoever had it before has lost it
		before.LeaseUntil, before.Version = now.Add(time.Minute), before.Version+1
		same(t, want, before)
		same(t, read[erasure.Erasure](t)(s.Erasure(t.Context(), org, want.ID)), want)
		none(now.Add(time.Minute - time.Millisecond))
	}
	got := read[erasure.Erasure](t)(s.ClaimErasure(t.Context(), want.LeaseUntil, longAgo(30)))
	got.DoneAt = longAgo(25)
	must(t, s.ReplaceErasure(t.Context(), org, got))
	none(longAgo(40))
}

func claimErasures(t *testing.T, s Store, m maker) {
	const due = racers / 2
	for n := range due {
		given := m.erasure(m.ids.New())
		given.DueAt = longAgo(n)
		must(t, s.CreateErasure(t.Context(), given.Org, given))
	}
	claimed := make([]erasure.Erasure, racers)
	for _, err := range race(func(racer int) (err error) {
		claimed[racer], err = s.ClaimErasure(t.Context(), longAgo(60), longAgo(90))
		return err
	}) {
		if err != nil {
			missing(t, err)
		}
	}
	got := map[string]bool{}
	for _, one := range claimed {
		if !one.ID.IsZero() {
			got[fmt.Sprint(one.Org, one.ID)] = true
		}
	}
	claimed = slices.DeleteFunc(claimed, func(e erasure.Erasure) bool { return e.ID.IsZero() })
	if len(claimed) != due || len(got) != due {
		t.Fatalf("%d claims of %d erasures, of %d that were due", len(claimed), len(got), due)
	}
}
