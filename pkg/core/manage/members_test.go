package manage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

func (o *office) draft(name string, role access.Role) manage.MemberDraft {
	return manage.MemberDraft{Email: name + "@example.com", Name: name, Role: role, Password: password}
}

func TestAMemberIsStoredWithAHashAlone(t *testing.T) {
	o := newOffice(t)
	member, err := o.AddMember(t.Context(), o.shell, o.org.ID, o.draft("ann", access.Owner))
	o.must(err)
	stored, err := o.store.MemberByEmail(t.Context(), o.org.ID, "ANN@example.com")
	o.must(err)
	if stored.ID != member.ID || stored.Role != access.Owner || stored.Status != tenant.Active || stored.EmailVerified ||
		!tenant.VerifyPassword(stored.PasswordHash, password) || strings.Contains(stored.PasswordHash, password.Reveal()) {
		t.Errorf("stored %+v", stored)
	}
	if one, other := manage.NewPassword(o.Random), manage.NewPassword(o.Random); one == other || len(one.Reveal()) != 24 || o.Passwords.Check(one) != nil {
		t.Error("passwords repeat, are weak, or are not of 120 bits")
	}
	_, err = o.AddMember(t.Context(), o.shell, o.org.ID, o.draft("Ann", access.Member))
	o.is("a taken e-mail, in another case", err, apierr.CodeAlreadyExists)
	_, err = o.AddMember(t.Context(), o.shell, id.ID{9}, o.draft("bob", access.Member))
	o.is("nobody's Org", err, apierr.CodeNotFound)
	_, err = o.AddMember(t.Context(), o.shell, o.org.ID, manage.MemberDraft{Email: "Ann <ann@example.com>", Name: strings.Repeat("x", 201), Role: "boss", Password: "password1"})
	o.issue("an odd e-mail", err, "invalid_format", "email")
	o.issue("a name like a book", err, "too_big", "name")
	o.issue("an odd role", err, "invalid_value", "role")
	o.issue("a weak password", err, "too_weak", "password")
	for _, weak := range []secret.String{"seven77", "bob@example.com", "Bobby!!"} {
		if _, err = o.AddMember(t.Context(), o.shell, o.org.ID, manage.MemberDraft{Email: "bob@example.com", Role: access.Member, Password: weak}); err == nil {
			t.Errorf("%s is taken", weak.Reveal())
		}
	}
}

func TestNobodyDecidesAboutThoseAboveOrRaisesAnybodyAboveThemselves(t *testing.T) {
	o := newOffice(t)
	roles := []access.Role{access.Member, access.Admin, access.Owner}
	for _, spare := range []string{"spare1", "spare2"} {
		o.member(spare, access.Owner) // so that nobody is the last one
	}
	for rank, role := range roles {
		by := as(o.member(string(role), role))
		for otherRank, other := range roles {
			what := string(role) + " and " + string(other)
			target := o.member(string(role)+"-"+string(other), other)
			lowly := o.member(string(role)+"-to-"+string(other), access.Member)
			name := "renamed"
			for verb, do := range map[string]func() error{
				" adds": func() error {
					_, err := o.AddMember(t.Context(), by, o.org.ID, o.draft(string(role)+"-new-"+string(other), other))
					return err
				},
				" invites": func() error {
					_, _, err := o.Invite(t.Context(), by, o.org.ID, string(role)+"+"+string(other)+"@example.com", other)
					return err
				},
				" raises": func() error {
					_, err := o.UpdateMember(t.Context(), by, o.org.ID, lowly.ID, manage.MemberChange{Role: &other})
					return err
				},
				" renames": func() error {
					_, err := o.UpdateMember(t.Context(), by, o.org.ID, target.ID, manage.MemberChange{Name: &name})
					return err
				},
				" is rid of": func() error {
					_, err := o.RemoveMember(t.Context(), by, o.org.ID, o.member(what[:1]+name+string(other)+string(role), other).ID)
					return err
				},
			} {
				err := do()
				if rank >= otherRank && err != nil {
					t.Errorf("%s:%s: %v", what, verb, err)
				}
				if rank < otherRank {
					o.is(what+":"+verb, err, apierr.CodeForbidden)
				}
			}
		}
	}
}

