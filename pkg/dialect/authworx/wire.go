package authworx

import (
	"github.com/heard-dev/heard/pkg/core/tenant"
)

// Success is the envelope of every answer that is no refusal.
type Success[T any] struct {
	Status string `json:"status" enum:"success"`
	Data   T      `json:"data"`
}

// Succeed wraps an answer.
func Succeed[T any](data T) Success[T] { return Success[T]{Status: "success", Data: data} }

// Said is an answer of words only.
type Said struct {
	Message string `json:"message"`
}

// User is a person, whatever the organisation.
type User struct {
	ID              string `json:"id"`
	Name            string `json:"name"`
	Email           string `json:"email"`
	Role            string `json:"role" enum:"user"`
	IsEmailVerified bool   `json:"isEmailVerified"`
}

// UserView is the person behind a member.
func UserView(m tenant.Member) User {
	return User{ID: m.ID.Prefixed(UserPrefix), Name: m.Name, Email: m.Email, Role: "user", IsEmailVerified: m.EmailVerified}
}

// Membership is what a person is in the organisation.
type Membership struct {
	Role     string `json:"role" enum:"member,org_admin"`
	Status   string `json:"status" enum:"active,suspended"`
	JoinedAt string `json:"joinedAt" format:"date-time"`
}

// MembershipView is a member's membership.
func MembershipView(m tenant.Member) Membership {
	return Membership{Role: Role(m.Role), Status: string(m.Status), JoinedAt: Time(m.CreatedAt)}
}

// Person is somebody and what they are in the organisation.
type Person struct {
	User       User       `json:"user"`
	Membership Membership `json:"membership"`
}

// PersonView is a member as a Person.
func PersonView(m tenant.Member) Person {
	return Person{User: UserView(m), Membership: MembershipView(m)}
}

// Org is an organisation.
type Org struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	Slug      string  `json:"slug"`
	Plan      string  `json:"plan"`
	Status    string  `json:"status" enum:"active,closing"`
	AppURL    *string `json:"appUrl"`
	CreatedAt string  `json:"createdAt" format:"date-time"`
}

// OrgView is an Org as an organisation.
func OrgView(o tenant.Org) Org {
	view := Org{ID: o.ID.Prefixed(OrgPrefix), Name: o.Name, Slug: o.Slug, Plan: o.Plan, Status: "active", CreatedAt: Time(o.CreatedAt)}
	if o.AppURL != "" {
		view.AppURL = &o.AppURL
	}
	if !o.Open() {
		view.Status = "closing"
	}
	return view
}
