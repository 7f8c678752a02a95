package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

func invitations(t *testing.T, s Store) {
	m := newMaker()
	t.Run("invitations read back exactly", func(t *testing.T) { invitationsReadBack(t, s, m) })
	t.Run("an address of an org has one invitation", func(t *testing.T) { inviteOnce(t, s, m) })
	t.Run("an expired invitation is replaced once", func(t *testing.T) { inviteAgain(t, s, m) })
	t.Run("a deleted invitation is gone, and its address free", func(t *testing.T) { deleteInvitation(t, s, m) })
}

func invitationsReadBack(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	full, bare, expired := m.invitation(org), m.invitation(org), m.invitation(org)
	bare = tenant.Invitation{ID: bare.ID, Org: org, Email: bare.Email, Hash: bare.Hash, CreatedAt: moment(), ExpiresAt: moment()}
	expired.CreatedAt, expired.ExpiresAt = never(), never().Add(time.Second)
	all := []tenant.Invitation{full, bare, expired}
	for _, invitation := range slices.Backward(all) {
		must(t, s.CreateInvitation(t.Context(), org, invitation))
	}
	for _, invitation := range all {
		same(t, read[tenant.Invitation](t)(s.Invitation(t.Context(), org, invitation.ID)), invitation)
		same(t, read[tenant.Invitation](t)(s.InvitationByHash(t.Context(), invitation.Hash)), invitation)
	}
	same(t, read[[]tenant.Invitation](t)(s.Invitations(t.Context(), org)), all)
	_, err := s.Invitation(t.Context(), org, m.ids.New())
	missing(t, err)
	_, err = s.InvitationByHash(t.Context(), [32]byte{})
	missing(t, err)
}

func inviteOnce(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	racing := make([]tenant.Invitation, racers)
	winner := oneWinner(t, apierr.CodeAlreadyExists, race(func(racer int) error {
		racing[racer] = m.invitation(org)
		racing[racer].Email = "Ölaf@example.com"
		if racer%2 == 0 {
			racing[racer].Email = "öLAF@EXAMPLE.com"
		}
		return s.CreateInvitation(t.Context(), org, racing[racer])
	}))
	stored := racing[winner]
	same(t, read[[]tenant.Invitation](t)(s.Invitations(t.Context(), org)), []tenant.Invitation{stored})

	neighbour := m.invitation(m.ids.New())
	neighbour.Email = stored.Email
	must(t, s.CreateInvitation(t.Context(), neighbour.Org, neighbour))
	for _, steal := range []func(*tenant.Invitation){
		func(i *tenant.Invitation) { i.Hash = stored.Hash },
		func(i *tenant.Invitation) { i.ID = stored.ID },
	} {
		thief := m.invitation(org)
		steal(&thief)
		taken(t, s.CreateInvitation(t.Context(), org, thief))
	}
	same(t, read[tenant.Invitation](t)(s.InvitationByHash(t.Context(), stored.Hash)), stored)
}

func inviteAgain(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	old, other := m.invitation(org), m.invitation(org)
	must(t, s.CreateInvitation(t.Context(), org, old))
	must(t, s.CreateInvitation(t.Context(), org, other))
	invite := func(at time.Time) tenant.Invitation {
		next := m.invitation(org)
		next.Email, next.InvitedBy, next.CreatedAt, next.ExpiresAt = strings.ToUpper(old.Email), "another", at, at.Add(tenant.InvitationLife)
		return next
	}
	taken(t, s.CreateInvitation(t.Context(), org, invite(old.ExpiresAt.Add(-time.Millisecond))))
	same(t, read[tenant.Invitation](t)(s.Invitation(t.Context(), org, old.ID)), old)

	racing := make([]tenant.Invitation, racers)
	winner := oneWinner(t, apierr.CodeAlreadyExists, race(func(racer int) error {
		racing[racer] = invite(old.ExpiresAt.Add(time.Millisecond))
		return s.CreateInvitation(t.Context(), org, racing[racer])
	}))
	fresh := racing[winner]
	same(t, read[[]tenant.Invitation](t)(s.Invitations(t.Context(), org)), []tenant.Invitation{other, fresh})
	same(t, read[tenant.Invitation](t)(s.InvitationByHash(t.Context(), fresh.Hash)), fresh)
	_, err := s.Invitation(t.Context(), org, old.ID)
	missing(t, err)
	_, err = s.InvitationByHash(t.Context(), old.Hash)
	missing(t, err)
}

func deleteInvitation(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	invitation := m.invitation(org)
	must(t, s.CreateInvitation(t.Context(), org, invitation))
	must(t, s.DeleteInvitation(t.Context(), org, invitation.ID))
	missing(t, s.DeleteInvitation(t.Context(), org, invitation.ID))
	_, err := s.InvitationByHash(t.Context(), invitation.Hash)
	missing(t, err)
	again := m.invitation(org)
	again.Email = invitation.Email
	must(t, s.CreateInvitation(t.Context(), org, again))
}
