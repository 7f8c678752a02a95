package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/read/internal/people"
)

// maxMerge is far more than a merge takes, in bytes.
const maxMerge = 1 << 10

// People adds the routes by which an Org sees whom it hears, and says who is who.
func People(api *httpkit.API, reader *people.Reader) {
	read, write := httpkit.Manage(access.PeopleRead), httpkit.Manage(access.PeopleWrite)
	query := httpkit.Fault{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "a parameter is malformed or unknown"}
	missing := httpkit.Fault{Kind: apierr.NotFound, Code: apierr.CodeNotFound, When: "the Org has no such person"}
	conflict := func(code apierr.Code, when string) httpkit.Fault {
		return httpkit.Fault{Kind: apierr.Conflict, Code: code, When: when}
	}
	meanwhile := conflict(apierr.CodeChanged, "others changed the person at the same moment; please try again")

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/people", ID: "listPeople", Tag: "People", Status: http.StatusOK,
		Summary: "List people, newest first",
		Notes: "A person is an end user whom your own systems vouched for: by a user token, by an event, by Userorbit's `subscriber.identify` or as an " +
			"account of the users API. They are one person by the id that your systems call them, and by their e-mail address. Who a page only " +
			"claims to be is nobody here. With `externalUserId` or `email` there is one at most; `q` looks through the names of the newest " +
			"10,000.",
		Door: read, Errors: []httpkit.Fault{query},
	}, func(ctx context.Context, caller auth.Principal, in *peopleIn) (*peopleOut, error) {
		page, err := reader.Find(ctx, caller.Org.ID, in.query())
		if err != nil {
			return nil, err
		}
		return &peopleOut{Body: peopleView(page)}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/people/{id}", ID: "getPerson", Tag: "People", Status: http.StatusOK,
		Summary: "Get a person, and what they said and did",
		Notes: "The `timeline` has all of it in one list, newest first: feedback with its files, events, votes and comments, to whoever may read " +
			"people. Pass its `nextCursor` as `cursor` to go on; it is null on the last page. The id of a record that is merged into another " +
			"person's gives that person.",
		Door: read, Errors: []httpkit.Fault{query, missing},
	}, func(ctx context.Context, caller auth.Principal, in *personIn) (*wholePersonOut, error) {
		after, err := in.after()
		if err != nil {
			return nil, err
		}
		found, err := reader.Get(ctx, caller.Org.ID, userz.ID(in.ID))
		if err != nil {
			return nil, err
		}
		page, err := reader.Timeline(ctx, caller.Org.ID, found.Whole, people.Span{After: after, Limit: orDefault(in.Limit)})
		if err != nil {
			return nil, err
		}
		return &wholePersonOut{Body: wholePerson{PersonDetail: personView(found), Timeline: timelineView(page)}}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/people/{id}/merge", ID: "mergePerson", Tag: "People", Status: http.StatusOK,
		Summary: "Make two people one",
		Notes: "The person becomes a record of the one named by `into`, with all they said and did. Nothing is lost, and `split` undoes it. Heard " +
			"itself merges two people only where one is known by an address alone, the other by an external id alone, and your systems vouch " +
			"for both names at once; an address that would be two people's is listed as contested instead.",
		Door: write, MaxBody: maxMerge, Errors: []httpkit.Fault{
			query, missing, meanwhile, conflict(apierr.CodeAlreadyExists, "they are one person already"),
			conflict(apierr.CodeLimitReached, "together they would have more than 32 records"),
		},
	}, func(ctx context.Context, caller auth.Principal, in *mergeIn) (*personOut, error) {
		merged, err := reader.Directory.Merge(ctx, caller.Org.ID, caller.By().Actor, userz.ID(in.ID), userz.ID(in.Body.Into))
		return shown(ctx, reader, caller, merged, err)
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/people/{id}/split", ID: "splitPerson", Tag: "People", Status: http.StatusOK,
		Summary: "Undo a merge",
		Notes: "Takes the record with this id out of the person that it is merged into, with whatever was merged into it before. Heard does not " +
			"merge the two again by itself.",
		Door: write, Errors: []httpkit.Fault{query, missing, conflict(apierr.CodeChanged, "the record is not merged into another, or others changed it at the same moment")},
	}, func(ctx context.Context, caller auth.Principal, in *itemIn) (*personOut, error) {
		split, err := reader.Directory.Split(ctx, caller.Org.ID, caller.By().Actor, userz.ID(in.ID))
		return shown(ctx, reader, caller, split, err)
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/people/{id}/export", ID: "exportPerson", Tag: "People", Status: http.StatusOK,
		Summary: "Export all that is kept of a person",
		Notes: "Every record whole, whatever it is: who they are first, then what they said and did, newest first. Pass `nextCursor` as `cursor` to go " +
			"on; on the last page it is null, and `receipt` counts what all pages together had. Feedback whose sender only claimed to be this " +
			"person is not theirs, and not here.",
		Door: read, Errors: []httpkit.Fault{query, missing},
	}, func(ctx context.Context, caller auth.Principal, in *exportIn) (*exportOut, error) {
		from, err := in.from()
		if err != nil {
			return nil, err
		}
		page, err := reader.Export(ctx, caller.Org.ID, userz.ID(in.ID), from, orDefault(in.Limit))
		if err != nil {
			return nil, err
		}
		return &exportOut{Body: exportView(page)}, nil
	})
}

// shown is the person as they are after a change.
func shown(ctx context.Context, reader *people.Reader, caller auth.Principal, person enduser.Whole, err error) (*personOut, error) {
	if err != nil {
		return nil, err
	}
	found, err := reader.Get(ctx, caller.Org.ID, person.ID)
	if err != nil {
		return nil, err
	}
	return &personOut{Body: personView(found)}, nil
}

// behind adds who said an item to its view, for who may know them.
func (v *feedbackItem) behind(ctx context.Context, reader *people.Reader, caller auth.Principal, item feedback.Item) error {
	v.RecentEvents = []storedEvent{}
	if !caller.May(access.PeopleRead) {
		return nil
	}
	person, events, err := reader.Behind(ctx, caller.Org.ID, item.Submitter, recentEvents)
	if err != nil || person == nil {
		return err
	}
	v.Person = &itemPerson{ID: person.ID.String(), Name: userz.Optional(&person.Name), Email: first(person.Emails())}
	for n := range events {
		v.RecentEvents = append(v.RecentEvents, eventView(&events[n]))
	}
	return nil
}

// recentEvents is how many of a person's last events are shown with their feedback.
const recentEvents = 10

func first(names []string) *string {
	if len(names) == 0 {
		return nil
	}
	return &names[0]
}

func orDefault(limit int) int {
	if limit == 0 {
		return defaultLimit
	}
	return limit
}
