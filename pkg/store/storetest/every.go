package storetest

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// world is one Org with one of everything. The call of a method that makes something makes it from fresh.
type world struct {
	things
	fresh things
}

type things struct {
	org      tenant.Org
	app      tenant.App
	member   tenant.Member
	key      apikey.Key
	item     feedback.Item
	slot     attachment.Slot
	claim    idempotency.Claim
	run      agentrun.Run
	incident incident.Incident
}

func (m maker) things(org id.ID) things {
	app := m.app(org)
	th := things{
		org: m.org(), app: app, member: m.member(org), key: m.key(org), item: m.item(org, app.ID), slot: m.slot(org, app.ID),
		claim: m.claim(app.ID), run: m.run(org, app.ID), incident: m.incident(),
	}
	return th
}

func newWorld(t *testing.T, s Store) world {
	t.Helper()
	m := newMaker()
	org := m.org()
	w := world{things: m.things(org.ID), fresh: m.things(org.ID)}
	w.org = org
	w.slot.Item, w.slot.CitedAt = w.item.ID, moment()
	for _, err := range []error{
		s.CreateOrg(t.Context(), w.org),
		s.CreateApp(t.Context(), org.ID, w.app),
		s.CreateMember(t.Context(), org.ID, w.member),
		s.CreateKey(t.Context(), org.ID, w.key),
		s.InsertFeedback(t.Context(), org.ID, w.item),
		s.ReserveSlot(t.Context(), org.ID, w.slot),
		s.InsertRun(t.Context(), org.ID, w.run),
		s.PutIncident(t.Context(), w.incident),
	} {
		must(t, err)
	}
	same(t, read[idempotency.Claim](t)(s.Claim(t.Context(), org.ID, w.claim, never())), w.claim)
	return w
}

// foreignAnswer is what another Org than the owner is told.
type foreignAnswer int

const (
	unasked   foreignAnswer = iota // the method names nothing of an Org's
	notFound                       // apierr.NotFound
	empty                          // a list of nothing
	nothing                        // success, and nothing done
	unmatched                      // apierr.Conflict, as for a claim that does not stand
)

// call is one method with arguments that succeed when org is the owner.
type call struct {
	name   string
	others foreignAnswer
	do     func(ctx context.Context, s Store, org id.ID) (any, error)
}

func (w world) calls() []call {
	far, later := moment().Add(100*365*24*time.Hour), moment().Add(time.Hour)
	none := func(err error) (any, error) { return nil, err }
	return []call{
		{"CreateOrg", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return none(s.CreateOrg(ctx, w.fresh.org)) }},
		{"Org", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Org(ctx, org) }},
		{"OrgBySlug", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.OrgBySlug(ctx, w.org.Slug) }},
		{"Orgs", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.Orgs(ctx) }},
		{"CreateApp", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.CreateApp(ctx, org, w.fresh.app))
		}},
		{"App", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.App(ctx, org, w.app.ID) }},
		{"Apps", empty, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Apps(ctx, org) }},
		{"AppByPublicKey", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) {
			return s.AppByPublicKey(ctx, w.app.PublicKey)
		}},
		{"ReplaceApp", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			app := w.app
			app.Name = "replaced"
			return none(s.ReplaceApp(ctx, org, app))
		}},
		{"CreateMember", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.CreateMember(ctx, org, w.fresh.member))
		}},
		{"Members", empty, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Members(ctx, org) }},
		{"CreateKey", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.CreateKey(ctx, org, w.fresh.key))
		}},
		{"KeyByHash", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.KeyByHash(ctx, w.key.Hash) }},
		{"Key", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Key(ctx, org, w.key.ID) }},
		{"Keys", empty, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Keys(ctx, org) }},
		{"RevokeKey", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.RevokeKey(ctx, org, w.key.ID, later)
		}},
		{"InsertFeedback", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.InsertFeedback(ctx, org, w.fresh.item))
		}},
		{"Feedback", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Feedback(ctx, org, w.item.ID) }},
		{"ListFeedback", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			page, err := s.ListFeedback(ctx, org, feedback.Query{Limit: 10, IncludeDuplicates: true})
			return page.Items, err
		}},
		{"MoveFeedback", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.MoveFeedback(ctx, org, w.item.ID, w.item.Status, feedback.Archived, later)
		}},
		{"ReserveSlot", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.ReserveSlot(ctx, org, w.fresh.slot))
		}},
		{"Slots", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.Slots(ctx, org, []string{w.slot.Key})
		}},
		{"CiteSlot", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.CiteSlot(ctx, org, w.slot.Key, w.slot.Item, w.fresh.item.ID, later))
		}},
		{"ReleaseSlot", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.ReleaseSlot(ctx, org, w.slot.Key, w.slot.Item))
		}},
		{"KeepSlot", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.KeepSlot(ctx, org, w.slot.Key, w.slot.Item))
		}},
		{"StaleSlots", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.StaleSlots(ctx, far, far, 10) }},
		{"CondemnSlot", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.CondemnSlot(ctx, org, w.slot))
		}},
		{"RemoveSlot", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.RemoveSlot(ctx, org, w.slot.Key))
		}},
		{"Claim", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.Claim(ctx, org, w.fresh.claim, never())
		}},
		{"TakeOver", unmatched, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.TakeOver(ctx, org, w.claim, later))
		}},
		{"ReleaseClaim", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.ReleaseClaim(ctx, org, w.claim))
		}},
		{"SweepClaims", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.SweepClaims(ctx, far, 10) }},
		{"InsertRun", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.InsertRun(ctx, org, w.fresh.run))
		}},
		{"Run", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Run(ctx, org, w.run.ID) }},
		{"PutIncident", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) {
			return none(s.PutIncident(ctx, w.fresh.incident))
		}},
		{"Incident", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.Incident(ctx, w.incident.RequestID) }},
		{"SweepIncidents", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.SweepIncidents(ctx, far, 10) }},
	}
}

