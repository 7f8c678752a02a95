package storetest

import (
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

func profiles(t *testing.T, s Store) {
	m := newMaker()
	t.Run("profiles read back exactly", func(t *testing.T) { profilesReadBack(t, s, m) })
	t.Run("a profile is put by compare and set", func(t *testing.T) { putProfile(t, s, m) })
}

// profileIs demands that the profile is stored as it was given, at the version.
func profileIs(t *testing.T, s Store, want event.Profile, version int64) {
	t.Helper()
	want.Version = version
	same(t, read[event.Profile](t)(s.Profile(t.Context(), want.Org, want.UserID)), want)
}

func profilesReadBack(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	full, bare, finer := m.profile(org), m.profile(org), m.profile(org)
	bare = event.Profile{Org: org, UserID: bare.UserID, CreatedAt: moment(), UpdatedAt: moment()}
	finer.Traits = []byte{}
	given := finer
	given.Org, given.CreatedAt = id.Zero, moment().Add(999_999).In(time.FixedZone("west", -9*3600))
	for _, profile := range []event.Profile{full, bare, given} {
		must(t, s.PutProfile(t.Context(), org, profile))
	}
	for _, profile := range []event.Profile{full, bare, finer} {
		profileIs(t, s, profile, 1)
	}
	_, err := s.Profile(t.Context(), org, m.profile(org).UserID)
	missing(t, err)
}

func putProfile(t *testing.T, s Store, m maker) {
	org, other := m.ids.New(), m.ids.New()
	profile := m.profile(org)
	for version := range int64(3) {
		racing := make([]event.Profile, racers)
		winner := oneWinner(t, apierr.CodeChanged, race(func(racer int) error {
			racing[racer] = m.profile(org)
			racing[racer].UserID, racing[racer].Version = profile.UserID, version
			return s.PutProfile(t.Context(), org, racing[racer])
		}))
		profileIs(t, s, racing[winner], version+1)
		profile = racing[winner]
	}
	for _, version := range []int64{0, 1, 2, 4} {
		late := profile
		late.Email, late.Version = "late@example.com", version
		changed(t, s.PutProfile(t.Context(), org, late))
	}
	theirs := m.profile(other)
	theirs.UserID, theirs.Version = profile.UserID, 3
	changed(t, s.PutProfile(t.Context(), other, theirs)) // there is none to replace
	theirs.Version = 0
	must(t, s.PutProfile(t.Context(), other, theirs))
	profileIs(t, s, theirs, 1)
	profileIs(t, s, profile, 3)
}
