package httpapi

import (
	"context"
	"net/http"
	"unicode/utf8"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/keys/internal/erase"
)

// Erasures adds the routes by which end users are erased everywhere, and receipts are read.
func Erasures(api *httpkit.API, manager *manage.Manager, people enduser.Store, eraser *erase.Eraser) {
	door := httpkit.Manage(access.PeopleErase)

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodDelete, Path: "/v1/end-users/{externalUserId}", ID: "eraseEndUser", Tag: "Erasures", Status: http.StatusAccepted,
		Summary: "Erase an end user",
		Notes: "Removes all feedback whose submitter has this id, signed or claimed, or the `email`, with its files and agent runs, for good; their " +
			"events, too; what events told of them, which is of no App, so that it goes even with an `appId`; and, unless it is in one App alone, " +
			"the people who bear these names, with all their votes and comments. Escape the id: it may hold any characters. The answer is a " +
			"receipt that is filled in as the work goes on; asking again before it is done gives the same one. What the end user submits from " +
			"then on stays. Of an `Idempotency-Key` the hash is forgotten after " +
			"24 hours. Once done, the receipt itself does not say any more who it was.",
		Door: door,
		Errors: []httpkit.Fault{
			badQuery(), missing("App"),
			conflict(apierr.CodeAlreadyExists, "the same was asked for before, and is done at this very moment; ask again"),
		},
	}, func(ctx context.Context, caller auth.Principal, in *endUserIn) (*erasureOut, error) {
		if !utf8.ValidString(in.ExternalUserID) {
			return nil, apierr.Query(apierr.Issue{Path: []any{"externalUserId"}, Code: "invalid_format", Message: "must be UTF-8"})
		}
		if in.AppID == nobody {
			return nil, apierr.Missing("App")
		}
		subject := erasure.Subject{App: userz.ID(in.AppID), ExternalUserID: in.ExternalUserID, Email: in.Email}
		asked, err := manager.EraseEndUser(ctx, caller.By(), caller.Org.ID, subject)
		if err != nil {
			return nil, err
		}
		eraser.Asked()
		return &erasureOut{Body: erasureView(asked)}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodDelete, Path: "/v1/people/{id}", ID: "erasePerson", Tag: "People", Status: http.StatusAccepted,
		Summary: "Erase a person",
		Notes: "Removes the person with every record of theirs, and what each of its names said and did: feedback with its files, events, traits, " +
			"votes and comments, for good. When the work is done none of their tokens opens anything. The answer is a receipt that is filled in as " +
			"the work goes on; asking again before it is done gives the same one. Once done, it does not say any more who it was.",
		Door: door,
		Errors: []httpkit.Fault{
			badQuery(), missing("person"),
			conflict(apierr.CodeAlreadyExists, "the same was asked for before, and is done at this very moment; ask again"),
		},
	}, func(ctx context.Context, caller auth.Principal, in *idIn) (*erasureOut, error) {
		person, err := people.Person(ctx, caller.Org.ID, userz.ID(in.ID))
		if err != nil {
			return nil, err
		}
		asked, err := manager.EraseEndUser(ctx, caller.By(), caller.Org.ID, erasure.Subject{Person: person.ID})
		if err != nil {
			return nil, err
		}
		eraser.Asked()
		return &erasureOut{Body: erasureView(asked)}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/erasures", ID: "listErasures", Tag: "Erasures", Status: http.StatusOK,
		Summary: "List the newest 100 erasures, newest first",
		Door:    door, Errors: []httpkit.Fault{badQuery()},
	}, func(ctx context.Context, caller auth.Principal, _ *struct{}) (*erasuresOut, error) {
		stored, err := manager.Store.Erasures(ctx, caller.Org.ID)
		if err != nil {
			return nil, err
		}
		out := &erasuresOut{Body: erasureList{Data: make([]erasureReceipt, len(stored))}}
		for i, one := range stored {
			out.Body.Data[i] = erasureView(one)
		}
		return out, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/erasures/{id}", ID: "getErasure", Tag: "Erasures", Status: http.StatusOK,
		Summary: "Get the receipt of one erasure",
		Notes: "An App is erased at once, and once more half a minute after its end, or when the last upload that it allowed cannot come in any " +
			"more: only then is it `done`.",
		Door: door, Errors: []httpkit.Fault{badQuery(), missing("erasure")},
	}, func(ctx context.Context, caller auth.Principal, in *idIn) (*erasureOut, error) {
		stored, err := manager.Store.Erasure(ctx, caller.Org.ID, userz.ID(in.ID))
		if err != nil {
			return nil, err
		}
		return &erasureOut{Body: erasureView(stored)}, nil
	})
}

type endUserIn struct {
	ExternalUserID string `path:"externalUserId" minLength:"1" maxLength:"256" doc:"As user tokens and submissions spell it."`
	AppID          string `query:"appId" pattern:"^[0-9a-f]{24}$" doc:"Only in this App; in all Apps of the Org without it."`
	Email          string `query:"email" minLength:"1" maxLength:"254" doc:"Erases what has this address too, in whatever case."`
}

type erasureOut struct{ Body erasureReceipt }

type erasuresOut struct{ Body erasureList }

type erasureList struct {
	Data []erasureReceipt `json:"data" nullable:"false"`
}

type erasureReceipt struct {
	ID          string       `json:"id"`
	Type        string       `json:"type" enum:"app,end_user,org"`
	Status      string       `json:"status" enum:"pending,running,done"`
	RequestedBy string       `json:"requestedBy" doc:"The member's e-mail address, or the name of the API key."`
	RequestedAt string       `json:"requestedAt" format:"date-time"`
	DueAt       string       `json:"dueAt" format:"date-time" doc:"Not before."`
	DoneAt      *string      `json:"doneAt" format:"date-time"`
	Receipt     erasedCounts `json:"receipt"`
}

type erasedCounts struct {
	Feedback    int `json:"feedback"`
	Attachments int `json:"attachments" doc:"Files."`
	Events      int `json:"events"`
	Votes       int `json:"votes"`
	Comments    int `json:"comments"`
	Records     int `json:"records" doc:"Everything else: people, profiles, Apps, members, keys, sessions, audit entries, …"`
}

func erasureView(e erasure.Erasure) erasureReceipt {
	return erasureReceipt{
		ID: e.ID.String(), Type: string(e.Kind), Status: erasureStatus(e), RequestedBy: e.RequestedBy, RequestedAt: userz.Time(e.RequestedAt),
		DueAt: userz.Time(e.DueAt), DoneAt: moment(e.DoneAt),
		Receipt: erasedCounts{
			Feedback: e.Receipt.Feedback, Attachments: e.Receipt.Attachments, Events: e.Receipt.Events,
			Votes: e.Receipt.Votes, Comments: e.Receipt.Comments, Records: e.Receipt.Records,
		},
	}
}

func erasureStatus(e erasure.Erasure) string {
	switch {
	case !e.DoneAt.IsZero():
		return "done"
	case !e.LeaseUntil.IsZero():
		return "running"
	}
	return "pending"
}
