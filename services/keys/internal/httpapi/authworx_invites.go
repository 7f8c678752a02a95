package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/dialect/authworx"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/secret"
)

func authworxInvites(api *httpkit.API, manager *manage.Manager) {
	door := httpkit.Colleague(access.MembersManage)

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/api/v1/org/members/invite", ID: "inviteMember", Tag: "Organisation", Status: http.StatusCreated,
		Summary: "Invite a person",
		Notes: "For whoever is `org_admin`. The invitation may be accepted for 7 days. Heard sends no mail: pass `token` on, which is shown " +
			"here and never again.",
		Door: door, MaxBody: maxAuthworx,
		Errors: []httpkit.Fault{
			unknownParameter, higherRole,
			{Kind: apierr.Conflict, Code: apierr.CodeAlreadyExists, When: "the person is a member already, or invited"},
		},
	}, func(ctx context.Context, caller auth.Principal, in *inviteIn) (*invitedOut, error) {
		invitation, token, err := manager.Invite(ctx, caller.By(), caller.Org.ID, in.Body.Email, authworx.ReadRole(in.Body.Role))
		if err != nil {
			return nil, err
		}
		return &invitedOut{Body: authworx.Succeed(invited{Invite: inviteView(invitation), Token: token.Reveal()})}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/api/v1/org/invites", ID: "listInvites", Tag: "Organisation", Status: http.StatusOK,
		Summary: "List the invitations that may still be accepted, oldest first", Notes: "For whoever is `org_admin`.",
		Door: door, Errors: []httpkit.Fault{unknownParameter},
	}, func(ctx context.Context, caller auth.Principal, _ *inOrg) (*invitesOut, error) {
		stored, err := manager.Store.Invitations(ctx, caller.Org.ID)
		if err != nil {
			return nil, err
		}
		list := invites{Invites: []invite{}}
		for _, invitation := range stored {
			if manager.Now().Before(invitation.ExpiresAt) {
				list.Invites = append(list.Invites, inviteView(invitation))
			}
		}
		return &invitesOut{Body: authworx.Succeed(list)}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodDelete, Path: "/api/v1/org/invites/{inviteId}", ID: "withdrawInvite", Tag: "Organisation", Status: http.StatusOK,
		Summary: "Withdraw an invitation", Notes: "For whoever is `org_admin`.", Door: door, Errors: []httpkit.Fault{unknownParameter, noInvite},
	}, func(ctx context.Context, caller auth.Principal, in *withdrawIn) (*saidOut, error) {
		if err := manager.Withdraw(ctx, caller.By(), caller.Org.ID, authworx.ID(authworx.InvitePrefix, in.InviteID)); err != nil {
			return nil, err
		}
		return said("Invitation withdrawn"), nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/api/v1/auth/invites/accept", ID: "acceptInvite", Tag: "Authentication", Status: http.StatusCreated,
		Summary: "Accept an invitation",
		Notes:   "The address counts as verified, because the token reached it. Log in afterwards.",
		MaxBody: maxAuthworx,
		Errors: []httpkit.Fault{
			{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "X-Org-Slug is missing, or there is a query parameter; none is known"},
			{Kind: apierr.NotFound, Code: apierr.CodeNotFound, When: "the token is unknown, used, withdrawn, expired or another organisation's"},
			{Kind: apierr.Conflict, Code: apierr.CodeAlreadyExists, When: "the person has become a member meanwhile"},
		},
	}, func(ctx context.Context, caller auth.Principal, in *acceptanceIn) (*personOut, error) {
		if err := in.meant(ctx, manager); err != nil {
			return nil, err
		}
		member, err := manager.Accept(ctx, in.Body.Token, in.Body.Name, in.Body.Password, caller.Address.String())
		if err != nil {
			return nil, err
		}
		return &personOut{Body: authworx.Succeed(authworx.PersonView(member))}, nil
	})
}

// meant refuses a token of another organisation than the request's, like one that does not exist.
func (in *acceptanceIn) meant(ctx context.Context, manager *manage.Manager) error {
	invitation, err := manager.Store.InvitationByHash(ctx, manager.Hasher.Hash(in.Body.Token.Reveal()))
	if err != nil {
		return err
	}
	org, err := manager.Store.Org(ctx, invitation.Org)
	if err == nil && org.Slug != in.OrgSlug {
		err = apierr.Missing("invitation")
	}
	return err
}

type inviteIn struct {
	OrgSlug string `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
	Body    inviteRequest
}

type inviteRequest struct {
	Email string   `json:"email" format:"email" maxLength:"254"`
	Role  string   `json:"role,omitempty" enum:"member,org_admin" default:"member"`
	_     struct{} `json:"-" additionalProperties:"true"`
}

type invitedOut struct{ Body authworx.Success[invited] }

type invited struct {
	Invite invite `json:"invite"`
	Token  string `json:"token" doc:"What the person accepts the invitation with."`
}

type invite struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	Role      string `json:"role" enum:"member,org_admin"`
	ExpiresAt string `json:"expiresAt" format:"date-time"`
}

func inviteView(i tenant.Invitation) invite {
	return invite{ID: i.ID.Prefixed(authworx.InvitePrefix), Email: i.Email, Role: authworx.Role(i.Role), ExpiresAt: authworx.Time(i.ExpiresAt)}
}

type invitesOut struct{ Body authworx.Success[invites] }

type invites struct {
	Invites []invite `json:"invites" nullable:"false"`
}

type withdrawIn struct {
	OrgSlug  string `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
	InviteID string `path:"inviteId"`
}

type acceptanceIn struct {
	OrgSlug string `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
	Body    acceptance
}

type acceptance struct {
	Token    secret.String `json:"token" minLength:"1" maxLength:"100"`
	Name     string        `json:"name" minLength:"1" maxLength:"200"`
	Password secret.String `json:"password" minLength:"8" maxLength:"1024"`
	_        struct{}      `json:"-" additionalProperties:"true"`
}

type personOut struct {
	Body authworx.Success[authworx.Person]
}
