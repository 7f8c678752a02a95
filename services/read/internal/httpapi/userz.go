// Package httpapi is how read is spoken to.
package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/read/internal/people"
	"github.com/heard-dev/heard/services/read/internal/review"
)

// maxNudge is far more than a nudge takes, in bytes.
const maxNudge = 4 << 10

// Userz adds the native routes.
func Userz(api *httpkit.API, reviewer *review.Reviewer, reader *people.Reader) {
	shown := func(ctx context.Context, caller auth.Principal, item review.Item, err error) (*itemOut, error) {
		if err != nil {
			return nil, err
		}
		out := &itemOut{Body: feedbackItem{FeedbackWhole: itemView(item)}}
		return out, out.Body.behind(ctx, reader, caller, item.Item)
	}
	read, write := httpkit.Manage(access.FeedbackRead), httpkit.Manage(access.FeedbackWrite)
	missing := httpkit.Fault{Kind: apierr.NotFound, Code: apierr.CodeNotFound, When: "the Org has no such item"}
	query := httpkit.Fault{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "a parameter is malformed or unknown"}

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/feedback", ID: "listFeedback", Tag: "Feedback", Status: http.StatusOK,
		Summary: "List feedback, newest first",
		Notes:   "Pass `nextCursor` as `cursor` to go on; it is null on the last page. Duplicates are hidden unless asked for.",
		Door:    read, Errors: []httpkit.Fault{query},
	}, func(ctx context.Context, caller auth.Principal, in *listIn) (*listOut, error) {
		if in.AppID == nobody || in.Cursor == nobody || in.AppID != "" && !caller.Reaches(userz.ID(in.AppID)) {
			return &listOut{Body: pageView(feedback.Page{})}, nil
		}
		page, err := reviewer.List(ctx, caller.Org.ID, in.query(caller.Only()))
		if err != nil {
			return nil, err
		}
		return &listOut{Body: pageView(page)}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/feedback/{id}", ID: "getFeedback", Tag: "Feedback", Status: http.StatusOK,
		Summary: "Get one item whole",
		Notes:   "Each attachment has a `downloadUrl` that works for five minutes. With the right to read people there is who said it, and what they did last.",
		Door:    read, Errors: []httpkit.Fault{query, missing},
	}, func(ctx context.Context, caller auth.Principal, in *itemIn) (*itemOut, error) {
		item, err := reviewer.Get(ctx, caller.Org.ID, caller.Only(), userz.ID(in.ID))
		return shown(ctx, caller, item, err)
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPatch, Path: "/v1/feedback/{id}", ID: "updateFeedback", Tag: "Feedback", Status: http.StatusOK,
		Summary: "Nudge an item along its life",
		Notes: "`queued` may be set from `sanitized`, `awaiting_manual` and `batch_pending`; `archived` from anything but `archived`.\n\n" +
			"The whole lifecycle:\n\n" + feedback.Table(),
		Door: write, MaxBody: maxNudge,
		Errors: []httpkit.Fault{query, missing, {
			Kind: apierr.Conflict, Code: apierr.CodeInvalidTransition,
			When: "the item's status does not allow it; `details` name the `current` one and those `allowed`",
		}},
	}, func(ctx context.Context, caller auth.Principal, in *nudgeIn) (*itemOut, error) {
		item, err := reviewer.Nudge(ctx, caller.Org.ID, caller.Only(), userz.ID(in.ID), feedback.Status(in.Body.Status))
		return shown(ctx, caller, item, err)
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/agent-runs/{id}", ID: "getAgentRun", Tag: "Agent runs", Status: http.StatusOK,
		Summary: "Get one agent run",
		Door:    read, Errors: []httpkit.Fault{query, missing},
	}, func(ctx context.Context, caller auth.Principal, in *itemIn) (*runOut, error) {
		run, err := reviewer.Run(ctx, caller.Org.ID, caller.Only(), userz.ID(in.ID))
		if err != nil {
			return nil, err
		}
		return &runOut{Body: runView(run)}, nil
	})
}