// unchanged demands that the store holds the world as it was made, and nothing fresh.
func (w world) unchanged(t *testing.T, s Store) {
	t.Helper()
	ctx, org := t.Context(), w.org.ID
	same(t, read[tenant.Org](t)(s.Org(ctx, org)), w.org)
	_, err := s.Org(ctx, w.fresh.org.ID)
	missing(t, err)
	same(t, read[[]tenant.App](t)(s.Apps(ctx, org)), []tenant.App{w.app})
	same(t, read[[]tenant.Member](t)(s.Members(ctx, org)), []tenant.Member{w.member})
	same(t, read[[]apikey.Key](t)(s.Keys(ctx, org)), []apikey.Key{w.key})
	same(t, read[feedback.Item](t)(s.Feedback(ctx, org, w.item.ID)), w.item)
	pages(t, s, org, feedback.Query{Limit: 10, IncludeDuplicates: true}, []feedback.Item{w.item})
	slotKeys := []string{w.slot.Key, w.fresh.slot.Key}
	same(t, read[[]attachment.Slot](t)(s.Slots(ctx, org, slotKeys)), []attachment.Slot{w.slot})
	same(t, standing(t, s, newMaker(), org, w.claim), w.claim)
	same(t, read[agentrun.Run](t)(s.Run(ctx, org, w.run.ID)), w.run)
	_, err = s.Run(ctx, org, w.fresh.run.ID)
	missing(t, err)
	same(t, read[incident.Incident](t)(s.Incident(ctx, w.incident.RequestID)), w.incident)
	_, err = s.Incident(ctx, w.fresh.incident.RequestID)
	missing(t, err)
}

func everyMethod(t *testing.T, s Store) {
	t.Run("is listed here", func(t *testing.T) { everyMethodListed(t, s) })
	t.Run("tells another org what it tells of nothing", func(t *testing.T) { foreign(t, s) })
	t.Run("is refused when its caller has given up", func(t *testing.T) { givenUp(t, s) })
}

func everyMethodListed(t *testing.T, s Store) {
	listed := map[string]bool{}
	for _, c := range newWorld(t, s).calls() {
		listed[c.name] = true
	}
	for m := range reflect.TypeFor[Store]().Methods() {
		if !listed[m.Name] {
			t.Errorf("%s is not held to what every method promises", m.Name)
		}
	}
}

func foreign(t *testing.T, s Store) {
	w, neighbour := newWorld(t, s), newMaker().org()
	must(t, s.CreateOrg(t.Context(), neighbour))
	for _, c := range w.calls() {
		if c.others == unasked {
			continue
		}
		value, err := c.do(t.Context(), s, neighbour.ID)
		told := fmt.Sprintf("%s told another org %+v, %v", c.name, value, err)
		switch c.others {
		case notFound:
			if err == nil || apierr.KindOf(err) != apierr.NotFound || value != nil && !reflect.ValueOf(value).IsZero() {
				t.Error(told)
			}
		case empty:
			if err != nil || reflect.ValueOf(value).Len() != 0 {
				t.Error(told)
			}
		case nothing:
			if err != nil {
				t.Error(told)
			}
		case unmatched:
			if err == nil || apierr.KindOf(err) != apierr.Conflict {
				t.Error(told)
			}
		}
	}
	w.unchanged(t, s)
}

func givenUp(t *testing.T, s Store) {
	w := newWorld(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range w.calls() {
		began := time.Now()
		if _, err := c.do(ctx, s, w.org.ID); !cancelled(err) {
			t.Errorf("%s said %v to a caller that had given up", c.name, err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s took %s to see that its caller had given up", c.name, took)
		}
	}
	w.unchanged(t, s)
	same(t, read[idempotency.Claim](t)(s.Claim(t.Context(), w.org.ID, w.fresh.claim, never())), w.fresh.claim)
}
