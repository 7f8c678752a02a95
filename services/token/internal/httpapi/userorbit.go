package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/token/internal/identify"
)

// maxIdentity leaves room for as much metadata as is kept of one person, in bytes.
const maxIdentity = 64 << 10

// Userorbit adds the route by which a team's backend gets tokens for its subscribers.
func Userorbit(api *httpkit.API, identifier *identify.Identifier) {
	httpkit.HandleWrite(api, httpkit.Route{
		Path: "/v1/public/subscriber.identify", ID: "subscriberIdentify", Tag: "Subscribers", Status: http.StatusOK,
		Summary: "Identify a subscriber, and get a token for them",
		Notes: "Somebody with this address is updated, or else made. The metadata is merged into what is known: members replace members, objects " +
			"merge, null removes. `code` is a JWT (HS256) for the subscriber's own browser; it lives for 90 days, and dies at once when they are " +
			"deactivated or deleted, or their team is. Ask again whenever the widget starts: that gives a new one.",
		Door: httpkit.Team(access.PeopleWrite), MaxBody: maxIdentity,
		Errors: []httpkit.Fault{
			{Kind: apierr.Invalid, Code: apierr.CodeInvalidBody, When: "there would be more than 32 KB of metadata"},
			{Kind: apierr.Forbidden, Code: apierr.CodeForbidden, When: "they were deactivated"},
		},
	}, func(ctx context.Context, caller auth.Principal, in *identity) (*identifiedOut, error) {
		who, err := identifier.Identify(ctx, caller.Org.ID, enduser.Sighting{
			Email: in.Email, Name: in.Name, Attributes: in.metadata(), Source: enduser.FromSubscriber,
		})
		if err != nil {
			return nil, err
		}
		return &identifiedOut{Body: identified{Data: userorbit.SubscriberView(&who.Person), Code: who.Token.Reveal(), IsFirstSignin: who.Fresh}}, nil
	})
}

type identity struct {
	Email    string            `json:"email" format:"email" maxLength:"254" doc:"Whatever its case; kept in lower case."`
	Name     string            `json:"name,omitempty" nullable:"true" maxLength:"256" doc:"Without it they keep the name that is known, or are called as their address begins."`
	Metadata httpkit.RawObject `json:"metadata,omitempty" nullable:"true"`
	_        struct{}          `json:"-" additionalProperties:"true"`
}

// metadata is what was told; an explicit null says as little as nothing.
func (in *identity) metadata() []byte {
	if string(in.Metadata) == "null" {
		return nil
	}
	return in.Metadata
}

type identifiedOut struct{ Body identified }

type identified struct {
	Data          userorbit.Subscriber `json:"data"`
	Code          string               `json:"code" doc:"The subscriber's token."`
	IsFirstSignin bool                 `json:"isFirstSignin" doc:"Whether nobody knew them before."`
}
