package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/dialect/users"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/secret"
)

const (
	// maxUser leaves room for the longest password with every character escaped, in bytes.
	maxUser = 16 << 10
	// usersPage is how many users a list has that names no limit (D34).
	usersPage = 20
)

// Users adds the routes of the users surface. Met hears of whom an Org's own key makes or changes: it vouches for them.
func Users(api *httpkit.API, manager *manage.Manager, met *enduser.Recorder) {
	saw := func(m tenant.Member) {
		met.Saw(m.Org, enduser.Sighting{Email: m.Email, Name: m.Name, Source: enduser.FromDirectory})
	}
	missing := httpkit.Fault{Kind: apierr.NotFound, Code: apierr.CodeNotFound, When: "the organisation has no such user"}
	above := httpkit.Fault{Kind: apierr.Forbidden, Code: apierr.CodeForbidden, When: "the user's role is above that of who made the key"}
	taken := httpkit.Fault{Kind: apierr.Invalid, Code: apierr.CodeAlreadyExists, When: "the e-mail address is another user's"}

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/users", ID: "listUsers", Tag: "Users", Status: http.StatusOK,
		Summary: "List users in the order they were made",
		Notes:   "Everybody with an account in the organisation is here, its owners and administrators too.",
		Door:    httpkit.Accounts(access.UsersRead),
		Errors:  []httpkit.Fault{{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "a parameter is malformed or unknown"}},
	}, func(ctx context.Context, caller auth.Principal, in *userListIn) (*userListOut, error) {
		if in.Limit == 0 {
			in.Limit = usersPage
		}
		members, err := manager.Store.Members(ctx, caller.Org.ID, in.Offset, in.Limit)
		if err != nil {
			return nil, err
		}
		out := &userListOut{Body: make([]user, len(members))}
		for i, member := range members {
			out.Body[i] = userView(member)
		}
		return out, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/users", ID: "createUser", Tag: "Users", Status: http.StatusCreated,
		Summary: "Make a user",
		Notes:   "A password that anybody would guess is refused, and none is ever given back.",
		Door:    httpkit.Accounts(access.UsersManage), MaxBody: maxUser, Errors: []httpkit.Fault{unknownParameter, taken},
	}, func(ctx context.Context, caller auth.Principal, in *newUserIn) (*userOut, error) {
		member, err := manager.AddMember(ctx, caller.By(), caller.Org.ID, manage.MemberDraft{
			Email: in.Body.Email, Name: in.Body.Name, Role: access.Member, Password: in.Body.Password,
		})
		if err != nil {
			return nil, err
		}
		saw(member)
		return &userOut{Body: userView(member)}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPut, Path: "/v1/users/{userId}", ID: "updateUser", Tag: "Users", Status: http.StatusOK,
		Summary: "Change a user's name or e-mail address", Notes: "What is left out stays as it is. A password is not changed here.",
		Door: httpkit.Accounts(access.UsersManage), MaxBody: maxUser, Errors: []httpkit.Fault{unknownParameter, taken, above, missing},
	}, func(ctx context.Context, caller auth.Principal, in *userChangeIn) (*changedUserOut, error) {
		change := manage.MemberChange{Email: in.Body.Email, Name: in.Body.Name}
		member, err := manager.UpdateMember(ctx, caller.By(), caller.Org.ID, users.ID(in.UserID), change)
		if err != nil {
			return nil, err
		}
		saw(member)
		return &changedUserOut{Body: changedUser{
			ID: member.ID.Prefixed(users.Prefix), Name: member.Name, Email: member.Email, UpdatedAt: users.Time(member.UpdatedAt),
		}}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodDelete, Path: "/v1/users/{userId}", ID: "deleteUser", Tag: "Users", Status: http.StatusNoContent,
		Summary: "Delete a user", Notes: "When the answer comes the user is logged out everywhere.",
		Door: httpkit.Accounts(access.UsersManage),
		Errors: []httpkit.Fault{
			unknownParameter, above, missing,
			{Kind: apierr.Forbidden, Code: apierr.CodeLastOwner, When: "the user is the organisation's last active owner"},
		},
	}, func(ctx context.Context, caller auth.Principal, in *userIn) (*struct{}, error) {
		_, err := manager.RemoveMember(ctx, caller.By(), caller.Org.ID, users.ID(in.UserID))
		return &struct{}{}, err
	})
}

type userListIn struct {
	Limit  int `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Offset int `query:"offset" minimum:"0" default:"0"`
}

type userListOut struct {
	Body []user `nullable:"false"`
}

type user struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Email     string `json:"email"`
	CreatedAt string `json:"created_at" format:"date-time"`
}

func userView(m tenant.Member) user {
	return user{ID: m.ID.Prefixed(users.Prefix), Name: m.Name, Email: m.Email, CreatedAt: users.Time(m.CreatedAt)}
}

type newUserIn struct{ Body newUser }

type newUser struct {
	Name     string        `json:"name" minLength:"1" maxLength:"200"`
	Email    string        `json:"email" format:"email" maxLength:"254" doc:"One user's of the organisation, whatever its case."`
	Password secret.String `json:"password" minLength:"8" maxLength:"1024"`
	_        struct{}      `json:"-" additionalProperties:"true"`
}

type userOut struct{ Body user }

type userChangeIn struct {
	UserID string `path:"userId"`
	Body   userChange
}

type userChange struct {
	Name  *string  `json:"name,omitempty" nullable:"false" minLength:"1" maxLength:"200"`
	Email *string  `json:"email,omitempty" nullable:"false" format:"email" maxLength:"254"`
	_     struct{} `json:"-" additionalProperties:"true"`
}

type changedUserOut struct{ Body changedUser }

type changedUser struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Email     string `json:"email"`
	UpdatedAt string `json:"updated_at" format:"date-time"`
}

type userIn struct {
	UserID string `path:"userId"`
}
