package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

func members(t *testing.T, s Store) {
	m := newMaker()
	t.Run("members read back exactly, page by page", func(t *testing.T) { membersReadBack(t, s, m) })
	t.Run("an e-mail is one member's of its org, whatever its case", func(t *testing.T) { memberEmails(t, s, m) })
	t.Run("a member is replaced by compare and set", func(t *testing.T) { replaceMember(t, s, m) })
	t.Run("owners are listed as they are now", func(t *testing.T) { owners(t, s, m) })
	t.Run("a deleted member is gone, and its e-mail free", func(t *testing.T) { deleteMember(t, s, m) })
}

func membersReadBack(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	full, bare, unproven, spent := m.member(org), m.member(org), m.member(org), m.member(org)
	bare = tenant.Member{ID: bare.ID, Org: org, Email: bare.Email, CreatedAt: moment()}
	unproven.TwoFactor = &tenant.TwoFactor{Sealed: []byte("sealed")}
	spent.TwoFactor.Recovery = [][]byte{}
	all := []tenant.Member{full, bare, unproven, spent}
	for _, member := range slices.Backward(all) {
		must(t, s.CreateMember(t.Context(), org, member))
	}
	for _, member := range all {
		same(t, read[tenant.Member](t)(s.Member(t.Context(), org, member.ID)), member)
		for _, email := range []string{member.Email, strings.ToUpper(member.Email), strings.ToLower(member.Email)} {
			same(t, read[tenant.Member](t)(s.MemberByEmail(t.Context(), org, email)), member)
		}
	}
	for _, page := range []struct{ offset, limit, from, to int }{
		{0, 0, 0, 4}, {1, 0, 1, 4}, {0, 2, 0, 2}, {2, 2, 2, 4}, {3, 2, 3, 4}, {0, 100, 0, 4}, {4, 2, 4, 4}, {100, 0, 4, 4},
	} {
		got := read[[]tenant.Member](t)(s.Members(t.Context(), org, page.offset, page.limit))
		same(t, append([]tenant.Member{}, got...), all[page.from:page.to])
	}
	_, err := s.Member(t.Context(), org, m.ids.New())
	missing(t, err)
	for _, email := range []string{"", "nobody@example.com", full.Email + " ", "%"} {
		_, err := s.MemberByEmail(t.Context(), org, email)
		missing(t, err)
	}
}

func memberEmails(t *testing.T, s Store, m maker) {
	org, other := m.ids.New(), m.ids.New()
	first, second := m.member(org), m.member(org)
	second.Email = "Ölaf@example.com"
	must(t, s.CreateMember(t.Context(), org, second))
	must(t, s.CreateMember(t.Context(), org, first))
	for _, email := range []string{first.Email, strings.ToUpper(first.Email), strings.ToLower(first.Email), "ölAF@EXAMPLE.com"} {
		twin := m.member(org)
		twin.Email = email
		taken(t, s.CreateMember(t.Context(), org, twin))
		twin.Org = other
		err := s.CreateMember(t.Context(), other, twin)
		if email == first.Email || email == "ölAF@EXAMPLE.com" {
			must(t, err)
		} else {
			taken(t, err)
		}
	}
	same(t, read[[]tenant.Member](t)(s.Members(t.Context(), org, 0, 0)), []tenant.Member{first, second})

	oneWinner(t, apierr.CodeAlreadyExists, race(func(racer int) error {
		member := m.member(org)
		member.Email = "Bea@Example.com"
		if racer%2 == 0 {
			member.Email = "bea@example.COM"
		}
		return s.CreateMember(t.Context(), org, member)
	}))
}

func replaceMember(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	member, neighbour := m.member(org), m.member(org)
	must(t, s.CreateMember(t.Context(), org, member))
	must(t, s.CreateMember(t.Context(), org, neighbour))

	next := m.member(org)
	next.ID, next.Version, next.Email = member.ID, member.Version, "Çelik-"+member.ID.String()+"@example.com"
	next.Role, next.Status, next.EmailVerified, next.TwoFactor = access.Member, tenant.Active, false, nil
	next.PasswordHash, next.UpdatedAt = "another", moment().Add(2*time.Hour)
	must(t, s.ReplaceMember(t.Context(), org, next))
	changed(t, s.ReplaceMember(t.Context(), org, next))
	next.Version++
	same(t, read[tenant.Member](t)(s.Member(t.Context(), org, member.ID)), next)
	same(t, read[tenant.Member](t)(s.MemberByEmail(t.Context(), org, strings.ToUpper(next.Email))), next)
	_, err := s.MemberByEmail(t.Context(), org, member.Email)
	missing(t, err)

	clash := next
	clash.Email = strings.ToUpper(neighbour.Email)
	taken(t, s.ReplaceMember(t.Context(), org, clash))
	missing(t, s.ReplaceMember(t.Context(), org, m.member(org)))

	winner := oneWinner(t, apierr.CodeChanged, race(func(racer int) error {
		mine := next
		mine.Name = fmt.Sprint("racer ", racer)
		return s.ReplaceMember(t.Context(), org, mine)
	}))
	next.Name, next.Version = fmt.Sprint("racer ", winner), next.Version+1
	same(t, read[tenant.Member](t)(s.Member(t.Context(), org, member.ID)), next)
	same(t, read[tenant.Member](t)(s.Member(t.Context(), org, neighbour.ID)), neighbour)
}

func owners(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	var all []tenant.Member
	for _, role := range []access.Role{access.Owner, access.Admin, access.Owner, access.Member} {
		member := m.member(org)
		member.Role = role
		all = append(all, member)
	}
	for _, member := range slices.Backward(all) {
		must(t, s.CreateMember(t.Context(), org, member))
	}
	same(t, read[[]tenant.Member](t)(s.Owners(t.Context(), org)), []tenant.Member{all[0], all[2]})
	for i, role := range []access.Role{access.Admin, access.Owner} {
		all[i].Role = role
		must(t, s.ReplaceMember(t.Context(), org, all[i]))
		all[i].Version++
	}
	same(t, read[[]tenant.Member](t)(s.Owners(t.Context(), org)), []tenant.Member{all[1], all[2]})
	must(t, s.DeleteMember(t.Context(), org, all[2].ID))
	same(t, read[[]tenant.Member](t)(s.Owners(t.Context(), org)), []tenant.Member{all[1]})
}

func deleteMember(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	member, kept := m.member(org), m.member(org)
	must(t, s.CreateMember(t.Context(), org, member))
	must(t, s.CreateMember(t.Context(), org, kept))
	must(t, s.DeleteMember(t.Context(), org, member.ID))
	missing(t, s.DeleteMember(t.Context(), org, member.ID))
	missing(t, s.ReplaceMember(t.Context(), org, member))
	_, err := s.Member(t.Context(), org, member.ID)
	missing(t, err)
	_, err = s.MemberByEmail(t.Context(), org, member.Email)
	missing(t, err)
	same(t, read[[]tenant.Member](t)(s.Members(t.Context(), org, 0, 0)), []tenant.Member{kept})
	again := m.member(org)
	again.Email = strings.ToUpper(member.Email)
	must(t, s.CreateMember(t.Context(), org, again))
}
