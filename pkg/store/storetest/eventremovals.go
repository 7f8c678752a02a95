package storetest

import (
	"slices"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

func deleteEventsOf(t *testing.T, s Store, m maker) {
	app, other := m.ids.New(), m.ids.New()
	said := func(app id.ID, user, email string) event.Event {
		e := m.seen(id.Zero)
		e.App, e.User.ID, e.User.Email = app, user, email
		return e
	}
	const both, plain, elsewhere, mailed, upper, free = 0, 1, 2, 3, 4, 5
	for _, of := range []struct {
		subject erasure.Subject
		want    []int
	}{
		{erasure.Subject{}, []int{both, plain, elsewhere, mailed, upper, free}},
		{erasure.Subject{App: other}, []int{elsewhere, mailed}},
		{erasure.Subject{ExternalUserID: "u1"}, []int{both, plain, elsewhere, free}},
		{erasure.Subject{Email: "ölaf@example.com"}, []int{both, mailed}},
		{erasure.Subject{ExternalUserID: "u1", Email: "ölaf@example.com"}, []int{both, plain, elsewhere, mailed, free}},
		{erasure.Subject{App: app, ExternalUserID: "u1"}, []int{both, plain}},
		{erasure.Subject{App: other, Email: "ölaf@example.com"}, []int{mailed}},
		{erasure.Subject{App: other, ExternalUserID: "u1", Email: "ölaf@example.com"}, []int{elsewhere, mailed}},
		{erasure.Subject{Person: m.ids.New()}, nil},
		{erasure.Subject{Person: m.ids.New(), App: app}, nil},
		{erasure.Subject{Person: m.ids.New(), ExternalUserID: "u1"}, []int{both, plain, elsewhere, free}},
		{erasure.Subject{ExternalUserID: "nobody"}, nil},
		{erasure.Subject{App: m.ids.New()}, nil},
	} {
		org := m.ids.New()
		all := []event.Event{
			said(app, "u1", "Ölaf@Example.com"), said(app, "u1", ""), said(other, "u1", "else@example.com"),
			said(other, "u2", "ölaf@example.COM"), said(app, "U1", "ann@example.com"), said(id.Zero, "u1", ""),
		}
		stored(t, s, org, all...)
		stored(t, s, m.ids.New(), all...)
		for left := len(of.want); left > 0; left -= min(left, 2) {
			same(t, read[int](t)(s.DeleteEventsOf(t.Context(), org, of.subject, 2)), min(left, 2))
		}
		same(t, read[int](t)(s.DeleteEventsOf(t.Context(), org, of.subject, 2)), 0)
		for n, e := range all {
			_, err := s.Event(t.Context(), org, e.ID)
			if gone := err != nil && apierr.KindOf(err) == apierr.NotFound; gone != slices.Contains(of.want, n) {
				t.Errorf("%+v: of event %d reading says %v", of.subject, n, err)
			}
		}
	}
}

func deleteProfilesOf(t *testing.T, s Store, m maker) {
	const named, mailed, upper = 0, 1, 2
	for _, of := range []struct {
		subject erasure.Subject
		want    []int
	}{
		{erasure.Subject{}, []int{named, mailed, upper}},
		{erasure.Subject{App: m.ids.New()}, nil},
		{erasure.Subject{Person: m.ids.New()}, nil},
		{erasure.Subject{ExternalUserID: "u1", Person: m.ids.New()}, []int{named}},
		{erasure.Subject{ExternalUserID: "u1"}, []int{named}},
		{erasure.Subject{ExternalUserID: "u1", App: m.ids.New()}, []int{named}},
		{erasure.Subject{Email: "ölaf@example.com"}, []int{named, mailed}},
		{erasure.Subject{ExternalUserID: "U1", Email: "ölaf@example.com"}, []int{named, mailed, upper}},
		{erasure.Subject{ExternalUserID: "nobody", Email: "nobody@example.com"}, nil},
	} {
		org, other := m.ids.New(), m.ids.New()
		all := []event.Profile{
			{UserID: "u1", Email: "Ölaf@Example.com"}, {UserID: "u2", Email: "ölaf@example.COM"}, {UserID: "U1"},
		}
		for _, profile := range all {
			must(t, s.PutProfile(t.Context(), org, profile))
			must(t, s.PutProfile(t.Context(), other, profile))
		}
		for left := len(of.want); left > 0; left -= min(left, 2) {
			same(t, read[int](t)(s.DeleteProfilesOf(t.Context(), org, of.subject, 2)), min(left, 2))
		}
		same(t, read[int](t)(s.DeleteProfilesOf(t.Context(), org, of.subject, 2)), 0)
		for n, profile := range all {
			_, err := s.Profile(t.Context(), org, profile.UserID)
			if gone := err != nil && apierr.KindOf(err) == apierr.NotFound; gone != slices.Contains(of.want, n) {
				t.Errorf("%+v: of profile %d reading says %v", of.subject, n, err)
			}
			read[event.Profile](t)(s.Profile(t.Context(), other, profile.UserID))
		}
	}
}
