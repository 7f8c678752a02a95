package storetest

import (
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/id"
)

func uses(t *testing.T, s Store) {
	m := newMaker()
	t.Run("the last use is the latest, whatever the order of the notes", func(t *testing.T) { latestUse(t, s, m) })
	t.Run("one note is for many credentials of many orgs", func(t *testing.T) { manyUses(t, s, m) })
}

func latestUse(t *testing.T, s Store, m maker) {
	use := m.use(m.ids.New())
	at := func(n int) usage.Use {
		use.At = moment().Add(time.Duration(n) * time.Second)
		return use
	}
	expect := func(want usage.Use) {
		t.Helper()
		got := read[map[id.ID]time.Time](t)(s.LastUses(t.Context(), use.Org, []id.ID{use.Credential, m.ids.New()}))
		same(t, got, map[id.ID]time.Time{use.Credential: want.At})
	}
	must(t, s.TouchUses(t.Context(), []usage.Use{at(0)}))
	expect(at(0))
	must(t, s.TouchUses(t.Context(), []usage.Use{at(-1)}))
	expect(at(0))
	must(t, s.TouchUses(t.Context(), []usage.Use{at(2), at(4), at(3)}))
	expect(at(4))

	noted := make([]usage.Use, racers)
	for racer := range noted {
		noted[racer] = at(10 + racer)
	}
	for _, err := range race(func(racer int) error { return s.TouchUses(t.Context(), noted[racer:racer+1]) }) {
		must(t, err)
	}
	expect(noted[racers-1])

	finer := at(100)
	finer.At = finer.At.Add(999_999).In(time.FixedZone("east", 3600))
	must(t, s.TouchUses(t.Context(), []usage.Use{finer}))
	expect(at(100))
}

func manyUses(t *testing.T, s Store, m maker) {
	const many = 1500
	org, other := m.ids.New(), m.ids.New()
	must(t, s.TouchUses(t.Context(), nil))
	if got := read[map[id.ID]time.Time](t)(s.LastUses(t.Context(), org, nil)); len(got) != 0 {
		t.Fatalf("no credentials gave %v", got)
	}
	noted, asked, want := make([]usage.Use, many), make([]id.ID, many), map[id.ID]time.Time{}
	for n := range noted {
		use := m.use(org)
		use.At = moment().Add(time.Duration(n) * time.Second)
		if n%3 == 0 {
			use.Org = other
		} else {
			want[use.Credential] = use.At
		}
		noted[n], asked[n] = use, use.Credential
	}
	must(t, s.TouchUses(t.Context(), noted))
	same(t, read[map[id.ID]time.Time](t)(s.LastUses(t.Context(), org, asked)), want)
}
