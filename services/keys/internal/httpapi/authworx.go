package httpapi

import (
	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/dialect/authworx"
	"github.com/heard-dev/heard/pkg/httpkit"
)

// maxAuthworx is far more than any of these bodies, in bytes.
const maxAuthworx = 16 << 10

// Authworx adds AuthWorx's routes of running an organisation: its API keys, its people, its invitations.
func Authworx(api *httpkit.API, manager *manage.Manager, uses usage.Store) {
	authworxKeys(api, manager, uses)
	authworxOrg(api, manager)
	authworxMembers(api, manager)
	authworxInvites(api, manager)
}

var (
	unknownParameter = httpkit.Fault{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "there is a query parameter; none is known"}
	higherRole       = httpkit.Fault{Kind: apierr.Forbidden, Code: apierr.CodeForbidden, When: "the person's role is above yours, or would be"}
	lastOwner        = httpkit.Fault{Kind: apierr.Conflict, Code: apierr.CodeLastOwner, When: "the person is the organisation's last active owner"}
	noMember         = httpkit.Fault{Kind: apierr.NotFound, Code: apierr.CodeNotFound, When: "the organisation has no such member"}
	noInvite         = httpkit.Fault{Kind: apierr.NotFound, Code: apierr.CodeNotFound, When: "the organisation has no such invitation"}
)

// inOrg is what a request says that says no more than its organisation.
type inOrg struct {
	OrgSlug string `header:"X-Org-Slug" required:"true" doc:"The organisation's slug."`
}

type saidOut struct {
	Body authworx.Success[authworx.Said]
}

func said(message string) *saidOut {
	return &saidOut{Body: authworx.Succeed(authworx.Said{Message: message})}
}
