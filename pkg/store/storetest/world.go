package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/core/vote"
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
	invited  tenant.Invitation
	key      apikey.Key
	session  session.Session
	entry    audit.Entry
	use      usage.Use
	item     feedback.Item
	vote     vote.Vote
	comment  comment.Comment
	person   enduser.Person
	resource resource.Resource
	slot     attachment.Slot
	claim    idempotency.Claim
	run      agentrun.Run
	incident incident.Incident
	erasure  erasure.Erasure
	event    event.Event
	profile  event.Profile
	outcome  outcome.Outcome
	refusal  outcome.Refusal
	override limit.Override
}

// things are all of one Org, but for the fresh org itself. seq is the entry's.
func (m maker) things(org id.ID, seq int64) things {
	app, member := m.app(org), m.member(org)
	th := things{
		org: m.org(), app: app, member: member, invited: m.invitation(org), key: m.key(org), session: m.session(org, member.ID),
		entry: m.entry(org, seq), use: m.use(org), item: m.item(org, app.ID), slot: m.slot(org, app.ID), claim: m.claim(app.ID),
		run: m.run(org, app.ID), incident: m.incident(), erasure: m.erasure(org),
		event: m.event(org, app.ID), profile: m.profile(org), override: m.override(),
	}
	th.outcome, th.refusal = m.outcome(org, app.ID), m.refusal(org, app.ID)
	item := th.item.ID
	th.person, th.resource = m.person(org), m.resource(org, ofBoards)
	th.item.Submitter.Person, th.item.Votes = th.person.ID, 1
	th.vote, th.comment = m.vote(item, th.person.ID), m.comment(org, item)
	th.slot.Item, th.slot.CitedAt, th.run.Feedback, th.incident.Org = item, moment(), item, org
	return th
}

func newWorld(t *testing.T, s Store) world {
	t.Helper()
	m := newMaker()
	org := m.org()
	w := world{things: m.things(org.ID, 1), fresh: m.things(org.ID, 2)}
	w.org, w.member.Role, w.fresh.comment.Item = org, access.Owner, w.item.ID
	w.store(t, s)
	must(t, s.CreateErasure(t.Context(), org.ID, w.erasure))
	return w
}

// made is how many things store makes.
const made = 21

// store makes everything but the erasure.
func (w world) store(t *testing.T, s Store) {
	t.Helper()
	ctx, org := t.Context(), w.org.ID
	for _, err := range []error{
		s.CreateOrg(ctx, w.org),
		s.CreateApp(ctx, org, w.app),
		s.CreateMember(ctx, org, w.member),
		s.CreateInvitation(ctx, org, w.invited),
		s.CreateKey(ctx, org, w.key),
		s.CreateSession(ctx, org, w.session),
		s.AppendAudit(ctx, org, w.entry),
		s.TouchUses(ctx, []usage.Use{w.use}),
		s.InsertFeedback(ctx, org, w.item),
		s.InsertComment(ctx, org, w.comment),
		s.CreatePerson(ctx, org, w.person),
		s.CreateResource(ctx, org, w.resource),
		s.ReserveSlot(ctx, org, w.slot),
		s.InsertRun(ctx, org, w.run),
		s.PutIncident(ctx, w.incident),
		s.PutProfile(ctx, org, w.profile),
		s.KeepRefusals(ctx, []outcome.Refusal{w.refusal}),
		s.PutOverride(ctx, w.override),
	} {
		must(t, err)
	}
	voted(t, s, org, w.vote, true)
	stored(t, s, org, w.event)
	ledgered(t, s, w.outcome)
	same(t, read[idempotency.Claim](t)(s.Claim(ctx, org, w.claim, never())), w.claim)
}

// unchanged demands that the store holds the world as it was made, and nothing fresh.
func (w world) unchanged(t *testing.T, s Store) {
	t.Helper()
	ctx, org := t.Context(), w.org.ID
	same(t, read[tenant.Org](t)(s.Org(ctx, org)), w.org)
	_, err := s.Org(ctx, w.fresh.org.ID)
	missing(t, err)
	same(t, read[[]tenant.App](t)(s.Apps(ctx, org)), []tenant.App{w.app})
	same(t, read[[]tenant.Member](t)(s.Members(ctx, org, 0, 0)), []tenant.Member{w.member})
	same(t, read[[]tenant.Invitation](t)(s.Invitations(ctx, org)), []tenant.Invitation{w.invited})
	same(t, read[[]apikey.Key](t)(s.Keys(ctx, org)), []apikey.Key{w.key})
	same(t, read[[]session.Session](t)(s.Sessions(ctx, org, w.member.ID)), []session.Session{w.session})
	_, err = s.Session(ctx, org, w.fresh.session.ID)
	missing(t, err)
	same(t, read[[]audit.Entry](t)(s.AuditFrom(ctx, org, 0, 10)), []audit.Entry{w.entry})
	credentials := []id.ID{w.use.Credential, w.fresh.use.Credential}
	same(t, read[map[id.ID]time.Time](t)(s.LastUses(ctx, org, credentials)), map[id.ID]time.Time{w.use.Credential: w.use.At})
	same(t, read[feedback.Item](t)(s.Feedback(ctx, org, w.item.ID)), w.item)
	pages(t, s, org, feedback.Query{Limit: 10, IncludeDuplicates: true}, []feedback.Item{w.item})
	same(t, read[[]vote.Vote](t)(s.VotesOn(ctx, org, w.item.ID, id.Zero, 10)), []vote.Vote{w.vote})
	same(t, read[[]comment.Comment](t)(s.Comments(ctx, org, comment.Query{Item: w.item.ID, Private: true, Limit: 10})), []comment.Comment{w.comment})
	same(t, read[enduser.Page](t)(s.People(ctx, org, enduser.Query{Limit: 10})), enduser.Page{People: []enduser.Person{w.person}, Total: 1})
	same(t, read[[]resource.Resource](t)(s.Resources(ctx, org, resource.Query{Kind: ofBoards})), []resource.Resource{w.resource})
	slotKeys := []string{w.slot.Key, w.fresh.slot.Key}
	same(t, read[[]attachment.Slot](t)(s.Slots(ctx, org, slotKeys)), []attachment.Slot{w.slot})
	same(t, standing(t, s, newMaker(), org, w.claim), w.claim)
	same(t, read[agentrun.Run](t)(s.Run(ctx, org, w.run.ID)), w.run)
	_, err = s.Run(ctx, org, w.fresh.run.ID)
	missing(t, err)
	same(t, read[[]erasure.Erasure](t)(s.Erasures(ctx, org)), []erasure.Erasure{w.erasure})
	same(t, read[[]event.Event](t)(s.Events(ctx, org, event.Query{Limit: 10})), []event.Event{w.event})
	profileIs(t, s, w.profile, 1)
	same(t, read[[]outcome.Outcome](t)(s.Outcomes(ctx, org, everything())), []outcome.Outcome{w.outcome})
	same(t, read[[]outcome.Refusal](t)(s.Refusals(ctx, org, id.Zero, 10)), []outcome.Refusal{w.refusal})
	overrides := read[[]limit.Override](t)(s.Overrides(ctx)) // everybody's
	overrides = slices.DeleteFunc(overrides, func(o limit.Override) bool { return o.Name != w.override.Name && o.Name != w.fresh.override.Name })
	same(t, overrides, []limit.Override{w.override})
	same(t, read[incident.Incident](t)(s.Incident(ctx, w.incident.RequestID)), w.incident)
	_, err = s.Incident(ctx, w.fresh.incident.RequestID)
	missing(t, err)
}
