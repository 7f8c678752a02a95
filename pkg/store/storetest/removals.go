package storetest

import (
	"cmp"
	"slices"
	"testing"

	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

func removals(t *testing.T, s Store) {
	m := newMaker()
	t.Run("a subject's feedback is what its app and any name of its say", func(t *testing.T) { feedbackOf(t, s, m) })
	t.Run("feedback goes with the runs on it", func(t *testing.T) { deleteFeedback(t, s, m) })
	t.Run("a subject's events are what its app and any name of its say", func(t *testing.T) { deleteEventsOf(t, s, m) })
	t.Run("a profile goes with whoever it is of", func(t *testing.T) { deleteProfilesOf(t, s, m) })
	t.Run("slots go whatever their state", func(t *testing.T) { deleteSlots(t, s, m) })
	t.Run("an app goes with its claims", func(t *testing.T) { deleteApp(t, s, m) })
	t.Run("an org goes with everything but its erasures", func(t *testing.T) { deleteOrg(t, s) })
}

func feedbackOf(t *testing.T, s Store, m maker) {
	org, app, other, ann := m.ids.New(), m.ids.New(), m.ids.New(), m.ids.New()
	made := func(org, app id.ID, mode feedback.Mode, user, email string) feedback.Item {
		item := m.item(org, app)
		if item.Submitter.Person = id.Zero; user == "U1" || user == "u1" && email == "" {
			item.Submitter.Person = ann
		}
		item.Submitter.Mode, item.Submitter.ExternalUserID, item.Submitter.Email = mode, user, email
		must(t, s.InsertFeedback(t.Context(), org, item))
		return item
	}
	both := made(org, app, feedback.Private, "u1", "Ölaf@Example.com")
	signed := made(org, app, feedback.Private, "u1", "")
	claimed := made(org, other, feedback.Public, "u1", "else@example.com")
	mailed := made(org, other, feedback.Public, "", "ölaf@example.COM")
	upper := made(org, app, feedback.Public, "U1", "ann@example.com")
	anonymous := made(org, app, feedback.Public, "", "")
	made(m.ids.New(), app, feedback.Private, "u1", "ölaf@example.com")
	rejected := m.item(org, other)
	rejected.DuplicateOf, rejected.Status = both.ID, feedback.Duplicate
	must(t, s.InsertFeedback(t.Context(), org, rejected))

	for _, of := range []struct {
		subject erasure.Subject
		want    []feedback.Item
	}{
		{erasure.Subject{}, []feedback.Item{both, signed, claimed, mailed, upper, anonymous, rejected}},
		{erasure.Subject{App: other}, []feedback.Item{claimed, mailed, rejected}},
		{erasure.Subject{ExternalUserID: "u1"}, []feedback.Item{both, signed, claimed}},
		{erasure.Subject{Email: "ölaf@example.com"}, []feedback.Item{both, mailed}},
		{erasure.Subject{ExternalUserID: "u1", Email: "ölaf@example.com"}, []feedback.Item{both, signed, claimed, mailed}},
		{erasure.Subject{App: app, ExternalUserID: "u1"}, []feedback.Item{both, signed}},
		{erasure.Subject{App: other, Email: "ölaf@example.com"}, []feedback.Item{mailed}},
		{erasure.Subject{App: other, ExternalUserID: "u1", Email: "ölaf@example.com"}, []feedback.Item{claimed, mailed}},
		{erasure.Subject{Person: ann}, []feedback.Item{signed, upper}},
		{erasure.Subject{App: other, Person: ann}, []feedback.Item{}},
		{erasure.Subject{Person: ann, ExternalUserID: "u1", Email: "ölaf@example.com"}, []feedback.Item{both, signed, claimed, mailed, upper}},
		{erasure.Subject{Person: m.ids.New()}, []feedback.Item{}},
		{erasure.Subject{ExternalUserID: "nobody"}, []feedback.Item{}},
		{erasure.Subject{App: m.ids.New()}, []feedback.Item{}},
	} {
		got := read[[]feedback.Item](t)(s.FeedbackOf(t.Context(), org, of.subject, 10))
		slices.SortFunc(got, func(a, b feedback.Item) int { return slices.Compare(a.ID[:], b.ID[:]) })
		same(t, append([]feedback.Item{}, got...), of.want)
		for limit := 1; limit <= len(of.want); limit++ {
			if got := read[[]feedback.Item](t)(s.FeedbackOf(t.Context(), org, of.subject, limit)); len(got) != limit {
				t.Fatalf("a limit of %d gave %d of %d", limit, len(got), len(of.want))
			}
		}
	}
}

func deleteFeedback(t *testing.T, s Store, m maker) {
	org, app := m.ids.New(), m.ids.New()
	first, second, kept := m.item(org, app), m.item(org, app), m.item(org, app)
	runs := map[id.ID][]agentrun.Run{}
	for _, item := range []feedback.Item{first, second, kept} {
		must(t, s.InsertFeedback(t.Context(), org, item))
		for range 2 {
			run := m.run(org, app)
			run.Feedback = item.ID
			must(t, s.InsertRun(t.Context(), org, run))
			runs[item.ID] = append(runs[item.ID], run)
		}
	}
	must(t, s.DeleteFeedback(t.Context(), org, nil))
	for range 2 {
		must(t, s.DeleteFeedback(t.Context(), org, []id.ID{first.ID, m.ids.New(), second.ID}))
		for item := range runs {
			_, err := s.Feedback(t.Context(), org, item)
			for _, run := range runs[item] {
				_, errRun := s.Run(t.Context(), org, run.ID)
				if item == kept.ID {
					must(t, err)
					must(t, errRun)
				} else {
					missing(t, err)
					missing(t, errRun)
				}
			}
		}
	}
	pages(t, s, org, feedback.Query{Limit: 10, IncludeDuplicates: true}, []feedback.Item{kept})
}

func deleteSlots(t *testing.T, s Store, m maker) {
	org, app := m.ids.New(), m.ids.New()
	fresh, cited, condemned, other := m.slot(org, app), m.slot(org, app), m.slot(org, app), m.slot(org, m.ids.New())
	cited.Item, cited.CitedAt, cited.Kept = m.ids.New(), moment(), true
	for _, slot := range []attachment.Slot{fresh, cited, condemned, other} {
		must(t, s.ReserveSlot(t.Context(), org, slot))
	}
	must(t, s.CondemnSlot(t.Context(), org, condemned))
	list := func(app id.ID, want ...attachment.Slot) {
		t.Helper()
		got := read[[]attachment.Slot](t)(s.SlotsOf(t.Context(), org, app, 10))
		slices.SortFunc(got, func(a, b attachment.Slot) int { return cmp.Compare(a.Key, b.Key) })
		same(t, append([]attachment.Slot{}, got...), append([]attachment.Slot{}, want...))
	}
	list(app, fresh, cited, condemned)
	list(id.Zero, fresh, cited, condemned, other)
	if got := read[[]attachment.Slot](t)(s.SlotsOf(t.Context(), org, app, 2)); len(got) != 2 {
		t.Fatalf("a limit of 2 gave %d", len(got))
	}
	must(t, s.DeleteSlots(t.Context(), org, nil))
	for range 2 {
		must(t, s.DeleteSlots(t.Context(), org, []string{fresh.Key, cited.Key, "none", condemned.Key}))
		list(app)
		list(id.Zero, other)
	}
}

func deleteApp(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	app, other := m.app(org), m.app(org)
	must(t, s.CreateApp(t.Context(), org, app))
	must(t, s.CreateApp(t.Context(), org, other))
	kept, again := m.claim(other.ID), idempotency.Claim{}
	for _, claim := range []idempotency.Claim{m.claim(app.ID), m.claim(app.ID), kept} {
		same(t, read[idempotency.Claim](t)(s.Claim(t.Context(), org, claim, never())), claim)
		if claim.App == app.ID {
			again = claim
		}
	}
	for _, want := range []int{3, 0} {
		same(t, read[int](t)(s.DeleteApp(t.Context(), org, app.ID)), want)
	}
	same(t, read[[]tenant.App](t)(s.Apps(t.Context(), org)), []tenant.App{other})
	same(t, standing(t, s, m, org, kept), kept)
	again.Item = m.ids.New()
	same(t, read[idempotency.Claim](t)(s.Claim(t.Context(), org, again, never())), again)
}

func deleteOrg(t *testing.T, s Store) {
	w, neighbour := newWorld(t, s), newWorld(t, s)
	m, org := newMaker(), w.org.ID
	for seq := range int64(50) {
		must(t, s.AppendAudit(t.Context(), org, m.entry(org, seq+2)))
	}
	for _, want := range []int{made + 50, 0} {
		same(t, read[int](t)(s.DeleteOrg(t.Context(), org)), want)
	}
	erasures := []string{"Erasure", "Erasures", "ReplaceErasure", "DropErasure"}
	for _, c := range w.calls() {
		if c.others != unasked && !slices.Contains(erasures, c.name) {
			c.findsNothing(t, s, org)
		}
	}
	_, err := s.Org(t.Context(), org)
	missing(t, err)
	_, err = s.Incident(t.Context(), w.incident.RequestID)
	missing(t, err)
	same(t, read[[]erasure.Erasure](t)(s.Erasures(t.Context(), org)), []erasure.Erasure{w.erasure})
	neighbour.unchanged(t, s)

	w.store(t, s) // no name of anything is taken any more
	w.unchanged(t, s)
	same(t, read[[]audit.Entry](t)(s.AuditFrom(t.Context(), org, 0, 10)), []audit.Entry{w.entry})
}
