package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/id"
)

func people(t *testing.T, s Store) {
	m := newMaker()
	t.Run("people read back exactly, by either name", func(t *testing.T) { peopleReadBack(t, s, m) })
	t.Run("a name is one person's of its org", func(t *testing.T) { peopleNames(t, s, m) })
	t.Run("a person is replaced by compare and set", func(t *testing.T) { replacePerson(t, s, m) })
	t.Run("a name that is given up is free", func(t *testing.T) { freeNames(t, s, m) })
	t.Run("roots are listed, newest first, and found", func(t *testing.T) { listPeople(t, s, m) })
	t.Run("what is merged into a record is found by it", func(t *testing.T) { mergedInto(t, s, m) })
}

// bearers demands that each name of the person leads to them.
func bearers(t *testing.T, s Store, person enduser.Person) {
	t.Helper()
	same(t, read[enduser.Person](t)(s.Person(t.Context(), person.Org, person.ID)), person)
	if person.ExternalID != "" {
		same(t, read[enduser.Person](t)(s.PersonByExternalID(t.Context(), person.Org, person.ExternalID)), person)
	}
	if person.Email != "" {
		same(t, read[enduser.Person](t)(s.PersonByEmail(t.Context(), person.Org, strings.ToUpper(person.Email))), person)
	}
}

func nobody(t *testing.T, s Store, org id.ID, externalID, email string) {
	t.Helper()
	_, err := s.PersonByExternalID(t.Context(), org, externalID)
	missing(t, err)
	_, err = s.PersonByEmail(t.Context(), org, email)
	missing(t, err)
}

func peopleReadBack(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	full, bare, finer := m.person(org), m.person(org), m.person(org)
	full.Into = m.ids.New()
	bare = enduser.Person{ID: bare.ID, Org: org, CreatedAt: moment(), Version: 1}
	finer.Attributes, finer.Email = []byte{}, ""
	given := finer
	given.CreatedAt = moment().Add(999_999).In(time.FixedZone("west", -9*3600))
	for _, person := range []enduser.Person{full, bare, given} {
		must(t, s.CreatePerson(t.Context(), org, person))
	}
	for _, person := range []enduser.Person{full, bare, finer} {
		bearers(t, s, person)
	}
	nobody(t, s, org, "", "")
	nobody(t, s, org, strings.ToUpper(full.ExternalID), full.Email+" ")
	nobody(t, s, org, full.Email, full.ExternalID)
	nobody(t, s, m.ids.New(), full.ExternalID, full.Email)
	_, err := s.Person(t.Context(), org, m.ids.New())
	missing(t, err)
	again := m.person(org)
	again.ID = full.ID
	taken(t, s.CreatePerson(t.Context(), org, again))
	nobody(t, s, org, again.ExternalID, again.Email)
	bearers(t, s, full)
}

func peopleNames(t *testing.T, s Store, m maker) {
	org, other := m.ids.New(), m.ids.New()
	first := m.person(org)
	must(t, s.CreatePerson(t.Context(), org, first))
	for _, twin := range []func(*enduser.Person){
		func(p *enduser.Person) { p.ExternalID = first.ExternalID },
		func(p *enduser.Person) { p.Email = first.Email },
	} {
		person := m.person(org)
		twin(&person)
		taken(t, s.CreatePerson(t.Context(), org, person))
		_, err := s.Person(t.Context(), org, person.ID)
		missing(t, err)
		person.Org, person.ID = other, m.ids.New()
		must(t, s.CreatePerson(t.Context(), other, person))
		bearers(t, s, person)
	}
	crossed := m.person(org) // a name of one kind is none of the other
	crossed.ExternalID, crossed.Email = first.Email, "x"+first.Email
	must(t, s.CreatePerson(t.Context(), org, crossed))
	bearers(t, s, first)

	for _, share := range []func(*enduser.Person){
		func(p *enduser.Person) { p.ExternalID = "shared" },
		func(p *enduser.Person) { p.Email = "shared@example.com" },
	} {
		racing := make([]enduser.Person, racers)
		winner := oneWinner(t, apierr.CodeAlreadyExists, race(func(racer int) error {
			racing[racer] = m.person(org)
			share(&racing[racer])
			return s.CreatePerson(t.Context(), org, racing[racer])
		}))
		bearers(t, s, racing[winner])
	}
}

