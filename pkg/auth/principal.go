package auth

import (
	"net/netip"
	"slices"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/id"
)

// Principal is who calls, and what binds their Org. Key is set behind the doors of keys, and Member where a member made it; Member and Session behind
// those of sessions; App, and with a user token User, behind the widget's; Person behind those of subscribers. Rights is what of it all may be done.
type Principal struct {
	Org     tenant.Org
	Numbers limit.Numbers
	Key     *apikey.Key
	Member  *tenant.Member
	Session *session.Session
	App     *tenant.App
	User    *usertoken.Claims
	Person  *enduser.Person
	Rights  []access.Right
	Address netip.Addr

	used       id.ID           // the credential, for its "last used"
	generation gate.Generation // at which all this was current; zero when nobody vouches for it
}

// May tells whether the caller has a right.
func (p Principal) May(right access.Right) bool { return slices.Contains(p.Rights, right) }

// Only is the App that the caller is bound to; zero when there is none.
func (p Principal) Only() id.ID {
	if p.Key == nil {
		return id.Zero
	}
	return p.Key.App
}

// Tenant is the Org and the App that a request of the caller's is known to concern; zero where unknown.
func (p Principal) Tenant() (org, app id.ID) {
	if p.App != nil {
		return p.Org.ID, p.App.ID
	}
	return p.Org.ID, p.Only()
}

// Reaches tells whether the App exists for the caller.
func (p Principal) Reaches(app id.ID) bool { return p.Only().IsZero() || p.Only() == app }

// By is the caller as whoever changes things.
func (p Principal) By() manage.By {
	by := manage.By{Role: access.Owner, Rights: p.Rights}
	by.Address = p.Address.String()
	switch {
	case p.Session != nil:
		by.Kind, by.ID, by.Name, by.Credential = audit.ByMember, p.Member.ID, p.Member.Email, "session:"+p.Session.ID.String()
	case p.Key != nil:
		by.Kind, by.ID, by.Name, by.Credential = audit.ByKey, p.Key.ID, p.Key.Name, "key:"+p.Key.ID.String()
		by.OnBehalf = p.Key.Creator
	}
	if p.Member != nil {
		by.Role = p.Member.Role
	}
	if p.Key != nil && by.Role == access.Owner && !p.May(access.OrgDelete) {
		by.Role = access.Admin // a key that may not end the Org does not decide about those who may
	}
	return by
}

// within leaves of rights what members and keys of this Org may ever have: only the operator's own sees other Orgs.
func within(org tenant.Org, rights []access.Right) []access.Right {
	if org.Operator {
		return rights
	}
	return slices.DeleteFunc(slices.Clone(rights), func(r access.Right) bool { return r == access.OrgsAdminister })
}

// permit refuses a caller who lacks a right; none is asked for when it is empty.
func (p Principal) permit(right access.Right) error {
	if right == "" || p.May(right) {
		return nil
	}
	refusal := apierr.New(apierr.Forbidden, apierr.CodeForbidden, "This credential may not do that.")
	refusal.Details = map[string]any{"required": right}
	return refusal
}
