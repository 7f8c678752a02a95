// Package access is who may do what: what a role allows, and what a key's scopes leave of it.
package access

import (
	"slices"
)

// Right is one thing that can be allowed. Its text is the scope by which an API key is given it.
type Right string

// The rights.
const (
	FeedbackRead   Right = "feedback:read"
	FeedbackWrite  Right = "feedback:write"
	Moderate       Right = "feedback:moderate" // merge and delete it, keep its boards and tags
	DocumentsRead  Right = "documents:read"
	DocumentsWrite Right = "documents:write"
	PeopleRead     Right = "people:read"
	PeopleWrite    Right = "people:write"
	EventsRead     Right = "events:read"
	EventsWrite    Right = "events:write"
	TokensMint     Right = "tokens:mint"
	AppsRead       Right = "apps:read"
	AppsManage     Right = "apps:manage"
	UsersRead      Right = "users:read"
	UsersManage    Right = "users:manage"
	KeysManage     Right = "keys:manage"
	MembersRead    Right = "members:read"
	MembersManage  Right = "members:manage"
	AuditRead      Right = "audit:read"
	PeopleErase    Right = "people:erase"
	UsageRead      Right = "usage:read"
	OrgRead        Right = "org:read"
	OrgManage      Right = "org:manage"
	OrgDelete      Right = "org:delete"
	OrgsAdminister Right = "orgs:administer" // of the operator's own Org alone: make and list tenants
)

// Role is what a member is in an Org.
type Role string

// The roles [Userz /docs/concepts]: an owner may do all, an admin all but end the Org, a member mostly reads.
const (
	Owner  Role = "owner"
	Admin  Role = "admin"
	Member Role = "member"
)

// Known tells whether there is such a role.
func (r Role) Known() bool { return r.rank() > 0 }

// Over tells whether r may decide about someone who is other: nobody decides about those above.
func (r Role) Over(other Role) bool { return r.rank() >= other.rank() }

func (r Role) rank() int {
	switch r {
	case Owner:
		return 3
	case Admin:
		return 2
	case Member:
		return 1
	}
	return 0
}

// row says of one right which roles have it, whether a key has it that was made without naming scopes, and whether one can
// that is bound to an App.
type row struct {
	right                Right
	member, admin, owner bool
	byDefault            bool
	inApp                bool
}

// table is all there is to know about who may do what.
func table() []row {
	const yes, no = true, false
	return []row{
		//               member admin owner  keys without scopes, keys of one App
		{FeedbackRead, yes, yes, yes, yes, yes},
		{FeedbackWrite, yes, yes, yes, yes, yes},
		{Moderate, no, yes, yes, no, no},
		{DocumentsRead, yes, yes, yes, yes, no},
		{DocumentsWrite, no, yes, yes, no, no},
		{PeopleRead, yes, yes, yes, yes, no},
		{PeopleWrite, no, yes, yes, no, no},
		{EventsRead, yes, yes, yes, yes, yes},
		{EventsWrite, no, yes, yes, yes, yes},
		{TokensMint, no, yes, yes, yes, yes},
		{AppsRead, yes, yes, yes, yes, yes},
		{AppsManage, no, yes, yes, no, yes},
		{UsersRead, no, yes, yes, yes, no},
		{UsersManage, no, yes, yes, yes, no},
		{KeysManage, no, yes, yes, no, no},
		{MembersRead, yes, yes, yes, no, no},
		{MembersManage, no, yes, yes, no, no},
		{AuditRead, no, yes, yes, no, no},
		{PeopleErase, no, yes, yes, no, no},
		{UsageRead, yes, yes, yes, yes, yes},
		{OrgRead, yes, yes, yes, no, no},
		{OrgManage, no, yes, yes, no, no},
		{OrgDelete, no, no, yes, no, no},
		{OrgsAdminister, no, no, yes, no, no},
	}
}

// Rights lists them all.
func Rights() []Right {
	return choose(func(row) bool { return true })
}

// Known tells whether there is such a right.
func (r Right) Known() bool { return slices.Contains(Rights(), r) }

// Of lists what a role may do; nothing for one that does not exist.
func Of(role Role) []Right {
	return choose(func(r row) bool {
		return role == Owner && r.owner || role == Admin && r.admin || role == Member && r.member
	})
}

// Default lists the scopes of a key that was made without naming any.
func Default() []Right {
	return choose(func(r row) bool { return r.byDefault })
}

// InApp lists the rights that mean something within one App. The others concern the whole Org: a key that is bound to an App
// has none of them.
func InApp() []Right {
	return choose(func(r row) bool { return r.inApp })
}

// Both lists what a and b have in common, in a's order.
func Both(a, b []Right) []Right {
	common := []Right{}
	for _, right := range a {
		if slices.Contains(b, right) {
			common = append(common, right)
		}
	}
	return common
}

func choose(which func(row) bool) []Right {
	rights := []Right{}
	for _, r := range table() {
		if which(r) {
			rights = append(rights, r.right)
		}
	}
	return rights
}
