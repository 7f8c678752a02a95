package httpapi

import (
	"context"
	"net/http"
	"unicode/utf8"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/read/internal/timeline"
)

// Events adds the routes by which an Org reads what its users did.
func Events(api *httpkit.API, reader *timeline.Reader) {
	door := httpkit.Manage(access.EventsRead)
	query := httpkit.Fault{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "a parameter is malformed or unknown"}
	missing := func(what string) httpkit.Fault {
		return httpkit.Fault{Kind: apierr.NotFound, Code: apierr.CodeNotFound, When: what}
	}

	list := func(ctx context.Context, caller auth.Principal, in eventListIn, user string) (*eventListOut, error) {
		query, some, err := in.query(caller, user)
		if err != nil || !some {
			return &eventListOut{Body: eventPageView(timeline.Page{})}, err
		}
		page, err := reader.List(ctx, caller.Org.ID, query)
		if err != nil {
			return nil, err
		}
		return &eventListOut{Body: eventPageView(page)}, nil
	}

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/events", ID: "listEvents", Tag: "Events", Status: http.StatusOK,
		Summary: "List events, newest first",
		Notes: "In the order in which they were received, which is what `from` and `to` select by. Pass `nextCursor` as `cursor` to go on; it is " +
			"null on the last page. Events come in by UserBoost's API, `POST /v1/events`.",
		Door: door, Errors: []httpkit.Fault{query},
	}, func(ctx context.Context, caller auth.Principal, in *eventsIn) (*eventListOut, error) {
		return list(ctx, caller, eventListIn{in.AppID, in.Name, in.From, in.To, in.Cursor, in.Limit}, in.UserID)
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/events/{id}", ID: "getEvent", Tag: "Events", Status: http.StatusOK,
		Summary: "Get one event",
		Door:    door, Errors: []httpkit.Fault{query, missing("the Org has no such event")},
	}, func(ctx context.Context, caller auth.Principal, in *itemIn) (*eventOut, error) {
		found, err := reader.Get(ctx, caller.Org.ID, caller.Only(), userz.ID(in.ID))
		if err != nil {
			return nil, err
		}
		return &eventOut{Body: eventView(&found)}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/end-users/{externalUserId}", ID: "getEndUser", Tag: "End users", Status: http.StatusOK,
		Summary: "Get what is known of an end user",
		Notes: "Put together from the traits and e-mail addresses that events told, the latest of each. To a key that is bound to one App nobody " +
			"is known: others may have told.",
		Door: door, Errors: []httpkit.Fault{query, missing("no event told anything of such an end user")},
	}, func(ctx context.Context, caller auth.Principal, in *endUserIn) (*profileOut, error) {
		if err := in.check(); err != nil {
			return nil, err
		}
		known, err := reader.Profile(ctx, caller.Org.ID, caller.Only(), in.ExternalUserID)
		if err != nil {
			return nil, err
		}
		return &profileOut{Body: profileView(&known)}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/end-users/{externalUserId}/events", ID: "listEndUserEvents", Tag: "End users", Status: http.StatusOK,
		Summary: "List an end user's events, newest first", Notes: "Of somebody unknown there are none.",
		Door: door, Errors: []httpkit.Fault{query},
	}, func(ctx context.Context, caller auth.Principal, in *endUserEventsIn) (*eventListOut, error) {
		if err := (&endUserIn{in.ExternalUserID}).check(); err != nil {
			return nil, err
		}
		return list(ctx, caller, eventListIn{in.AppID, in.Name, in.From, in.To, in.Cursor, in.Limit}, in.ExternalUserID)
	})
}

// check refuses what a path can spell and text cannot be.
func (in *endUserIn) check() error {
	if utf8.ValidString(in.ExternalUserID) {
		return nil
	}
	return apierr.Query(apierr.Issue{Path: []any{"externalUserId"}, Code: "invalid_format", Message: "must be UTF-8"})
}

// query selects what is asked for; for who is bound to one App, only that one's events. It is false where there is nothing
// that the caller could be shown.
func (in *eventListIn) query(caller auth.Principal, user string) (query event.Query, some bool, err error) {
	query = event.Query{App: userz.ID(in.AppID), Name: in.Name, UserID: user, From: moment(in.From), To: moment(in.To), Limit: in.Limit}
	if query.Limit == 0 {
		query.Limit = defaultLimit
	}
	if in.AppID == nobody || in.AppID != "" && !caller.Reaches(query.App) {
		return query, false, nil
	}
	if only := caller.Only(); !only.IsZero() {
		query.App = only
	}
	if in.Cursor != "" {
		if query.Before, err = parsePlace(in.Cursor); err != nil {
			return query, false, err
		}
	}
	return query, true, nil
}
