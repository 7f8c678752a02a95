package storetest

import (
	"context"

	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

func (w world) contentCalls() []call {
	return []call{
		{"InsertFeedback", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.InsertFeedback(ctx, org, w.fresh.item))
		}},
		{"Feedback", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Feedback(ctx, org, w.item.ID) }},
		{"ListFeedback", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			page, err := s.ListFeedback(ctx, org, feedback.Query{Limit: 10, IncludeDuplicates: true})
			return page.Items, err
		}},
		{"AmendFeedback", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.AmendFeedback(ctx, org, w.item.ID, w.item.Status, feedback.Change{Status: new(feedback.Archived)}, later())
		}},
		{"BoardFeedback", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			page, err := s.BoardFeedback(ctx, org, feedback.BoardQuery{Limit: 10})
			return page.Items, err
		}},
		{"CountFeedback", empty, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.CountFeedback(ctx, org) }},
		{"FeedbackBy", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.FeedbackBy(ctx, org, feedback.By{Persons: []id.ID{w.person.ID}}, id.Zero, 10)
		}},
		{"ReserveSlot", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.ReserveSlot(ctx, org, w.fresh.slot))
		}},
		{"Slots", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.Slots(ctx, org, []string{w.slot.Key})
		}},
		{"CiteSlot", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.CiteSlot(ctx, org, w.slot.Key, w.slot.Item, w.fresh.item.ID, later()))
		}},
		{"ReleaseSlot", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.ReleaseSlot(ctx, org, w.slot.Key, w.slot.Item))
		}},
		{"KeepSlot", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.KeepSlot(ctx, org, w.slot.Key, w.slot.Item))
		}},
		{"StaleSlots", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.StaleSlots(ctx, far(), far(), 10) }},
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
			return none(s.TakeOver(ctx, org, w.claim, later()))
		}},
		{"ReleaseClaim", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.ReleaseClaim(ctx, org, w.claim))
		}},
		{"SweepClaims", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.SweepClaims(ctx, far(), 10) }},
		{"InsertRun", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.InsertRun(ctx, org, w.fresh.run))
		}},
		{"Run", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Run(ctx, org, w.run.ID) }},
		{"PutIncident", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) {
			return none(s.PutIncident(ctx, w.fresh.incident))
		}},
		{"Incident", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.Incident(ctx, w.incident.RequestID) }},
		{"SweepIncidents", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.SweepIncidents(ctx, far(), 10) }},
	}
}

func (w world) eventCalls() []call {
	return []call{
		{"InsertEvents", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.InsertEvents(ctx, org, []event.Event{w.fresh.event})
		}},
		{"Event", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Event(ctx, org, w.event.ID) }},
		{"Events", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.Events(ctx, org, event.Query{Limit: 10})
		}},
		{"CountEvents", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.CountEvents(ctx, org, never()) }},
		{"Profile", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.Profile(ctx, org, w.profile.UserID)
		}},
		{"PutProfile", unmatched, func(ctx context.Context, s Store, org id.ID) (any, error) {
			next := w.profile
			next.Version = 1
			return none(s.PutProfile(ctx, org, next))
		}},
	}
}

func (w world) erasureCalls() []call {
	return []call{
		{"CreateErasure", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.CreateErasure(ctx, org, w.fresh.erasure))
		}},
		{"Erasure", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Erasure(ctx, org, w.erasure.ID) }},
		{"Erasures", empty, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Erasures(ctx, org) }},
		{"ClaimErasure", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) {
			return s.ClaimErasure(ctx, far(), far().Add(1))
		}},
		{"ReplaceErasure", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			next := w.erasure
			next.DoneAt = later()
			return none(s.ReplaceErasure(ctx, org, next))
		}},
		{"DropErasure", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.DropErasure(ctx, org, w.erasure.ID))
		}},
		{"FeedbackOf", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.FeedbackOf(ctx, org, erasure.Subject{App: w.app.ID}, 10)
		}},
		{"DeleteFeedback", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.DeleteFeedback(ctx, org, []id.ID{w.item.ID}))
		}},
		{"SlotsOf", empty, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.SlotsOf(ctx, org, id.Zero, 10) }},
		{"DeleteSlots", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.DeleteSlots(ctx, org, []string{w.slot.Key}))
		}},
		{"DeleteEventsOf", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.DeleteEventsOf(ctx, org, erasure.Subject{App: w.app.ID}, 10)
		}},
		{"DeleteProfilesOf", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.DeleteProfilesOf(ctx, org, erasure.Subject{ExternalUserID: w.profile.UserID}, 10)
		}},
		{"DeleteApp", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.DeleteApp(ctx, org, w.app.ID) }},
		{"DeleteOrg", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.DeleteOrg(ctx, org) }},
	}
}
