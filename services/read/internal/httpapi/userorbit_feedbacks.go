package httpapi

import (
	"context"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/read/internal/ballot"
	"github.com/heard-dev/heard/services/read/internal/browse"
	"github.com/heard-dev/heard/services/read/internal/triage"
)

const feedbackTag = "Feedback"

// UserorbitFeedback adds the actions on feedback, but for those that create it.
func UserorbitFeedback(api *httpkit.API, browser *browse.Browser, desk *triage.Desk, box *ballot.Box) {
	f := feedbacks{api: api, browser: browser, desk: desk, box: box, missing: gone("feedback, or none that who asks may see")}
	f.reads()
	f.writes()
	f.votes()
}

type feedbacks struct {
	api     *httpkit.API
	browser *browse.Browser
	desk    *triage.Desk
	box     *ballot.Box
	missing httpkit.Fault
}

func (f feedbacks) reads() {
	team := httpkit.Team(access.FeedbackRead)
	anybody := httpkit.TeamOrSubscriber(access.FeedbackRead, gate.UserorbitBySubscriber())

	route := action("public/feedbacks", "list", feedbackTag, "List feedback as the team or as a subscriber sees it", anybody, gone("board"))
	route.Notes = "A subscriber sees what is on public boards, what was submitted to none, and their own; what came through a widget only once the " +
		"team has put it on a public board. Archived and merged feedback is left out."
	httpkit.HandleRead(f.api, route, f.browse)
	route = action("feedbacks", "list", feedbackTag, "List feedback", team, gone("board"))
	route.Notes = "Archived and merged feedback is left out. `assignedToMe` selects what is assigned to the member who made the key."
	httpkit.HandleRead(f.api, route, f.list)
	route = action("feedbacks", "info", feedbackTag, "Get one feedback", anybody, f.missing)
	route.Notes = "The status of archived feedback is the one it would be restored to; that of merged feedback is closed."
	httpkit.HandleRead(f.api, route, f.info)
	route = action("feedbacks", "count", feedbackTag, "Count feedback by status", team)
	route.Notes = "`all` is what stands on the boards: everything but what is archived or merged."
	httpkit.HandleRead(f.api, route, f.count)
}

// unmovable documents what an archived item refuses, and one that was merged.
func unmovable() httpkit.Fault {
	return httpkit.Fault{Kind: apierr.Conflict, Code: apierr.CodeInvalidTransition, When: "it is archived, or was merged into other feedback"}
}

func (f feedbacks) writes() {
	write, moderate := httpkit.Team(access.FeedbackWrite), httpkit.Team(access.Moderate)

	route := action("feedbacks", "update", feedbackTag, "Change one feedback", write, gone("feedback, board, tag or member"), unmovable())
	route.Notes = "What is left out stays; null takes away a board, an assignee and meta. Any status may follow any other."
	httpkit.HandleWrite(f.api, route, func(ctx context.Context, caller auth.Principal, in *feedbackEdit) (*one[userorbit.Feedback], error) {
		return decided(f.desk.Edit(ctx, caller.Org.ID, userorbit.ID(in.ID), in.edit()))
	})
	route = action("feedbacks", "merge", feedbackTag, "Merge one feedback into another", moderate, f.missing, unmovable())
	route.Notes = "Whoever voted for it has then voted for the target, once. It answers with the target, and may be repeated."
	httpkit.HandleWrite(f.api, route, func(ctx context.Context, caller auth.Principal, in *feedbackMerge) (*one[userorbit.Feedback], error) {
		return decided(f.desk.Merge(ctx, caller.Org.ID, userorbit.ID(in.ID), userorbit.ID(in.TargetID)))
	})
	f.move("archive", "Take one feedback off the boards", write, f.desk.Archive)
	f.move("restore", "Put one archived feedback back where it was", write, f.desk.Restore)
	route = action("feedbacks", "delete", feedbackTag, "Delete one feedback with its files, votes and comments", moderate, f.missing)
	httpkit.HandleWrite(f.api, route, func(ctx context.Context, caller auth.Principal, in *which) (*one[userorbit.Done], error) {
		return done(f.desk.Delete(ctx, caller.Org.ID, userorbit.ID(in.ID)))
	})
}

// move adds an action that needs to be told no more than which item.
func (f feedbacks) move(verb, summary string, door httpkit.Door, do func(ctx context.Context, org, item id.ID) (triage.Decided, error)) {
	route := action("feedbacks", verb, feedbackTag, summary, door, f.missing)
	httpkit.HandleWrite(f.api, route, func(ctx context.Context, caller auth.Principal, in *which) (*one[userorbit.Feedback], error) {
		return decided(do(ctx, caller.Org.ID, userorbit.ID(in.ID)))
	})
}

func (f feedbacks) browse(ctx context.Context, caller auth.Principal, in *boardQuery) (*feedbackListOut, error) {
	return f.listing(ctx, caller, in.query())
}

func (f feedbacks) list(ctx context.Context, caller auth.Principal, in *feedbackQuery) (*feedbackListOut, error) {
	query := in.query()
	if in.AssignedToMe {
		if query.Assignee = caller.Key.Creator; query.Assignee.IsZero() { // nobody's key, to whom nothing is assigned
			return listView(browse.Listing{}, query), nil
		}
	}
	return f.listing(ctx, caller, query)
}

func (f feedbacks) listing(ctx context.Context, caller auth.Principal, query feedback.BoardQuery) (*feedbackListOut, error) {
	listing, err := f.browser.List(ctx, caller.Org.ID, caller.Person, query)
	return listView(listing, query), err
}

func (f feedbacks) info(ctx context.Context, caller auth.Principal, in *which) (*one[feedbackInfo], error) {
	shown, err := f.browser.Show(ctx, caller.Org.ID, caller.Person, userorbit.ID(in.ID))
	return single(shown, err, infoView)
}

func (f feedbacks) count(ctx context.Context, caller auth.Principal, _ *nothing) (*one[feedbackCount], error) {
	counts, err := f.browser.Count(ctx, caller.Org.ID)
	return single(counts, err, countView)
}
