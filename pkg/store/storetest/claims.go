package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/id"
)

func claims(t *testing.T, s Store) {
	m := newMaker()
	t.Run("the first claim stands", func(t *testing.T) { firstClaim(t, s, m) })
	t.Run("an expired claim is replaced once", func(t *testing.T) { expiredClaim(t, s, m) })
	t.Run("an abandoned claim is taken over once", func(t *testing.T) { takeOver(t, s, m) })
	t.Run("a claim is released only as it stands", func(t *testing.T) { releaseClaim(t, s, m) })
	t.Run("a sweep forgets what expired, so many at a time", func(t *testing.T) { sweepClaims(t, s, m) })
}

// never is before every claim: nothing has expired by then.
func never() time.Time { return time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC) }

// standing is the claim that a newcomer with the same key is answered.
func standing(t *testing.T, s Store, m maker, org id.ID, claim idempotency.Claim) idempotency.Claim {
	t.Helper()
	claim.Item = m.ids.New()
	return read[idempotency.Claim](t)(s.Claim(t.Context(), org, claim, never()))
}

// raceToClaim has every racer claim the same key and demands that all are answered the claim of one of them.
func raceToClaim(t *testing.T, s Store, m maker, org id.ID, claim idempotency.Claim, expired time.Time) idempotency.Claim {
	t.Helper()
	answers, given := make([]idempotency.Claim, racers), map[id.ID]int{}
	items := make([]id.ID, racers)
	for r := range items {
		items[r] = m.ids.New()
		given[items[r]] = r
	}
	for _, err := range race(func(racer int) (err error) {
		mine := claim
		mine.Item, mine.BodyHash[5] = items[racer], byte(racer)
		answers[racer], err = s.Claim(t.Context(), org, mine, expired)
		return err
	}) {
		must(t, err)
	}
	winner, known := given[answers[0].Item]
	if !known {
		t.Fatalf("answered a claim that nobody made: %+v", answers[0])
	}
	claim.Item, claim.BodyHash[5] = items[winner], byte(winner)
	for _, answer := range answers {
		same(t, answer, claim)
	}
	return claim
}

func firstClaim(t *testing.T, s Store, m maker) {
	org, app := m.ids.New(), m.ids.New()
	claim := raceToClaim(t, s, m, org, m.claim(app), never())
	same(t, standing(t, s, m, org, claim), claim)

	for name, other := range map[string]func(c *idempotency.Claim) id.ID{
		"app":  func(c *idempotency.Claim) id.ID { c.App = m.ids.New(); return org },
		"org":  func(*idempotency.Claim) id.ID { return m.ids.New() },
		"case": func(c *idempotency.Claim) id.ID { c.Key = strings.ToUpper(c.Key); return org },
		"tail": func(c *idempotency.Claim) id.ID { c.Key += "\x00"; return org },
	} {
		mine := claim
		owner := other(&mine)
		mine.Item = m.ids.New()
		if got := read[idempotency.Claim](t)(s.Claim(t.Context(), owner, mine, never())); got.Item != mine.Item {
			t.Errorf("another %s was refused by a claim that is not its own", name)
		}
	}
	same(t, standing(t, s, m, org, claim), claim)
}

func expiredClaim(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	old := m.claim(m.ids.New())
	same(t, read[idempotency.Claim](t)(s.Claim(t.Context(), org, old, never())), old)

	next := old
	next.Item, next.CreatedAt, next.LeaseUntil = m.ids.New(), old.CreatedAt.Add(idempotency.Kept), old.LeaseUntil.Add(idempotency.Kept)
	same(t, read[idempotency.Claim](t)(s.Claim(t.Context(), org, next, old.CreatedAt)), old)
	fresh := raceToClaim(t, s, m, org, next, old.CreatedAt.Add(time.Millisecond))
	same(t, standing(t, s, m, org, old), fresh)
}

func takeOver(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	given := m.claim(m.ids.New())
	given.CreatedAt = given.CreatedAt.Add(1).In(time.FixedZone("", 3600))
	given.LeaseUntil = given.LeaseUntil.Add(999_999)
	_, err := s.Claim(t.Context(), org, given, never())
	must(t, err)
	claim := standing(t, s, m, org, given)

	lease := claim.LeaseUntil.Add(idempotency.Lease)
	winner := oneWinner(t, apierr.CodeChanged, race(func(racer int) error {
		return s.TakeOver(t.Context(), org, given, lease.Add(time.Duration(racer)*time.Second))
	}))
	claim.LeaseUntil = lease.Add(time.Duration(winner) * time.Second)
	same(t, standing(t, s, m, org, claim), claim)

	must(t, s.TakeOver(t.Context(), org, claim, lease.Add(time.Hour)))
	changed(t, s.TakeOver(t.Context(), org, claim, lease.Add(2*time.Hour)))
	changed(t, s.TakeOver(t.Context(), org, m.claim(claim.App), lease))
	claim.LeaseUntil = lease.Add(time.Hour)
	same(t, standing(t, s, m, org, claim), claim)
}

func releaseClaim(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	claim := m.claim(m.ids.New())
	_, err := s.Claim(t.Context(), org, claim, never())
	must(t, err)

	moved := claim
	moved.LeaseUntil = claim.LeaseUntil.Add(time.Minute)
	other := claim
	other.Item = m.ids.New()
	must(t, s.ReleaseClaim(t.Context(), org, moved))
	must(t, s.ReleaseClaim(t.Context(), org, other))
	must(t, s.ReleaseClaim(t.Context(), m.ids.New(), claim))
	same(t, standing(t, s, m, org, claim), claim)

	finer := claim
	finer.LeaseUntil = claim.LeaseUntil.Add(999_999).In(time.FixedZone("", -60))
	must(t, s.ReleaseClaim(t.Context(), org, finer))
	must(t, s.ReleaseClaim(t.Context(), org, claim))
	same(t, read[idempotency.Claim](t)(s.Claim(t.Context(), org, other, never())), other)
}

func sweepClaims(t *testing.T, s Store, m maker) {
	expired := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	org := m.ids.New()
	made := func(at time.Time) idempotency.Claim {
		claim := m.claim(m.ids.New())
		claim.CreatedAt = at
		return read[idempotency.Claim](t)(s.Claim(t.Context(), org, claim, never()))
	}
	old := made(expired.Add(-time.Millisecond))
	for n := range 4 {
		made(expired.Add(-time.Duration(n+1) * time.Hour))
	}
	kept := []idempotency.Claim{made(expired), made(moment())}
	for _, want := range []int{3, 2, 0} {
		same(t, read[int](t)(s.SweepClaims(t.Context(), expired, 3)), want)
	}
	for _, claim := range kept {
		same(t, standing(t, s, m, org, claim), claim)
	}
	if standing(t, s, m, org, old).Item == old.Item {
		t.Fatal("a swept claim still stands")
	}
}
