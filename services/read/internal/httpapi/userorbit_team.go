package httpapi

import (
	"context"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
)

// UserorbitTeam adds the actions that tell whose a key is.
func UserorbitTeam(api *httpkit.API) {
	team := action("teams", "info", "Team", "Get the team of the key", httpkit.Team(""))
	httpkit.HandleRead(api, team, func(_ context.Context, caller auth.Principal, _ *nothing) (*one[teamInfo], error) {
		return single(caller.Org, nil, teamView)
	})

	user := action("users", "info", "Team", "Get the user who made the key", httpkit.Team(""))
	user.Notes = "All fields are null where the key was made by an operator of this installation, or by somebody who is no longer of the team."
	httpkit.HandleRead(api, user, func(_ context.Context, caller auth.Principal, _ *nothing) (*one[userInfo], error) {
		var creator tenant.Member
		if caller.Member != nil {
			creator = *caller.Member
		}
		return single(creator, nil, userView)
	})
}

type teamInfo struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Subdomain string `json:"subdomain"`
	CreatedAt string `json:"createdAt" format:"date-time"`
}

func teamView(org *tenant.Org) teamInfo {
	return teamInfo{ID: org.ID.UUID(), Name: org.Name, Subdomain: org.Slug, CreatedAt: userorbit.Time(org.CreatedAt)}
}

type userInfo struct {
	ID        *string `json:"id"`
	Name      *string `json:"name"`
	Email     *string `json:"email"`
	Role      *string `json:"role" enum:"owner,admin,member"`
	CreatedAt *string `json:"createdAt" format:"date-time"`
}

func userView(m *tenant.Member) userInfo {
	return userInfo{
		ID: userorbit.OptionalID(m.ID), Name: userorbit.Optional(&m.Name), Email: userorbit.Optional(&m.Email),
		Role: userorbit.Optional((*string)(&m.Role)), CreatedAt: userorbit.OptionalTime(m.CreatedAt),
	}
}
