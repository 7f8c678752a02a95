package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/id"
)

func outcomes(t *testing.T, s Store) {
	m := newMaker()
	t.Run("what is added adds up, whoever adds it and whoever is first", func(t *testing.T) { outcomesAddUp(t, s, m) })
	t.Run("a sum is of what is asked for, latest first", func(t *testing.T) { outcomeQueries(t, s, m) })
	t.Run("what is old is swept", func(t *testing.T) { sweepOutcomes(t, s, m) })
	t.Run("an app keeps its newest refusals, and takes none of another's room", func(t *testing.T) { newestRefusals(t, s, m) })
	t.Run("a refusal that is kept twice is kept once", func(t *testing.T) { repeatedRefusals(t, s, m) })
	t.Run("old refusals are swept", func(t *testing.T) { sweepRefusals(t, s, m) })
	t.Run("an app's ledger goes with it, and no other's", func(t *testing.T) { ledgerOfApp(t, s, m) })
}

func anHour() time.Time { return moment().Truncate(time.Hour) }

// everything selects all hours around the moment.
func everything() outcome.Query {
	return outcome.Query{From: anHour().AddDate(-1, 0, 0), To: anHour().AddDate(1, 0, 0), Limit: 10_000}
}

func (m maker) outcome(org, app id.ID) outcome.Outcome {
	return outcome.Outcome{
		Org: org, App: app, Key: m.ids.New(), Category: "events", Reason: apierr.CodeRateLimited, Hour: anHour(), Requests: big, Items: big + 2,
	}
}

// ledgered adds outcomes and demands that all were.
func ledgered(t *testing.T, s Store, given ...outcome.Outcome) {
	t.Helper()
	same(t, read[int](t)(s.AddOutcomes(t.Context(), given)), len(given))
}

func outcomesAddUp(t *testing.T, s Store, m maker) {
	const many, contended = 600, 20
	org, app := m.ids.New(), m.ids.New()
	ledgered(t, s)
	var given, want []outcome.Outcome
	for n := range many {
		o := outcome.Outcome{Org: org, App: app, Category: "feedback", Hour: anHour().Add(-time.Duration(n) * time.Hour), Requests: 1, Items: int64(n)}
		given = append(given, o)
		if n < contended {
			o.Requests, o.Items = racers+1, (racers+1)*int64(n)
		}
		want = append(want, o)
	}
	for _, err := range race(func(int) error {
		added, err := s.AddOutcomes(context.Background(), given[:contended])
		if err == nil && added != contended {
			return fmt.Errorf("%d added", added)
		}
		return err
	}) {
		must(t, err)
	}
	ledgered(t, s, given...)
	same(t, read[[]outcome.Outcome](t)(s.Outcomes(t.Context(), org, everything())), want)

	whole := everything()
	whole.By = outcome.Whole
	want[0].Hour, want[0].Requests, want[0].Items = time.Time{}, many+racers*contended, many*(many-1)/2+racers*contended*(contended-1)/2
	same(t, read[[]outcome.Outcome](t)(s.Outcomes(t.Context(), org, whole)), want[:1])
}

func outcomeQueries(t *testing.T, s Store, m maker) {
	org, apps, keys := m.ids.New(), []id.ID{id.Zero, m.ids.New(), m.ids.New()}, []id.ID{id.Zero, m.ids.New()}
	day := anHour().Truncate(24 * time.Hour)
	var all []outcome.Outcome
	for n := range 3 * 2 * 2 * 2 * 5 {
		o := outcome.Outcome{
			Org: org, App: apps[n%3], Key: keys[n/3%2], Category: []string{"events", "reads"}[n/6%2],
			Reason: []apierr.Code{"", apierr.CodeRateLimited}[n/12%2], Hour: day.Add(time.Duration(n/24) * 11 * time.Hour),
			Requests: int64(n), Items: int64(n) << 20,
		}
		all = append(all, o)
	}
	ledgered(t, s, all...)
	foreign := slices.Clone(all)
	for n := range foreign {
		foreign[n].Org = m.ids.New()
	}
	ledgered(t, s, foreign...)
	for _, query := range []outcome.Query{
		everything(),
		{From: day.Add(11 * time.Hour), To: day.Add(33 * time.Hour)},
		{From: day.Add(10*time.Hour + 1), To: day.Add(33*time.Hour + 1)},
		{App: apps[1]},
		{Category: "reads"},
		{App: apps[2], Category: "events", From: day.Add(time.Minute)},
		{App: m.ids.New()},
		{Category: "none"},
	} {
		if query.To.IsZero() {
			query.To = everything().To
		}
		for _, query.By = range []outcome.Span{outcome.ByHour, outcome.ByDay, outcome.Whole} {
			for _, query.Limit = range []int{10_000, 7} {
				got := read[[]outcome.Outcome](t)(s.Outcomes(t.Context(), org, query))
				same(t, append([]outcome.Outcome{}, got...), summed(all, query))
			}
		}
	}
}

