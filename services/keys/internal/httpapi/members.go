package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
)

// members are the routes of people with an account in the Org.
type members struct{ manager *manage.Manager }

func (m members) add(api *httpkit.API) {
	read, change := httpkit.Manage(access.MembersRead), httpkit.Manage(access.MembersManage)
	above := httpkit.Fault{Kind: apierr.Forbidden, Code: apierr.CodeForbidden, When: "the member, or the role asked for, is above the caller's own role"}
	last := conflict(apierr.CodeLastOwner, "an Org keeps at least one active owner")
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/members", ID: "listMembers", Tag: "Members", Status: http.StatusOK,
		Summary: "List the Org's members, oldest first",
		Notes:   "Pass `nextCursor` as `cursor` to go on; it is null on the last page.",
		Door:    read, Errors: []httpkit.Fault{badQuery()},
	}, m.list)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/members/{id}", ID: "getMember", Tag: "Members", Status: http.StatusOK,
		Summary: "Get a member", Door: read, Errors: []httpkit.Fault{badQuery(), missing("member")},
	}, m.get)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPatch, Path: "/v1/members/{id}", ID: "updateMember", Tag: "Members", Status: http.StatusOK,
		Summary: "Change a member",
		Notes: "What is left out stays. A new role binds the member's sessions, and the keys that the member made, from the answer " +
			"on. A suspended member's sessions end, and their keys open nothing until the member is active again.",
		Door: change, MaxBody: maxChange,
		Errors: []httpkit.Fault{badQuery(), above, missing("member"), last, changed(), conflict(apierr.CodeAlreadyExists, "the address is another member's")},
	}, m.update)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodDelete, Path: "/v1/members/{id}", ID: "deleteMember", Tag: "Members", Status: http.StatusNoContent,
		Summary: "Remove a member",
		Notes:   "Their sessions end, and the keys that they made open nothing any more: rotate those that are still needed beforehand.",
		Door:    change, Errors: []httpkit.Fault{badQuery(), above, missing("member"), last},
	}, m.remove)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/members/{id}/reset-access", ID: "resetMemberAccess", Tag: "Members", Status: http.StatusOK,
		Summary: "Let a member in again who lost a password or a second factor",
		Notes: "`password` is new and shown this once, to be passed on. The second factor is gone, and whoever was logged in as them is " +
			"so no more. Owners do it for all, admins for those below them; a key does it for nobody.",
		Door:   httpkit.Session(access.MembersManage, false),
		Errors: []httpkit.Fault{badQuery(), above, missing("member"), changed()},
	}, m.reset)
}

func (m members) list(ctx context.Context, caller auth.Principal, in *membersIn) (*membersOut, error) {
	offset, limit := in.window()
	found, err := m.manager.Store.Members(ctx, caller.Org.ID, offset, limit+1) // one more tells whether there are more
	if err != nil {
		return nil, err
	}
	out := &membersOut{Body: memberPage{Data: []Member{}}}
	if len(found) > limit {
		found = found[:limit]
		next := strconv.FormatInt(int64(offset+limit), cursorBase)
		out.Body.NextCursor = &next
	}
	for _, stored := range found {
		out.Body.Data = append(out.Body.Data, memberView(stored))
	}
	return out, nil
}

func (m members) get(ctx context.Context, caller auth.Principal, in *idIn) (*memberOut, error) {
	return memberAnswer(m.manager.Store.Member(ctx, caller.Org.ID, userz.ID(in.ID)))
}

func (m members) update(ctx context.Context, caller auth.Principal, in *updateMemberIn) (*memberOut, error) {
	change := manage.MemberChange(in.Body)
	return memberAnswer(m.manager.UpdateMember(ctx, caller.By(), caller.Org.ID, userz.ID(in.ID), change))
}

func (m members) remove(ctx context.Context, caller auth.Principal, in *idIn) (*struct{}, error) {
	_, err := m.manager.RemoveMember(ctx, caller.By(), caller.Org.ID, userz.ID(in.ID))
	return &struct{}{}, err
}

func (m members) reset(ctx context.Context, caller auth.Principal, in *idIn) (*resetOut, error) {
	member, password, err := m.manager.ResetAccess(ctx, caller.By(), caller.Org.ID, userz.ID(in.ID))
	if err != nil {
		return nil, err
	}
	return &resetOut{Body: resetMember{Member: memberView(member), Password: password.Reveal()}}, nil
}

// cursorBase spells a page's offset, which is nobody's business.
const cursorBase = 36

type membersIn struct {
	Cursor string `query:"cursor" pattern:"^[0-9a-z]{1,6}$" doc:"The nextCursor of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

func (in *membersIn) window() (offset, limit int) {
	if from, err := strconv.ParseInt(in.Cursor, cursorBase, 64); err == nil { // otherwise there is none
		offset = int(from)
	}
	if in.Limit == 0 {
		return offset, defaultMembers
	}
	return offset, in.Limit
}

const defaultMembers = 50

type membersOut struct{ Body memberPage }

type memberPage struct {
	Data       []Member `json:"data" nullable:"false"`
	NextCursor *string  `json:"nextCursor" doc:"null on the last page."`
}

type resetOut struct{ Body resetMember }

type resetMember struct {
	Member
	Password string `json:"password" doc:"Shown this once."`
}

type memberOut struct{ Body Member }

// Member is a member as the API shows it. It is exported for huma, like all that is embedded.
type Member struct {
	ID               string `json:"id"`
	Email            string `json:"email"`
	Name             string `json:"name"`
	Role             string `json:"role" enum:"owner,admin,member"`
	Status           string `json:"status" enum:"active,suspended"`
	EmailVerified    bool   `json:"emailVerified"`
	TwoFactorEnabled bool   `json:"twoFactorEnabled"`
	CreatedAt        string `json:"createdAt" format:"date-time"`
	UpdatedAt        string `json:"updatedAt" format:"date-time"`
}

type updateMemberIn struct {
	ID   string `path:"id"`
	Body memberUpdate
}

type memberUpdate struct {
	Email  *string        `json:"email,omitempty" format:"email" maxLength:"254"`
	Name   *string        `json:"name,omitempty" maxLength:"200"`
	Role   *access.Role   `json:"role,omitempty" enum:"owner,admin,member"`
	Status *tenant.Status `json:"status,omitempty" enum:"active,suspended"`
}

func memberAnswer(m tenant.Member, err error) (*memberOut, error) {
	if err != nil {
		return nil, err
	}
	return &memberOut{Body: memberView(m)}, nil
}

func memberView(m tenant.Member) Member {
	return Member{
		ID: m.ID.String(), Email: m.Email, Name: m.Name, Role: string(m.Role), Status: string(m.Status), EmailVerified: m.EmailVerified,
		TwoFactorEnabled: m.TwoFactor.Enabled(), CreatedAt: userz.Time(m.CreatedAt), UpdatedAt: userz.Time(m.UpdatedAt),
	}
}
