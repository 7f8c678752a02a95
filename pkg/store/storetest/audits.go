package storetest

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/id"
)

func audits(t *testing.T, s Store) {
	m := newMaker()
	t.Run("entries read back exactly", func(t *testing.T) { entriesReadBack(t, s, m) })
	t.Run("a place in a chain is one entry's", func(t *testing.T) { appendAudit(t, s, m) })
	t.Run("every query selects what it says", func(t *testing.T) { auditQueries(t, s, m) })
	t.Run("a chain is read from any place", func(t *testing.T) { auditFrom(t, s, m) })
}

func entriesReadBack(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	_, err := s.LastAudit(t.Context(), org)
	missing(t, err)
	full, bare := m.entry(org, 1), m.entry(org, 2)
	bare = audit.Entry{Org: org, ID: bare.ID, Seq: 2, At: moment()}
	far := m.entry(org, big)
	far.Outcome, far.Before = audit.Failed, nil
	all := []audit.Entry{full, bare, far}
	for _, entry := range all {
		must(t, s.AppendAudit(t.Context(), org, entry))
		same(t, read[audit.Entry](t)(s.LastAudit(t.Context(), org)), entry)
	}
	same(t, read[[]audit.Entry](t)(s.AuditFrom(t.Context(), org, 0, 10)), all)
	slices.Reverse(all)
	same(t, read[[]audit.Entry](t)(s.AuditPage(t.Context(), org, audit.Query{Limit: 10})), all)
}

func appendAudit(t *testing.T, s Store, m maker) {
	org, other := m.ids.New(), m.ids.New()
	racing := make([]audit.Entry, racers)
	winner := oneWinner(t, apierr.CodeAlreadyExists, race(func(racer int) error {
		racing[racer] = m.entry(org, 1)
		return s.AppendAudit(t.Context(), org, racing[racer])
	}))
	same(t, read[audit.Entry](t)(s.LastAudit(t.Context(), org)), racing[winner])
	taken(t, s.AppendAudit(t.Context(), org, m.entry(org, 1)))

	neighbour := m.entry(other, 1)
	must(t, s.AppendAudit(t.Context(), other, neighbour))
	same(t, read[audit.Entry](t)(s.LastAudit(t.Context(), other)), neighbour)
	same(t, read[[]audit.Entry](t)(s.AuditFrom(t.Context(), org, 0, 10)), []audit.Entry{racing[winner]})
}

// auditQueries holds every combination of filters to a plain look at each entry.
func auditQueries(t *testing.T, s Store, m maker) {
	org, draw := m.ids.New(), rand.New(rand.NewPCG(1, 2))
	actors, targets := []id.ID{id.Zero, m.ids.New(), m.ids.New()}, []string{"t1", "t2"}
	actions, kinds := []string{"app.create", "app.update"}, []string{"app", "member"}
	var newest []audit.Entry
	for seq := range int64(200) {
		entry := m.entry(org, seq+1)
		entry.Action, entry.Actor.ID = actions[draw.IntN(2)], actors[draw.IntN(3)]
		entry.Target.Kind, entry.Target.ID = kinds[draw.IntN(2)], targets[draw.IntN(2)]
		entry.At = moment().Add(time.Duration(draw.IntN(10)) * time.Minute)
		must(t, s.AppendAudit(t.Context(), org, entry))
		newest = slices.Insert(newest, 0, entry)
	}
	must(t, s.AppendAudit(t.Context(), m.ids.New(), newest[0]))
	for filters := range 1 << 6 {
		var query audit.Query
		for bit, set := range []func(){
			func() { query.Action = actions[0] },
			func() { query.Actor = actors[1] },
			func() { query.TargetKind = kinds[1] },
			func() { query.TargetID = targets[0] },
			func() { query.From = moment().Add(3 * time.Minute) },
			func() { query.To = moment().Add(7 * time.Minute) },
		} {
			if filters&(1<<bit) != 0 {
				set()
			}
		}
		want := slices.DeleteFunc(slices.Clone(newest), func(e audit.Entry) bool { return !selects(query, e) })
		if len(want) == 0 && filters != 1<<6-1 {
			t.Fatalf("%+v selects nothing, and so proves nothing", query)
		}
		auditPages(t, s, org, query, want)
	}
	_, err := s.AuditPage(t.Context(), org, audit.Query{Action: "none", Limit: 5})
	must(t, err)
}

// auditPages demands that want is what the query gives, page after page.
func auditPages(t *testing.T, s Store, org id.ID, query audit.Query, want []audit.Entry) {
	t.Helper()
	query.Limit = 7
	var got []audit.Entry
	for {
		page := read[[]audit.Entry](t)(s.AuditPage(t.Context(), org, query))
		if len(page) > query.Limit {
			t.Fatalf("a limit of %d gave %d", query.Limit, len(page))
		}
		got = append(got, page...)
		if len(page) < query.Limit {
			break
		}
		query.Before = page[len(page)-1].Seq
	}
	if !slices.EqualFunc(got, want, func(a, b audit.Entry) bool { return a.Seq == b.Seq }) {
		t.Fatalf("%+v gave %d entries, want %d, or in another order", query, len(got), len(want))
	}
	same(t, append([]audit.Entry{}, got...), append([]audit.Entry{}, want...))
}

func selects(q audit.Query, e audit.Entry) bool {
	return (q.Action == "" || q.Action == e.Action) && (q.Actor.IsZero() || q.Actor == e.Actor.ID) &&
		(q.TargetKind == "" || q.TargetKind == e.Target.Kind) && (q.TargetID == "" || q.TargetID == e.Target.ID) &&
		(q.From.IsZero() || !e.At.Before(q.From)) && (q.To.IsZero() || e.At.Before(q.To))
}

func auditFrom(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	var chain []audit.Entry
	for seq := range int64(10) {
		chain = append(chain, m.entry(org, seq+1))
		must(t, s.AppendAudit(t.Context(), org, chain[seq]))
	}
	same(t, read[[]audit.Entry](t)(s.AuditFrom(t.Context(), org, 0, 4)), chain[:4])
	same(t, read[[]audit.Entry](t)(s.AuditFrom(t.Context(), org, 4, 4)), chain[4:8])
	same(t, read[[]audit.Entry](t)(s.AuditFrom(t.Context(), org, 8, 4)), chain[8:])
	if rest := read[[]audit.Entry](t)(s.AuditFrom(t.Context(), org, 10, 4)); len(rest) != 0 {
		t.Fatalf("after the end of the chain: %+v", rest)
	}
}
