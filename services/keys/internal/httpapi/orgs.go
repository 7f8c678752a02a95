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
)

// orgs are the routes of the caller's own Org, and the operator's of all.
type orgs struct{ manager *manage.Manager }

func (o orgs) add(api *httpkit.API) {
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/org", ID: "getOrg", Tag: "Org", Status: http.StatusOK,
		Summary: "Get the Org of the credential",
		Door:    httpkit.Manage(access.OrgRead), Errors: []httpkit.Fault{badQuery()},
	}, o.get)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPatch, Path: "/v1/org", ID: "updateOrg", Tag: "Org", Status: http.StatusOK,
		Summary: "Change the Org", Notes: "What is left out stays.",
		Door: httpkit.Manage(access.OrgManage), MaxBody: maxChange, Errors: []httpkit.Fault{badQuery(), changed()},
	}, o.update)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodDelete, Path: "/v1/org", ID: "closeOrg", Tag: "Org", Status: http.StatusOK,
		Summary: "Give the Org up",
		Notes: "From the answer on no key, public key or user token of the Org opens anything. Everything of it is erased at " +
			"`closesAt`, in 14 days; until then an owner who logs in can take it back.",
		Door: httpkit.Manage(access.OrgDelete), Errors: []httpkit.Fault{badQuery(), changed()},
	}, o.close)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/org/restore", ID: "restoreOrg", Tag: "Org", Status: http.StatusOK,
		Summary: "Take back an Org that was given up", Notes: "Its credentials work as before.",
		Door:   httpkit.Session(access.OrgDelete, true),
		Errors: []httpkit.Fault{badQuery(), conflict(apierr.CodeChanged, "the Org is being erased already")},
	}, o.restore)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/orgs", ID: "listOrgs", Tag: "Operator", Status: http.StatusOK,
		Summary: "List every Org, oldest first", Notes: "For the operator's own Org alone.",
		Door: httpkit.Manage(access.OrgsAdminister), Errors: []httpkit.Fault{badQuery()},
	}, o.list)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/orgs", ID: "createOrg", Tag: "Operator", Status: http.StatusCreated,
		Summary: "Make an Org",
		Notes:   "For the operator's own Org alone. With an `ownerEmail` the answer has an invitation for its first owner.",
		Door:    httpkit.Manage(access.OrgsAdminister), MaxBody: maxChange,
		Errors: []httpkit.Fault{badQuery(), conflict(apierr.CodeAlreadyExists, "the slug is taken")},
	}, o.create)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPatch, Path: "/v1/orgs/{id}", ID: "setOrgPlan", Tag: "Operator", Status: http.StatusOK,
		Summary: "Put an Org on a plan", Notes: "For the operator's own Org alone. The plan's numbers bind everywhere when the answer comes.",
		Door: httpkit.Manage(access.OrgsAdminister), MaxBody: maxChange, Errors: []httpkit.Fault{badQuery(), missing("Org"), changed()},
	}, o.setPlan)
}

func (o orgs) get(_ context.Context, caller auth.Principal, _ *struct{}) (*orgOut, error) {
	return &orgOut{Body: orgView(caller.Org)}, nil
}

func (o orgs) update(ctx context.Context, caller auth.Principal, in *updateOrgIn) (*orgOut, error) {
	return orgAnswer(o.manager.UpdateOrg(ctx, caller.By(), caller.Org.ID, in.change()))
}

func (o orgs) close(ctx context.Context, caller auth.Principal, _ *struct{}) (*orgOut, error) {
	return orgAnswer(o.manager.CloseOrg(ctx, caller.By(), caller.Org.ID))
}

func (o orgs) restore(ctx context.Context, caller auth.Principal, _ *struct{}) (*orgOut, error) {
	return orgAnswer(o.manager.ReopenOrg(ctx, caller.By(), caller.Org.ID))
}

func (o orgs) list(ctx context.Context, _ auth.Principal, _ *struct{}) (*orgsOut, error) {
	all, err := o.manager.Store.Orgs(ctx)
	if err != nil {
		return nil, err
	}
	out := &orgsOut{Body: orgList{Data: make([]Org, len(all))}}
	for i, stored := range all {
		out.Body.Data[i] = orgView(stored)
	}
	return out, nil
}