func TestAnOrgKeepsAnActiveOwner(t *testing.T) {
	o := newOffice(t)
	ann := o.member("ann", access.Owner)
	asleep := o.member("bob", access.Owner)
	admin, suspended, name := access.Admin, tenant.Suspended, "Anna"
	_, err := o.UpdateMember(t.Context(), o.shell, o.org.ID, asleep.ID, manage.MemberChange{Status: &suspended})
	o.must(err)
	leave := map[string]func(of tenant.Member) error{
		"demoted": func(of tenant.Member) error {
			_, err := o.UpdateMember(t.Context(), o.shell, o.org.ID, of.ID, manage.MemberChange{Role: &admin})
			return err
		},
		"suspended": func(of tenant.Member) error {
			_, err := o.UpdateMember(t.Context(), o.shell, o.org.ID, of.ID, manage.MemberChange{Status: &suspended})
			return err
		},
		"removed": func(of tenant.Member) error {
			_, err := o.RemoveMember(t.Context(), o.shell, o.org.ID, of.ID)
			return err
		},
	}
	for how, do := range leave {
		o.is("the last one, "+how, do(ann), apierr.CodeLastOwner)
	}
	_, err = o.UpdateMember(t.Context(), as(ann), o.org.ID, ann.ID, manage.MemberChange{Name: &name})
	o.must(err)
	for how, do := range leave {
		other := o.member("owner-"+how, access.Owner)
		if err := do(other); err != nil {
			t.Errorf("one of two, %s: %v", how, err)
		}
	}
}

// Each of two owners who leave at the same moment sees the other still there.
func TestOwnersWhoLeaveAtOnceDoNotLeaveTheOrgAlone(t *testing.T) {
	admin := access.Admin
	for how, leave := range map[string]func(o *office, of tenant.Member) error{
		"demoted": func(o *office, of tenant.Member) error {
			_, err := o.UpdateMember(o.Context(), o.shell, o.org.ID, of.ID, manage.MemberChange{Role: &admin})
			return err
		},
		"removed": func(o *office, of tenant.Member) error {
			_, err := o.RemoveMember(o.Context(), o.shell, o.org.ID, of.ID)
			return err
		},
	} {
		o := newOffice(t)
		for round := range 4 {
			pair := []tenant.Member{o.member("a"+how+string(rune('0'+round)), access.Owner), o.member("b"+how+string(rune('0'+round)), access.Owner)}
			race(2, func(racer int) error { return leave(o, pair[racer]) })
			owners, err := o.store.Owners(t.Context(), o.org.ID)
			o.must(err)
			if len(owners) == 0 {
				t.Fatalf("%s: nobody is left", how)
			}
			for _, owner := range owners { // for the next round
				o.must(o.store.DeleteMember(t.Context(), o.org.ID, owner.ID))
			}
		}
	}
}

func TestWhoIsSuspendedOrRemovedIsLoggedOut(t *testing.T) {
	o := newOffice(t)
	suspended := tenant.Suspended
	for reason, do := range map[string]func(of id.ID) error{
		"member_suspended": func(of id.ID) error {
			_, err := o.UpdateMember(t.Context(), o.shell, o.org.ID, of, manage.MemberChange{Status: &suspended})
			return err
		},
		"member_removed": func(of id.ID) error { _, err := o.RemoveMember(t.Context(), o.shell, o.org.ID, of); return err },
	} {
		member := o.member(reason, access.Member)
		s := session.Session{ID: o.IDs.New(), Org: o.org.ID, Member: member.ID, CreatedAt: o.at, RefreshedAt: o.at, ExpiresAt: o.at.Add(time.Hour)}
		o.must(o.store.CreateSession(t.Context(), o.org.ID, s))
		n := o.gate.bumps.Load()
		o.must(do(member.ID))
		stored, err := o.store.Session(t.Context(), o.org.ID, s.ID)
		if err != nil || stored.EndReason != reason || o.gate.bumps.Load() == n {
			t.Errorf("%+v, %v", stored, err)
		}
	}
	_, err := o.RemoveMember(t.Context(), o.shell, o.org.ID, id.ID{9})
	o.is("nobody", err, apierr.CodeNotFound)
}

func TestAChangedAddressIsToBeVerifiedAgain(t *testing.T) {
	o := newOffice(t)
	ann := o.member("ann", access.Member)
	o.member("bob", access.Member)
	taken, fresh, name := "BOB@example.com", "anna@example.com", "Anna"
	_, err := o.UpdateMember(t.Context(), o.shell, o.org.ID, ann.ID, manage.MemberChange{Email: &taken})
	o.is("a taken one", err, apierr.CodeAlreadyExists)
	same, err := o.UpdateMember(t.Context(), o.shell, o.org.ID, ann.ID, manage.MemberChange{Name: &name})
	if err != nil || !same.EmailVerified || same.Name != "Anna" {
		t.Errorf("%+v, %v", same, err)
	}
	o.at = o.at.Add(time.Hour)
	changed, err := o.UpdateMember(t.Context(), o.shell, o.org.ID, ann.ID, manage.MemberChange{Email: &fresh})
	if err != nil || changed.EmailVerified || changed.Email != fresh || !changed.UpdatedAt.Equal(o.at.Truncate(time.Millisecond)) {
		t.Errorf("%+v, %v", changed, err)
	}
	odd, status := "ann@", tenant.Status("asleep")
	_, err = o.UpdateMember(t.Context(), o.shell, o.org.ID, ann.ID, manage.MemberChange{Email: &odd, Status: &status})
	o.issue("an odd e-mail", err, "invalid_format", "email")
	o.issue("an odd status", err, "invalid_value", "status")
}
