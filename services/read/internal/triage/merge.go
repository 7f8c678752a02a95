package triage

import (
	"context"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
)

// votesAtOnce bounds one page of votes.
const votesAtOnce = 500

// Merge makes one item a duplicate of another, which it gives, and everybody who voted for it a voter for that. Whoever dies on
// the way leaves votes that count for both, and may do it again.
func (d *Desk) Merge(ctx context.Context, org, source, target id.ID) (Decided, error) {
	sight, err := d.Browser.Sight(ctx, org, nil)
	if err != nil {
		return Decided{}, err
	}
	if err := d.demandBoth(ctx, org, source, target); err != nil {
		return Decided{}, err
	}
	if source == target {
		return Decided{}, apierr.Body(apierr.Issue{Path: []any{"targetId"}, Code: "invalid_value", Message: "must be other feedback"})
	}
	if err := d.castAgain(ctx, org, source, target); err != nil {
		return Decided{}, err
	}
	merged, was := feedback.Duplicate, feedback.Status("")
	_, err = d.decide(ctx, sight, source, func(i *feedback.Item) (feedback.Change, error) {
		if i.DuplicateOf == target {
			return feedback.Change{}, errAsItIs
		}
		was = i.Status
		return feedback.Change{Status: &merged, DuplicateOf: &target}, onBoard(i)
	})
	if err == nil {
		err = d.uncross(ctx, org, source, target, was)
	}
	if err == nil {
		err = d.castAgain(ctx, org, source, target) // who voted meanwhile
	}
	if err != nil {
		return Decided{}, err
	}
	item, err := d.Store.Feedback(ctx, org, target)
	return Decided{sight, item}, err
}

// demandBoth refuses what cannot be merged: what is archived, or merged elsewhere.
func (d *Desk) demandBoth(ctx context.Context, org, source, target id.ID) error {
	from, err := d.Store.Feedback(ctx, org, source)
	if err != nil {
		return err
	}
	into, err := d.Store.Feedback(ctx, org, target)
	if err == nil {
		err = onBoard(&into)
	}
	if err == nil && from.DuplicateOf != target {
		err = onBoard(&from)
	}
	return err
}

func onBoard(item *feedback.Item) error {
	if item.Stage() != "" {
		return nil
	}
	return apierr.New(apierr.Conflict, apierr.CodeInvalidTransition, "Feedback that is archived, or merged into other feedback, cannot be merged.")
}

// castAgain casts each vote on the source for the target too.
func (d *Desk) castAgain(ctx context.Context, org, source, target id.ID) error {
	for after := id.Zero; ; {
		votes, err := d.Store.VotesOn(ctx, org, source, after, votesAtOnce)
		if err != nil || len(votes) == 0 {
			return err
		}
		for _, v := range votes {
			after = v.Person
			again := vote.Vote{Kind: vote.OnFeedback, Subject: target, Person: v.Person, Value: v.Value, At: v.At}
			if _, err := d.Store.CastVote(ctx, org, again); err != nil {
				return err
			}
		}
	}
}

// uncross takes a merge back when the target was merged or archived at the same moment: neither would stand on a board.
func (d *Desk) uncross(ctx context.Context, org, source, target id.ID, was feedback.Status) error {
	into, err := d.Store.Feedback(ctx, org, target)
	if err == nil {
		err = onBoard(&into)
	}
	if err == nil || was == "" {
		return err
	}
	none := id.Zero
	_, errBack := d.Store.AmendFeedback(ctx, org, source, feedback.Duplicate, feedback.Change{Status: &was, DuplicateOf: &none}, d.Now())
	if errBack != nil {
		return errBack
	}
	return err
}
