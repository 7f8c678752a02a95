package authworx

import (
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/id"
)

// How ids begin; those of an access token begin alike.
const (
	UserPrefix   = session.MemberPrefix
	OrgPrefix    = session.OrgPrefix
	KeyPrefix    = "key_"
	InvitePrefix = "inv_"
)

// ID reads an id; text that spells none of that kind is the zero id, which is nothing's.
func ID(prefix, text string) id.ID {
	i, err := id.ParsePrefixed(prefix, text)
	if err != nil {
		return id.Zero
	}
	return i
}

// Time spells a time: ISO 8601 in UTC, with milliseconds.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Optional is Time, and null for a time that never was.
func Optional(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := Time(t)
	return &text
}

// The roles of a membership.
const (
	OrgAdmin = "org_admin"
	Member   = "member"
)

// Role spells a role: whoever manages the organisation is its org_admin.
func Role(role access.Role) string {
	if role.Over(access.Admin) {
		return OrgAdmin
	}
	return Member
}

// ReadRole is the role that a membership is given by name.
func ReadRole(text string) access.Role {
	if text == OrgAdmin {
		return access.Admin
	}
	return access.Member
}