func (o orgs) create(ctx context.Context, caller auth.Principal, in *createOrgIn) (*createdOrgOut, error) {
	made, err := o.manager.CreateOrg(ctx, caller.By(), manage.OrgDraft{Slug: in.Body.Slug, Name: in.Body.Name})
	if err != nil {
		return nil, err
	}
	out := &createdOrgOut{Body: createdOrg{Org: orgView(made)}}
	if in.Body.OwnerEmail == "" {
		return out, nil
	}
	founder := caller.By()
	founder.Role = access.Owner // whoever may make an Org names its first owner, whatever they are in their own
	invited, token, err := o.manager.Invite(ctx, founder, made.ID, in.Body.OwnerEmail, access.Owner)
	if err != nil {
		return nil, err
	}
	out.Body.Invitation = &sentInvitation{Invitation: invitationView(invited), Token: token.Reveal()}
	return out, nil
}

func (o orgs) setPlan(ctx context.Context, caller auth.Principal, in *setPlanIn) (*orgOut, error) {
	return orgAnswer(o.manager.SetPlan(ctx, caller.By(), userz.ID(in.ID), in.Body.Plan))
}

type setPlanIn struct {
	ID   string `path:"id"`
	Body planChoice
}

type planChoice struct {
	Plan string `json:"plan" minLength:"1" maxLength:"63" doc:"default, hobby, launch or orbit, unless the installation has others."`
}

type orgOut struct{ Body Org }

type orgsOut struct{ Body orgList }

type orgList struct {
	Data       []Org   `json:"data" nullable:"false"`
	NextCursor *string `json:"nextCursor" doc:"null: all are here."`
}

type createdOrgOut struct{ Body createdOrg }

type createdOrg struct {
	Org
	Invitation *sentInvitation `json:"invitation,omitempty"`
}

// Org is an Org as the API shows it. It is exported for huma, like all that is embedded.
type Org struct {
	ID         string  `json:"id"`
	Slug       string  `json:"slug"`
	Name       string  `json:"name"`
	AppURL     *string `json:"appUrl"`
	Plan       string  `json:"plan"`
	LeakPolicy string  `json:"leakPolicy" enum:"notify,revoke" doc:"What happens to an API key that is found in the open."`
	Operator   bool    `json:"operator" doc:"Whether it may make other Orgs."`
	CreatedAt  string  `json:"createdAt" format:"date-time"`
	ClosesAt   *string `json:"closesAt" format:"date-time" doc:"When everything of an Org that was given up is erased."`
}

type updateOrgIn struct{ Body orgUpdate }

type orgUpdate struct {
	Name       *string            `json:"name,omitempty" minLength:"1" maxLength:"200"`
	AppURL     *string            `json:"appUrl,omitempty" maxLength:"2048" doc:"Where the Org's own product lives, http or https; empty for none."`
	LeakPolicy *tenant.LeakPolicy `json:"leakPolicy,omitempty" enum:"notify,revoke"`
}

func (in *updateOrgIn) change() manage.OrgChange {
	return manage.OrgChange{Name: in.Body.Name, AppURL: in.Body.AppURL, LeakPolicy: in.Body.LeakPolicy}
}

// Check names what the schema cannot say: URLs, and names that are blank.
func (in *updateOrgIn) Check(auth.Principal) error { return in.change().Check() }

type createOrgIn struct{ Body orgDraft }

type orgDraft struct {
	Slug       string `json:"slug" pattern:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" patternDescription:"1 to 63 lower-case letters, digits and inner hyphens"`
	Name       string `json:"name" minLength:"1" maxLength:"200"`
	OwnerEmail string `json:"ownerEmail,omitempty" format:"email" maxLength:"254" doc:"Who is invited to be its first owner."`
}

func orgAnswer(o tenant.Org, err error) (*orgOut, error) {
	if err != nil {
		return nil, err
	}
	return &orgOut{Body: orgView(o)}, nil
}

func orgView(o tenant.Org) Org {
	return Org{
		ID: o.ID.String(), Slug: o.Slug, Name: o.Name, AppURL: userz.Optional(&o.AppURL), Plan: o.Plan, LeakPolicy: string(o.LeakPolicy),
		Operator: o.Operator, CreatedAt: userz.Time(o.CreatedAt), ClosesAt: moment(o.ClosesAt),
	}
}
