package httpapi

import (
	"context"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/read/internal/ballot"
)

func (f feedbacks) votes() {
	door := httpkit.TeamOrSubscriber(access.FeedbackWrite, gate.UserorbitBySubscriber()).Counted("feedback")
	route := action("feedbacks", "vote", feedbackTag, "Vote for one feedback, or take the vote back", door, gone("feedback or subscriber"), unmovable())
	route.Notes = "A person votes once. Each call turns the vote over, unless `voted` says what it shall be: then it may be repeated. A subscriber " +
		"votes for themselves, a team for the subscriber it names."
	httpkit.HandleWrite(f.api, route, f.vote)
}

type ballotPaper struct {
	ID           string   `json:"id"`
	SubscriberID string   `json:"subscriberId,omitempty" nullable:"true" doc:"Whose vote it is; a team must say so."`
	Voted        *bool    `json:"voted,omitempty" doc:"What the vote shall be; without it, the opposite of what it is."`
	_            struct{} `json:"-" additionalProperties:"true"`
}

type feedbackVote struct {
	Voted bool  `json:"voted"`
	Votes int64 `json:"votes" doc:"Of everybody."`
}

func (f feedbacks) vote(ctx context.Context, caller auth.Principal, in *ballotPaper) (*one[feedbackVote], error) {
	who, err := voter(ctx, f.browser.People, caller, in.SubscriberID)
	if err != nil {
		return nil, err
	}
	standing, err := f.box.Vote(ctx, caller.Org.ID, caller.Person, who, userorbit.ID(in.ID), in.Voted)
	return single(standing, err, func(s *ballot.Standing) feedbackVote { return feedbackVote{s.Voted, s.Votes} })
}
