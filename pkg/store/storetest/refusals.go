package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/id"
)

func (m maker) refusal(org, app id.ID) outcome.Refusal {
	return outcome.Refusal{
		Org: org, App: app, Key: m.ids.New(), At: moment(), RequestID: m.ids.New().String(), Category: "events", Route: "POST /v1/events",
		Code: apierr.CodeInvalidBody, Message: awkward, Policy: "events.minute", Items: big,
		Issues: []outcome.Issue{{Path: "events.0.user", Code: "required", Message: awkward}, {}}, Sample: `{"a":"string(3)` + awkward,
	}
}

func newestRefusals(t *testing.T, s Store, m maker) {
	org, app, other := m.ids.New(), m.ids.New(), m.ids.New()
	must(t, s.KeepRefusals(t.Context(), nil))
	at := func(app id.ID, n int) outcome.Refusal {
		r := m.refusal(org, app)
		r.At = moment().Add(time.Duration(n/3) * time.Millisecond) // some at the same time
		return r
	}
	oldest := at(other, -100)
	none := outcome.Refusal{Org: org, At: at(id.Zero, -50).At, RequestID: "bare", Code: apierr.CodeForbidden}
	must(t, s.KeepRefusals(t.Context(), []outcome.Refusal{oldest, none}))
	var given []outcome.Refusal
	for n := range 3*outcome.PerApp + 7 {
		given = append(given, at(app, n))
	}
	elsewhere := m.refusal(m.ids.New(), app)
	for some := range slices.Chunk(append(given, elsewhere), outcome.PerApp/2+3) {
		must(t, s.KeepRefusals(t.Context(), some))
	}
	must(t, s.KeepRefusals(t.Context(), given[:3])) // as one comes late
	slices.SortFunc(given, func(a, b outcome.Refusal) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return slices.Compare([]byte(b.RequestID), []byte(a.RequestID))
	})
	given = given[:outcome.PerApp]
	list := func(app id.ID, limit int) []outcome.Refusal {
		return read[[]outcome.Refusal](t)(s.Refusals(t.Context(), org, app, limit))
	}
	same(t, list(app, 1000), given)
	same(t, list(app, 7), given[:7])
	same(t, list(other, 10), []outcome.Refusal{oldest})
	same(t, list(id.Zero, 1000), append(slices.Clone(given), none, oldest))
	same(t, list(id.Zero, 7), given[:7])
	same(t, read[[]outcome.Refusal](t)(s.Refusals(t.Context(), elsewhere.Org, app, 7)), []outcome.Refusal{elsewhere})
}

func repeatedRefusals(t *testing.T, s Store, m maker) {
	org, app := m.ids.New(), m.ids.New()
	first := m.refusal(org, app)
	second := first
	second.Code, second.Sample = apierr.CodeQuotaExceeded, "another reason in the same request"
	again := first
	again.Message = "changed"
	for _, some := range [][]outcome.Refusal{{first}, {again, second}, {first, again, second}} {
		must(t, s.KeepRefusals(t.Context(), some))
	}
	same(t, read[[]outcome.Refusal](t)(s.Refusals(t.Context(), org, app, 10)), []outcome.Refusal{second, first})
}

func sweepRefusals(t *testing.T, s Store, m maker) {
	expired := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	org := m.ids.New()
	made := func(after time.Duration) outcome.Refusal {
		r := m.refusal(org, id.Zero)
		r.At = expired.Add(after)
		must(t, s.KeepRefusals(t.Context(), []outcome.Refusal{r}))
		return r
	}
	for n := range 5 {
		made(-time.Duration(n+1) * time.Millisecond)
	}
	kept := []outcome.Refusal{made(time.Hour), made(0)}
	for _, want := range []int{3, 2, 0} {
		same(t, read[int](t)(s.SweepRefusals(t.Context(), expired, 3)), want)
	}
	same(t, read[[]outcome.Refusal](t)(s.Refusals(t.Context(), org, id.Zero, 10)), kept)
}
