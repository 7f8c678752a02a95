// Package thread is what people and their team say to each other about an item.
package thread

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/read/internal/browse"
)

// Where a comment is said that does not tell.
const (
	fromAdmin  = "admin"
	fromWidget = "widget"
)

// Members find who of the team speaks.
type Members interface {
	Member(ctx context.Context, org, member id.ID) (tenant.Member, error)
}

// Talk is all that is said. Who speaks is a subscriber, or, where by is nil, the team.
type Talk struct {
	Browser *browse.Browser
	Members Members
	IDs     *id.Source
	Now     func() time.Time
}

// Draft is a comment as it is said. Where Private is nil it is as private as what it answers. As is the subscriber in whose name
// the team says it, zero for its own; Member is who of the team does.
type Draft struct {
	Item    id.ID
	Parent  id.ID
	As      id.ID
	Member  id.ID
	Text    string
	Private *bool
	Source  string
}

// Say stores a comment. An item or parent that is not there for who speaks is apierr.NotFound.
func (t *Talk) Say(ctx context.Context, org id.ID, by *enduser.Person, draft Draft) (comment.Comment, error) {
	if err := comment.CheckText(draft.Text); err != nil {
		return comment.Comment{}, err
	}
	if _, err := t.find(ctx, org, by, draft.Item); err != nil {
		return comment.Comment{}, err
	}
	now := t.now()
	said := comment.Comment{
		ID: t.IDs.New(), Org: org, Item: draft.Item, Parent: draft.Parent, Text: draft.Text, Source: draft.Source,
		CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	err := t.settle(ctx, org, by, draft.Private, &said)
	if err == nil {
		err = t.sign(ctx, org, by, draft, &said)
	}
	if err != nil {
		return said, err
	}
	return said, t.Browser.Store.InsertComment(ctx, org, said)
}

// settle decides who may read a comment. What answers a private one is private.
func (t *Talk) settle(ctx context.Context, org id.ID, by *enduser.Person, private *bool, said *comment.Comment) error {
	if said.Parent.IsZero() {
		said.Private = private != nil && *private
	} else {
		parent, err := t.Browser.Store.Comment(ctx, org, said.Parent)
		if err == nil && (parent.Item != said.Item || parent.Private && by != nil) {
			err = apierr.Missing("comment")
		}
		if err != nil {
			return err
		}
		if parent.Private && private != nil && !*private {
			return apierr.Body(apierr.Issue{Path: []any{"type"}, Code: "invalid_value", Message: "must be private, like the comment that this answers"})
		}
		said.Private = parent.Private || private != nil && *private
	}
	if said.Private && by != nil {
		return apierr.New(apierr.Forbidden, apierr.CodeForbidden, "A subscriber's comments are public.")
	}
	return nil
}

// sign names the author.
func (t *Talk) sign(ctx context.Context, org id.ID, by *enduser.Person, draft Draft, said *comment.Comment) error {
	switch {
	case by != nil:
		said.Person, said.AuthorName, said.Source = by.ID, by.Name, fromWidget
		return nil
	case !draft.As.IsZero():
		person, err := t.Browser.People.Get(ctx, org, draft.As)
		said.Person, said.AuthorName = person.ID, person.Name
		if err != nil {
			return err
		}
	case !draft.Member.IsZero():
		member, err := t.Members.Member(ctx, org, draft.Member)
		if err != nil && apierr.KindOf(err) != apierr.NotFound { // a key outlives who made it
			return err
		}
		said.AuthorName = member.Name
	}
	if said.Member = draft.Member; said.Source == "" {
		said.Source = fromAdmin
	}
	return nil
}

// List gives a stretch of an item's comments, oldest first, and how many there are for who reads.
func (t *Talk) List(ctx context.Context, org id.ID, by *enduser.Person, item id.ID, offset, limit int) ([]comment.Comment, int64, error) {
	if _, err := t.find(ctx, org, by, item); err != nil {
		return nil, 0, err
	}
	team := by == nil
	total, err := t.Browser.Store.CountComments(ctx, org, item, team)
	if err != nil {
		return nil, 0, err
	}
	found, err := t.Browser.Store.Comments(ctx, org, comment.Query{Item: item, Private: team, Offset: offset, Limit: limit})
	return found, total, err
}

// tries bounds the retries of a change that meets others of the same comment.
const tries = 5

// Rewrite changes a comment's text. The team may change any, a subscriber their own.
func (t *Talk) Rewrite(ctx context.Context, org id.ID, by *enduser.Person, wanted id.ID, text string) (comment.Comment, error) {
	if err := comment.CheckText(text); err != nil {
		return comment.Comment{}, err
	}
	for try := 1; ; try++ {
		found, err := t.own(ctx, org, by, wanted)
		if err != nil {
			return found, err
		}
		found.Text, found.UpdatedAt = text, t.now()
		err = t.Browser.Store.ReplaceComment(ctx, org, found)
		if err == nil || apierr.KindOf(err) != apierr.Conflict || try == tries {
			return found, err
		}
	}
}

// Delete removes a comment; answers to it stay. The team may remove any, a subscriber their own.
func (t *Talk) Delete(ctx context.Context, org id.ID, by *enduser.Person, wanted id.ID) error {
	if _, err := t.own(ctx, org, by, wanted); err != nil {
		return err
	}
	return t.Browser.Store.DeleteComment(ctx, org, wanted)
}

// own finds a comment that who speaks may change. One that a subscriber may not even read is apierr.NotFound to them.
func (t *Talk) own(ctx context.Context, org id.ID, by *enduser.Person, wanted id.ID) (comment.Comment, error) {
	found, err := t.Browser.Store.Comment(ctx, org, wanted)
	if err != nil || by == nil {
		return found, err
	}
	sight, err := t.find(ctx, org, by, found.Item)
	switch {
	case err != nil && apierr.KindOf(err) != apierr.NotFound:
		return found, err
	case err != nil || found.Private:
		return found, apierr.Missing("comment")
	case !sight.To.Owns(found.Person):
		return found, apierr.New(apierr.Forbidden, apierr.CodeForbidden, "This comment is somebody else's.")
	}
	return found, nil
}

// find demands that an item is there for who asks.
func (t *Talk) find(ctx context.Context, org id.ID, by *enduser.Person, item id.ID) (browse.Sight, error) {
	sight, err := t.Browser.Sight(ctx, org, by)
	if err == nil {
		_, err = t.Browser.Find(ctx, sight, item)
	}
	return sight, err
}

// now is the time as stores keep it.
func (t *Talk) now() time.Time { return t.Now().UTC().Truncate(time.Millisecond) }
