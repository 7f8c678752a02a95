package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/secret"
)

// invitations are the routes by which people become members.
type invitations struct{ manager *manage.Manager }

func (i invitations) add(api *httpkit.API) {
	read, change := httpkit.Manage(access.MembersRead), httpkit.Manage(access.MembersManage)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/invitations", ID: "listInvitations", Tag: "Members", Status: http.StatusOK,
		Summary: "List invitations that were neither accepted nor withdrawn, oldest first", Notes: "Expired ones too.",
		Door: read, Errors: []httpkit.Fault{badQuery()},
	}, i.list)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/invitations", ID: "createInvitation", Tag: "Members", Status: http.StatusCreated,
		Summary: "Invite a person", Notes: "`token` is shown this once, to be passed on. It is good for 7 days.",
		Door: change, MaxBody: maxChange,
		Errors: []httpkit.Fault{
			badQuery(),
			{Kind: apierr.Forbidden, Code: apierr.CodeForbidden, When: "the role is above the caller's own"},
			conflict(apierr.CodeAlreadyExists, "the address is a member's, or invited already"),
		},
	}, i.create)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodDelete, Path: "/v1/invitations/{id}", ID: "deleteInvitation", Tag: "Members", Status: http.StatusNoContent,
		Summary: "Withdraw an invitation", Door: change, Errors: []httpkit.Fault{badQuery(), missing("invitation")},
	}, i.withdraw)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/invitations/accept", ID: "acceptInvitation", Tag: "Members", Status: http.StatusCreated,
		Summary: "Become a member by an invitation", Notes: "Whoever holds the token may. It works once.",
		MaxBody: maxChange,
		Errors: []httpkit.Fault{
			badQuery(),
			{Kind: apierr.NotFound, Code: apierr.CodeNotFound, When: "the token is unknown, used, withdrawn or expired"},
			conflict(apierr.CodeAlreadyExists, "the address became a member's meanwhile"),
		},
	}, i.accept)
}

func (i invitations) list(ctx context.Context, caller auth.Principal, _ *struct{}) (*invitationsOut, error) {
	all, err := i.manager.Store.Invitations(ctx, caller.Org.ID)
	if err != nil {
		return nil, err
	}
	out := &invitationsOut{Body: invitationList{Data: make([]Invitation, len(all))}}
	for n, stored := range all {
		out.Body.Data[n] = invitationView(stored)
	}
	return out, nil
}

func (i invitations) create(ctx context.Context, caller auth.Principal, in *createInvitationIn) (*sentInvitationOut, error) {
	invited, token, err := i.manager.Invite(ctx, caller.By(), caller.Org.ID, in.Body.Email, in.Body.Role)
	if err != nil {
		return nil, err
	}
	return &sentInvitationOut{Body: sentInvitation{Invitation: invitationView(invited), Token: token.Reveal()}}, nil
}

func (i invitations) withdraw(ctx context.Context, caller auth.Principal, in *idIn) (*struct{}, error) {
	return &struct{}{}, i.manager.Withdraw(ctx, caller.By(), caller.Org.ID, userz.ID(in.ID))
}

func (i invitations) accept(ctx context.Context, caller auth.Principal, in *acceptIn) (*acceptedOut, error) {
	member, err := i.manager.Accept(ctx, in.Body.Token, in.Body.Name, in.Body.Password, caller.Address.String())
	if err != nil {
		return nil, err
	}
	joined, err := i.manager.Store.Org(ctx, member.Org)
	if err != nil {
		return nil, err
	}
	return &acceptedOut{Body: accepted{Member: memberView(member), Org: joinedOrg{
		ID: joined.ID.String(), Slug: joined.Slug, Name: joined.Name,
	}}}, nil
}

type invitationsOut struct{ Body invitationList }

type invitationList struct {
	Data       []Invitation `json:"data" nullable:"false"`
	NextCursor *string      `json:"nextCursor" doc:"null: all are here."`
}

// Invitation is an invitation as the API shows it. It is exported for huma, like all that is embedded.
type Invitation struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	Role      string `json:"role" enum:"owner,admin,member"`
	InvitedBy string `json:"invitedBy"`
	CreatedAt string `json:"createdAt" format:"date-time"`
	ExpiresAt string `json:"expiresAt" format:"date-time"`
}

type createInvitationIn struct{ Body invitationDraft }

type invitationDraft struct {
	Email string      `json:"email" format:"email" maxLength:"254"`
	Role  access.Role `json:"role" enum:"owner,admin,member"`
}

type sentInvitationOut struct{ Body sentInvitation }

type sentInvitation struct {
	Invitation
	Token string `json:"token" doc:"Shown this once."`
}

type acceptIn struct{ Body invitationAcceptance }

type invitationAcceptance struct {
	Token    secret.String `json:"token" minLength:"1" maxLength:"100"`
	Name     string        `json:"name" minLength:"1" maxLength:"200"`
	Password secret.String `json:"password" minLength:"8" maxLength:"1024" doc:"One that is known to be weak is refused."`
}

type acceptedOut struct{ Body accepted }

type accepted struct {
	Member
	Org joinedOrg `json:"org"`
}

type joinedOrg struct {
	ID   string `json:"id"`
	Slug string `json:"slug" doc:"Names the Org when logging in."`
	Name string `json:"name"`
}

func invitationView(i tenant.Invitation) Invitation {
	return Invitation{
		ID: i.ID.String(), Email: i.Email, Role: string(i.Role), InvitedBy: i.InvitedBy,
		CreatedAt: userz.Time(i.CreatedAt), ExpiresAt: userz.Time(i.ExpiresAt),
	}
}
