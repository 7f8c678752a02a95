package storetest

import (
	"context"

	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
)

func (w world) boardCalls() []call {
	return []call{
		{"CastVote", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.CastVote(ctx, org, vote.Vote{Kind: vote.OnFeedback, Subject: w.item.ID, Person: w.fresh.person.ID, Value: 1, At: later()})
		}},
		{"WithdrawVote", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.WithdrawVote(ctx, org, w.vote.Kind, w.vote.Subject, w.vote.Person)
		}},
		{"VotesOf", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.VotesOf(ctx, org, w.vote.Person, []id.ID{w.vote.Subject})
		}},
		{"VotesBy", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.VotesBy(ctx, org, w.vote.Person, vote.Place{}, 10)
		}},
		{"VotesOn", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.VotesOn(ctx, org, w.vote.Subject, id.Zero, 10)
		}},
		{"CountVotes", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.CountVotes(ctx, org, w.vote.Subject)
		}},
		{"SettleVotes", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.SettleVotes(ctx, far(), 10) }},
		{"InsertComment", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.InsertComment(ctx, org, w.fresh.comment))
		}},
		{"Comment", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Comment(ctx, org, w.comment.ID) }},
		{"Comments", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.Comments(ctx, org, comment.Query{Item: w.item.ID, Private: true, Limit: 10})
		}},
		{"CommentsBy", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.CommentsBy(ctx, org, w.comment.Person, id.Zero, 10)
		}},
		{"CountComments", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.CountComments(ctx, org, w.item.ID, true)
		}},
		{"ReplaceComment", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			next := w.comment
			next.Text = "replaced"
			return none(s.ReplaceComment(ctx, org, next))
		}},
		{"DeleteComment", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.DeleteComment(ctx, org, w.comment.ID))
		}},
		{"CreateResource", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.CreateResource(ctx, org, w.fresh.resource))
		}},
		{"Resource", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.Resource(ctx, org, w.resource.Kind, w.resource.ID)
		}},
		{"ResourceNamed", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.ResourceNamed(ctx, org, w.resource.Kind, w.resource.Parent, w.resource.Name)
		}},
		{"Resources", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.Resources(ctx, org, resource.Query{Kind: w.resource.Kind})
		}},
		{"CountResources", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.CountResources(ctx, org, resource.Query{Kind: w.resource.Kind})
		}},
		{"ReplaceResource", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			next := w.resource
			next.Name = "replaced"
			return none(s.ReplaceResource(ctx, org, next))
		}},
		{"DeleteResource", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.DeleteResource(ctx, org, w.resource.Kind, w.resource.ID))
		}},
	}
}

func (w world) peopleCalls() []call {
	return []call{
		{"CreatePerson", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.CreatePerson(ctx, org, w.fresh.person))
		}},
		{"Person", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Person(ctx, org, w.person.ID) }},
		{"PersonByExternalID", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.PersonByExternalID(ctx, org, w.person.ExternalID)
		}},
		{"PersonByEmail", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.PersonByEmail(ctx, org, w.person.Email)
		}},
		{"ReplacePerson", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			next := w.person
			next.Name = "replaced"
			return none(s.ReplacePerson(ctx, org, next))
		}},
		{"DeletePerson", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.DeletePerson(ctx, org, w.person.ID))
		}},
		{"People", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			page, err := s.People(ctx, org, enduser.Query{Limit: 10})
			return page.People, err
		}},
		{"CountPeople", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.CountPeople(ctx, org) }},
		{"MergedInto", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.MergedInto(ctx, org, w.person.ID, 10)
		}},
	}
}