func replacePerson(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	person, neighbour := m.person(org), m.person(org)
	must(t, s.CreatePerson(t.Context(), org, person))
	must(t, s.CreatePerson(t.Context(), org, neighbour))
	next := m.person(org)
	next.ID, next.Into, next.DeactivatedAt, next.Contested = person.ID, m.ids.New(), time.Time{}, ""
	must(t, s.ReplacePerson(t.Context(), org, next))
	changed(t, s.ReplacePerson(t.Context(), org, next))
	next.Version++
	bearers(t, s, next)
	nobody(t, s, org, person.ExternalID, person.Email)

	for _, clash := range []func(*enduser.Person){
		func(p *enduser.Person) { p.ExternalID = neighbour.ExternalID },
		func(p *enduser.Person) { p.Email = neighbour.Email },
	} {
		mine := next
		clash(&mine)
		taken(t, s.ReplacePerson(t.Context(), org, mine))
		bearers(t, s, next)
		bearers(t, s, neighbour)
	}
	stranger := m.person(org)
	missing(t, s.ReplacePerson(t.Context(), org, stranger))
	nobody(t, s, org, stranger.ExternalID, stranger.Email)

	racing := make([]enduser.Person, racers)
	winner := oneWinner(t, apierr.CodeChanged, race(func(racer int) error {
		racing[racer] = m.person(org)
		racing[racer].ID, racing[racer].Version = next.ID, next.Version
		return s.ReplacePerson(t.Context(), org, racing[racer])
	}))
	for racer, mine := range racing {
		if mine.Version++; racer == winner {
			bearers(t, s, mine)
		} else {
			nobody(t, s, org, mine.ExternalID, mine.Email)
		}
	}
	nobody(t, s, org, next.ExternalID, next.Email)
	bearers(t, s, neighbour)
}

func freeNames(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	person := m.person(org)
	must(t, s.CreatePerson(t.Context(), org, person))
	heir := func() enduser.Person {
		next := m.person(org)
		next.ExternalID, next.Email = person.ExternalID, person.Email
		return next
	}
	bare := person
	bare.ExternalID, bare.Email = "", ""
	must(t, s.ReplacePerson(t.Context(), org, bare))
	second := heir()
	must(t, s.CreatePerson(t.Context(), org, second))
	bearers(t, s, second)
	must(t, s.DeletePerson(t.Context(), org, second.ID))
	missing(t, s.DeletePerson(t.Context(), org, second.ID))
	missing(t, s.ReplacePerson(t.Context(), org, second))
	nobody(t, s, org, second.ExternalID, second.Email)
	bare.Version++
	bearers(t, s, bare)
	bare.ExternalID, bare.Email = person.ExternalID, person.Email
	must(t, s.ReplacePerson(t.Context(), org, bare))
	bare.Version++
	bearers(t, s, bare)
	taken(t, s.CreatePerson(t.Context(), org, heir()))
	must(t, s.DeletePerson(t.Context(), org, bare.ID))
	third := heir()
	must(t, s.CreatePerson(t.Context(), org, third))
	bearers(t, s, third)
}

func listPeople(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	var roots []enduser.Person
	for n := range 9 {
		person := m.person(org)
		person.Name, person.ExternalID = fmt.Sprintf("ÄRGER 100%% %d", n%3), fmt.Sprintf("id_%d", n)
		must(t, s.CreatePerson(t.Context(), org, person))
		stranger := person
		stranger.ID = m.ids.New()
		must(t, s.CreatePerson(t.Context(), m.ids.New(), stranger))
		merged := m.person(org)
		merged.Into, merged.Name = person.ID, person.Name
		must(t, s.CreatePerson(t.Context(), org, merged))
		roots = append(roots, person)
	}
	slices.Reverse(roots)
	same(t, read[int64](t)(s.CountPeople(t.Context(), org)), 9)
	same(t, read[int64](t)(s.CountPeople(t.Context(), m.ids.New())), 0)
	for search, picks := range map[string]func(n int) bool{
		"":                                  func(int) bool { return true },
		"ärger 100% 1":                      func(n int) bool { return n%3 == 1 },
		"ID_7":                              func(n int) bool { return n == 7 },
		strings.ToUpper(roots[8-2].Email):   func(n int) bool { return n == 2 },
		"_":                                 func(int) bool { return true },
		"nobody at all":                     func(int) bool { return false },
		"id.7":                              func(int) bool { return false },
		strings.ToUpper(roots[4].Contested): func(int) bool { return false },
	} {
		var want []enduser.Person
		for i, person := range roots {
			if picks(8 - i) {
				want = append(want, person)
			}
		}
		for _, limit := range []int{1, 2, 20} {
			for offset := 0; offset <= len(want); offset += limit {
				page := read[enduser.Page](t)(s.People(t.Context(), org, enduser.Query{Search: search, Offset: offset, Limit: limit}))
				part := want[offset:min(offset+limit, len(want))]
				same(t, page.Total, int64(len(want)))
				same(t, append([]enduser.Person{}, page.People...), append([]enduser.Person{}, part...))
			}
		}
	}
}

func mergedInto(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	root := m.person(org)
	var merged []enduser.Person
	for n := range 4 {
		person := m.person(org)
		if person.Into = root.ID; n == 3 {
			person.Into = merged[0].ID
		}
		must(t, s.CreatePerson(t.Context(), org, person))
		merged = append(merged, person)
	}
	must(t, s.CreatePerson(t.Context(), org, root))
	same(t, read[[]enduser.Person](t)(s.MergedInto(t.Context(), org, root.ID, 10)), merged[:3])
	same(t, read[[]enduser.Person](t)(s.MergedInto(t.Context(), org, root.ID, 2)), merged[:2])
	same(t, read[[]enduser.Person](t)(s.MergedInto(t.Context(), org, merged[0].ID, 10)), merged[3:])
	same(t, len(read[[]enduser.Person](t)(s.MergedInto(t.Context(), org, merged[1].ID, 10))), 0)
}