// summed is a plain look at each outcome.
func summed(all []outcome.Outcome, query outcome.Query) []outcome.Outcome {
	sums := []outcome.Outcome{}
	for _, o := range all {
		if o.Hour.Before(query.From) || !o.Hour.Before(query.To) || !query.App.IsZero() && o.App != query.App ||
			query.Category != "" && o.Category != query.Category {
			continue
		}
		switch query.By {
		case outcome.ByDay:
			o.Hour = o.Hour.Truncate(24 * time.Hour)
		case outcome.Whole:
			o.Hour = time.Time{}
		}
		as := func(sum outcome.Outcome) bool {
			sum.Requests, sum.Items = o.Requests, o.Items
			return sum == o
		}
		if n := slices.IndexFunc(sums, as); n >= 0 {
			sums[n].Requests += o.Requests
			sums[n].Items += o.Items
		} else {
			sums = append(sums, o)
		}
	}
	rest := func(o outcome.Outcome) string { return o.App.String() + o.Key.String() + o.Category + string(o.Reason) }
	slices.SortFunc(sums, func(a, b outcome.Outcome) int {
		if c := b.Hour.Compare(a.Hour); c != 0 {
			return c
		}
		return slices.Compare([]byte(rest(a)), []byte(rest(b)))
	})
	return sums[:min(len(sums), query.Limit)]
}

func sweepOutcomes(t *testing.T, s Store, m maker) {
	expired := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	org := m.ids.New()
	made := func(hours int) outcome.Outcome {
		o := m.outcome(org, m.ids.New())
		o.Hour = expired.Add(time.Duration(hours) * time.Hour)
		ledgered(t, s, o)
		return o
	}
	for hours := range 5 {
		made(-1 - hours)
	}
	kept := []outcome.Outcome{made(1), made(0)}
	for _, want := range []int{3, 2, 0} {
		same(t, read[int](t)(s.SweepOutcomes(t.Context(), expired, 3)), want)
	}
	all := outcome.Query{To: everything().To, Limit: 10}
	same(t, read[[]outcome.Outcome](t)(s.Outcomes(t.Context(), org, all)), kept)
}

func ledgerOfApp(t *testing.T, s Store, m maker) {
	org, app := m.ids.New(), m.ids.New()
	others, unnamed := m.outcome(org, m.ids.New()), m.outcome(org, id.Zero)
	others.Hour = others.Hour.Add(time.Hour)
	refused := m.refusal(org, others.App)
	ledgered(t, s, m.outcome(org, app), m.outcome(org, app), others, unnamed)
	must(t, s.KeepRefusals(t.Context(), []outcome.Refusal{m.refusal(org, app), refused}))
	for _, want := range []int{3, 0} {
		same(t, read[int](t)(s.DeleteApp(t.Context(), org, app)), want)
	}
	same(t, read[[]outcome.Outcome](t)(s.Outcomes(t.Context(), org, everything())), []outcome.Outcome{others, unnamed})
	same(t, read[[]outcome.Refusal](t)(s.Refusals(t.Context(), org, id.Zero, 10)), []outcome.Refusal{refused})
}

func (w world) ledgerCalls() []call {
	return []call{
		{"AddOutcomes", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) {
			return s.AddOutcomes(ctx, []outcome.Outcome{w.fresh.outcome})
		}},
		{"Outcomes", empty, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Outcomes(ctx, org, everything()) }},
		{"SweepOutcomes", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.SweepOutcomes(ctx, far(), 10) }},
		{"KeepRefusals", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) {
			return none(s.KeepRefusals(ctx, []outcome.Refusal{w.fresh.refusal}))
		}},
		{"Refusals", empty, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Refusals(ctx, org, id.Zero, 10) }},
		{"SweepRefusals", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.SweepRefusals(ctx, far(), 10) }},
	}
}
