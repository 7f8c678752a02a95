package httpapi

import (
	"context"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/read/internal/thread"
)

const (
	public  = "public"
	private = "private"
)

// UserorbitComments adds the actions on comments.
func UserorbitComments(api *httpkit.API, talk *thread.Talk) {
	c := comments{talk}
	reader := httpkit.TeamOrSubscriber(access.FeedbackRead, gate.UserorbitBySubscriber())
	writer := httpkit.TeamOrSubscriber(access.FeedbackWrite, gate.FeedbackBySubscriber()).Counted("feedback")
	const tag = "Comments"
	forbidden := httpkit.Fault{Kind: apierr.Forbidden, Code: apierr.CodeForbidden, When: "a subscriber may not: it is somebody else's, or would be private"}
	missing := gone("comment, or none that who asks may read")

	route := action("feedback-comments", "create", tag, "Comment on feedback", writer, gone("feedback, comment or subscriber"), forbidden)
	route.Notes = "`id` is the feedback's, `parentId` the comment's that this answers; what answers a private comment is private. `subscriberId` is whose " +
		"comment it is that the team writes down. A subscriber's `source` is widget."
	httpkit.HandleWrite(api, route, c.create)
	route = action("feedback-comments", "list", tag, "List the comments on feedback, oldest first", reader, gone("feedback"))
	route.Notes = "`id` is the feedback's. A subscriber sees the public ones. A `parentId` may be of a comment that was deleted."
	httpkit.HandleRead(api, route, c.list)
	httpkit.HandleWrite(api, action("feedback-comments", "update", tag, "Change the text of a comment", writer, missing, forbidden, crossed()), c.update)
	httpkit.HandleWrite(api, action("feedback-comments", "delete", tag, "Delete a comment; answers to it stay", writer, missing, forbidden), c.delete)
}

type comments struct{ talk *thread.Talk }

func (c comments) create(ctx context.Context, caller auth.Principal, in *newComment) (*one[feedbackComment], error) {
	draft := thread.Draft{
		Item: userorbit.ID(in.ID), Parent: userorbit.Named(in.ParentID), As: userorbit.Named(in.SubscriberID), Text: in.Text, Source: in.Source,
	}
	if in.Type != "" {
		closed := in.Type == private
		draft.Private = &closed
	}
	if caller.Key != nil {
		draft.Member = caller.Key.Creator
	} else if in.SubscriberID != "" && draft.As != caller.Person.ID {
		return nil, apierr.New(apierr.Forbidden, apierr.CodeForbidden, "A subscriber speaks for nobody else.")
	}
	said, err := c.talk.Say(ctx, caller.Org.ID, caller.Person, draft)
	return single(said, err, commentView)
}

func (c comments) list(ctx context.Context, caller auth.Principal, in *commentQuery) (*many[feedbackComment], error) {
	found, total, err := c.talk.List(ctx, caller.Org.ID, caller.Person, userorbit.ID(in.ID), in.Offset, limit(in.Limit))
	return listed(found, total, in.Offset, in.Limit, commentView), err
}

func (c comments) update(ctx context.Context, caller auth.Principal, in *commentEdit) (*one[feedbackComment], error) {
	changed, err := c.talk.Rewrite(ctx, caller.Org.ID, caller.Person, userorbit.ID(in.ID), in.Text)
	return single(changed, err, commentView)
}

func (c comments) delete(ctx context.Context, caller auth.Principal, in *which) (*one[userorbit.Done], error) {
	return done(c.talk.Delete(ctx, caller.Org.ID, caller.Person, userorbit.ID(in.ID)))
}

type newComment struct {
	ID           string   `json:"id"`
	Text         string   `json:"text" minLength:"1" maxLength:"8192"`
	ParentID     string   `json:"parentId,omitempty" nullable:"true"`
	SubscriberID string   `json:"subscriberId,omitempty" nullable:"true"`
	Source       string   `json:"source,omitempty" nullable:"true" maxLength:"32" default:"admin"`
	Type         string   `json:"type,omitempty" nullable:"true" enum:"public,private" default:"public"`
	_            struct{} `json:"-" additionalProperties:"true"`
}

type commentQuery struct {
	ID     string   `json:"id" query:"id" required:"true"`
	Limit  int      `json:"limit,omitempty" query:"limit" minimum:"1" maximum:"100" default:"25"`
	Offset int      `json:"offset,omitempty" query:"offset" minimum:"0" maximum:"10000" default:"0"`
	_      struct{} `json:"-" additionalProperties:"true"`
}

type commentEdit struct {
	ID   string   `json:"id"`
	Text string   `json:"text" minLength:"1" maxLength:"8192"`
	_    struct{} `json:"-" additionalProperties:"true"`
}

type feedbackComment struct {
	ID           string  `json:"id"`
	FeedbackID   string  `json:"feedbackId"`
	ParentID     *string `json:"parentId"`
	Text         string  `json:"text"`
	Type         string  `json:"type" enum:"public,private"`
	Source       string  `json:"source"`
	AuthorName   *string `json:"authorName" doc:"As it was then."`
	SubscriberID *string `json:"subscriberId" doc:"Whose it is; null for the team's."`
	UserID       *string `json:"userId" doc:"The member of the team who wrote it down."`
	CreatedAt    string  `json:"createdAt" format:"date-time"`
	UpdatedAt    string  `json:"updatedAt" format:"date-time"`
}

func commentView(c *comment.Comment) feedbackComment {
	view := feedbackComment{
		ID: c.ID.UUID(), FeedbackID: c.Item.UUID(), ParentID: userorbit.OptionalID(c.Parent), Text: c.Text, Type: public, Source: c.Source,
		AuthorName: userorbit.Optional(&c.AuthorName), SubscriberID: userorbit.OptionalID(c.Person), UserID: userorbit.OptionalID(c.Member),
		CreatedAt: userorbit.Time(c.CreatedAt), UpdatedAt: userorbit.Time(c.UpdatedAt),
	}
	if c.Private {
		view.Type = private
	}
	return view
}
