// Package vote is what people think of something, each of them once.
package vote

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Kind is what is voted on.
type Kind string

// The kinds.
const (
	OnFeedback Kind = "feedback"
	OnArticle  Kind = "article"
)

// Vote is one person's on one thing. Value is 1 for, or -1 against; feedback has votes for it only.
type Vote struct {
	Kind    Kind
	Subject id.ID
	Person  id.ID
	Value   int
	At      time.Time
}

// Place is where a list of votes, newest first, was left.
type Place struct {
	At      time.Time
	Subject id.ID
}

// Tally counts the votes on one thing.
type Tally struct{ For, Against int64 }

// Store keeps votes. What is another Org's is not there. Whenever a call that changed a vote on feedback returns, the item's
// Votes and its place on every board are what the votes on it are; a store that dies in between makes that good by SettleVotes.
type Store interface {
	// CastVote stores the vote in place of the person's former one on the subject, and tells whether that changed anything:
	// of many racing calls with one value, one does. Feedback that is not there is apierr.NotFound.
	CastVote(ctx context.Context, org id.ID, vote Vote) (changed bool, err error)
	// WithdrawVote removes the person's vote on the subject, and tells whether there was one.
	WithdrawVote(ctx context.Context, org id.ID, kind Kind, subject, person id.ID) (changed bool, err error)
	// VotesOf gives the person's votes on these subjects, in no order.
	VotesOf(ctx context.Context, org, person id.ID, subjects []id.ID) ([]Vote, error)
	// VotesBy gives up to limit of the person's votes, newest first, all before the place unless that is zero.
	VotesBy(ctx context.Context, org, person id.ID, before Place, limit int) ([]Vote, error)
	// VotesOn gives up to limit votes on the subject, in the order of their Person, which is after the given one.
	VotesOn(ctx context.Context, org, subject, after id.ID, limit int) ([]Vote, error)
	// CountVotes counts the votes on the subject.
	CountVotes(ctx context.Context, org, subject id.ID) (Tally, error)
	// SettleVotes counts anew, of all Orgs, up to limit items whose last vote came before then and was not counted, and tells
	// how many that were.
	SettleVotes(ctx context.Context, before time.Time, limit int) (int, error)
}
