package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/session"
)

func sessions(t *testing.T, s Store) {
	m := newMaker()
	t.Run("sessions read back exactly", func(t *testing.T) { sessionsReadBack(t, s, m) })
	t.Run("a session is rotated by compare and set", func(t *testing.T) { rotateSession(t, s, m) })
	t.Run("a session ends once", func(t *testing.T) { endSession(t, s, m) })
	t.Run("an ended session is never rotated", func(t *testing.T) { rotateEnded(t, s, m) })
	t.Run("all sessions of one member end together", func(t *testing.T) { endSessions(t, s, m) })
	t.Run("a sweep forgets old sessions, so many at a time", func(t *testing.T) { sweepSessions(t, s, m) })
}

func sessionsReadBack(t *testing.T, s Store, m maker) {
	org, member := m.ids.New(), m.ids.New()
	full, bare, ended, stranger := m.session(org, member), m.session(org, member), m.session(org, member), m.session(org, m.ids.New())
	bare = session.Session{ID: bare.ID, Org: org, Member: member, CreatedAt: moment(), ExpiresAt: moment()}
	ended.EndedAt, ended.EndReason = moment().Add(time.Second), "logout"
	all := []session.Session{full, bare, ended, stranger}
	for _, given := range slices.Backward(all) {
		must(t, s.CreateSession(t.Context(), org, given))
	}
	for _, given := range all {
		same(t, read[session.Session](t)(s.Session(t.Context(), org, given.ID)), given)
	}
	same(t, read[[]session.Session](t)(s.Sessions(t.Context(), org, member)), []session.Session{full, bare})

	again := m.session(org, member)
	again.ID = full.ID
	taken(t, s.CreateSession(t.Context(), org, again))
	same(t, read[session.Session](t)(s.Session(t.Context(), org, full.ID)), full)
	_, err := s.Session(t.Context(), org, m.ids.New())
	missing(t, err)
}

func rotateSession(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	stored := m.session(org, m.ids.New())
	must(t, s.CreateSession(t.Context(), org, stored))

	next := func(racer int) session.Session {
		rotated := stored
		rotated.Rotation++
		rotated.Address, rotated.UserAgent = fmt.Sprint("racer ", racer), "another"
		rotated.RefreshedAt, rotated.ExpiresAt = stored.RefreshedAt.Add(time.Hour), stored.ExpiresAt.Add(time.Hour)
		return rotated
	}
	for range 2 {
		changed(t, s.RotateSession(t.Context(), org, next(0), stored.Rotation-1))
		changed(t, s.RotateSession(t.Context(), org, next(0), stored.Rotation+1))
		winner := oneWinner(t, apierr.CodeChanged, race(func(racer int) error {
			return s.RotateSession(t.Context(), org, next(racer), stored.Rotation)
		}))
		stored = next(winner)
		same(t, read[session.Session](t)(s.Session(t.Context(), org, stored.ID)), stored)
	}
	missing(t, s.RotateSession(t.Context(), org, m.session(org, stored.Member), big))
}

func endSession(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	want := m.session(org, m.ids.New())
	must(t, s.CreateSession(t.Context(), org, want))
	at := func(racer int) time.Time { return moment().Add(time.Duration(racer) * time.Second) }
	for _, err := range race(func(racer int) error {
		return s.EndSession(t.Context(), org, want.ID, at(racer), fmt.Sprint("reason ", racer))
	}) {
		must(t, err)
	}
	got := read[session.Session](t)(s.Session(t.Context(), org, want.ID))
	first := int(got.EndedAt.Sub(moment()) / time.Second)
	if got.EndedAt.IsZero() || first < 0 || first >= racers {
		t.Fatalf("ended at %s, which nobody said", got.EndedAt)
	}
	want.EndedAt, want.EndReason = at(first), fmt.Sprint("reason ", first)
	same(t, got, want)
	if live := read[[]session.Session](t)(s.Sessions(t.Context(), org, want.Member)); len(live) != 0 {
		t.Fatalf("listed although it ended: %+v", live)
	}
	missing(t, s.EndSession(t.Context(), org, m.ids.New(), moment(), "logout"))
}

func rotateEnded(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	for range 8 {
		given := m.session(org, m.ids.New())
		must(t, s.CreateSession(t.Context(), org, given))
		next := given
		next.Rotation++
		for racer, err := range race(func(racer int) error {
			if racer%2 == 0 {
				return s.EndSession(t.Context(), org, given.ID, moment(), "logout")
			}
			return s.RotateSession(t.Context(), org, next, given.Rotation)
		}) {
			if racer%2 == 0 {
				must(t, err)
			} else if err != nil {
				changed(t, err)
			}
		}
		stored := read[session.Session](t)(s.Session(t.Context(), org, given.ID))
		if stored.EndedAt.IsZero() {
			t.Fatal("a rotation undid the end of its session")
		}
		changed(t, s.RotateSession(t.Context(), org, next, stored.Rotation))
		same(t, read[session.Session](t)(s.Session(t.Context(), org, given.ID)), stored)
	}
}

func endSessions(t *testing.T, s Store, m maker) {
	org, other, member := m.ids.New(), m.ids.New(), m.ids.New()
	before, first, second := m.session(org, member), m.session(org, member), m.session(org, member)
	before.EndedAt, before.EndReason = moment(), "logout"
	colleague, namesake := m.session(org, m.ids.New()), m.session(other, member)
	all := []*session.Session{&before, &first, &second, &colleague, &namesake}
	for _, given := range all {
		must(t, s.CreateSession(t.Context(), given.Org, *given))
	}
	must(t, s.EndSessions(t.Context(), org, member, later(), "member_removed"))
	must(t, s.EndSessions(t.Context(), org, member, later().Add(time.Hour), "again"))
	must(t, s.EndSessions(t.Context(), org, m.ids.New(), later(), "member_removed"))
	for _, ended := range []*session.Session{&first, &second} {
		ended.EndedAt, ended.EndReason = later(), "member_removed"
	}
	for _, want := range all {
		same(t, read[session.Session](t)(s.Session(t.Context(), want.Org, want.ID)), *want)
	}
}

func sweepSessions(t *testing.T, s Store, m maker) {
	expired := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	org := m.ids.New()
	made := func(at time.Time) session.Session {
		given := m.session(org, m.ids.New())
		given.ExpiresAt = at
		must(t, s.CreateSession(t.Context(), org, given))
		return given
	}
	old := made(expired.Add(-time.Millisecond))
	for n := range 4 {
		made(expired.Add(-time.Duration(n+1) * time.Hour))
	}
	kept := []session.Session{made(expired), made(moment())}
	for _, want := range []int{3, 2, 0} {
		same(t, read[int](t)(s.SweepSessions(t.Context(), expired, 3)), want)
	}
	for _, given := range kept {
		same(t, read[session.Session](t)(s.Session(t.Context(), org, given.ID)), given)
	}
	_, err := s.Session(t.Context(), org, old.ID)
	missing(t, err)
}
