package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/dialect/authworx"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
)

func authworxOrg(api *httpkit.API, manager *manage.Manager) {
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/api/v1/org", ID: "getOrg", Tag: "Organisation", Status: http.StatusOK,
		Summary: "Give the organisation", Door: httpkit.Colleague(access.OrgRead), Errors: []httpkit.Fault{unknownParameter},
	}, func(_ context.Context, caller auth.Principal, _ *inOrg) (*authworxOrgOut, error) {
		return &authworxOrgOut{Body: authworx.Succeed(organisation{Org: authworx.OrgView(caller.Org)})}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/api/v1/org/members", ID: "listMembers", Tag: "Organisation", Status: http.StatusOK,
		Summary: "List the members, oldest first", Door: httpkit.Colleague(access.MembersRead), Errors: []httpkit.Fault{unknownParameter},
	}, func(ctx context.Context, caller auth.Principal, _ *inOrg) (*colleaguesOut, error) {
		members, err := manager.Store.Members(ctx, caller.Org.ID, 0, 0)
		if err != nil {
			return nil, err
		}
		list := colleagues{Members: make([]colleague, len(members))}
		for i, member := range members {
			list.Members[i] = colleagueView(member)
		}
		return &colleaguesOut{Body: authworx.Succeed(list)}, nil
	})
}

func authworxMembers(api *httpkit.API, manager *manage.Manager) {
	door := httpkit.Colleague(access.MembersManage)

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPatch, Path: "/api/v1/org/members/{userId}", ID: "updateMember", Tag: "Organisation", Status: http.StatusOK,
		Summary: "Change what a member is", Notes: "For whoever is `org_admin`. A suspended member's sessions end at once. An owner is `org_admin` already, and stays an owner.",
		Door: door, MaxBody: maxAuthworx, Errors: []httpkit.Fault{unknownParameter, higherRole, noMember, lastOwner},
	}, func(ctx context.Context, caller auth.Principal, in *colleagueChangeIn) (*colleagueOut, error) {
		member := authworx.ID(authworx.UserPrefix, in.UserID)
		change, err := in.change(ctx, manager, caller.Org.ID, member)
		if err != nil {
			return nil, err
		}
		changed, err := manager.UpdateMember(ctx, caller.By(), caller.Org.ID, member, change)
		if err != nil {
			return nil, err
		}
		return &colleagueOut{Body: authworx.Succeed(oneColleague{Member: colleagueView(changed)})}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodDelete, Path: "/api/v1/org/members/{userId}", ID: "removeMember", Tag: "Organisation", Status: http.StatusOK,
		Summary: "Remove a member", Notes: "For whoever is `org_admin`. When the answer comes their sessions and keys open nothing any more.",
		Door: door, Errors: []httpkit.Fault{unknownParameter, higherRole, noMember, lastOwner},
	}, func(ctx context.Context, caller auth.Principal, in *colleagueIn) (*saidOut, error) {
		if _, err := manager.RemoveMember(ctx, caller.By(), caller.Org.ID, authworx.ID(authworx.UserPrefix, in.UserID)); err != nil {
			return nil, err
		}
		return said("Member removed"), nil
	})
}

// change leaves an owner who is named org_admin an owner: this surface shows the two alike, and a client that writes back
// what it read changes nothing.
func (in *colleagueChangeIn) change(ctx context.Context, manager *manage.Manager, org, member id.ID) (change manage.MemberChange, err error) {
	if in.Body.Role != "" {
		stored, err := manager.Store.Member(ctx, org, member)
		if err != nil {
			return change, err
		}
		if role := authworx.ReadRole(in.Body.Role); in.Body.Role != authworx.Role(stored.Role) {
			change.Role = &role
		}
	}
	if in.Body.Status != "" {
		change.Status = &in.Body.Status
	}
	return change, nil
}

type authworxOrgOut struct {
	Body authworx.Success[organisation]
}

type organisation struct {
	Org authworx.Org `json:"org"`
}

type colleaguesOut struct{ Body authworx.Success[colleagues] }

type colleagues struct {
	Members []colleague `json:"members" nullable:"false"`
}

type colleague struct {
	UserID   string   `json:"userId"`
	Name     string   `json:"name"`
	Email    string   `json:"email"`
	Role     string   `json:"role" enum:"member,org_admin"`
	Status   string   `json:"status" enum:"active,suspended"`
	JoinedAt string   `json:"joinedAt" format:"date-time"`
	Metadata struct{} `json:"metadata" doc:"Nothing is kept here."`
}

func colleagueView(m tenant.Member) colleague {
	is := authworx.MembershipView(m)
	return colleague{
		UserID: m.ID.Prefixed(authworx.UserPrefix), Name: m.Name, Email: m.Email, Role: is.Role, Status: is.Status, JoinedAt: is.JoinedAt,
	}
}

type colleagueOut struct {
	Body authworx.Success[oneColleague]
}

type oneColleague struct {
	Member colleague `json:"member"`
}

type colleagueIn struct {
	OrgSlug string `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
	UserID  string `path:"userId"`
}

type colleagueChangeIn struct {
	OrgSlug string `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
	UserID  string `path:"userId"`
	Body    colleagueChange
}

type colleagueChange struct {
	Role   string        `json:"role,omitempty" enum:"member,org_admin"`
	Status tenant.Status `json:"status,omitempty" enum:"active,suspended"`
	_      struct{}      `json:"-" additionalProperties:"true"`
}
