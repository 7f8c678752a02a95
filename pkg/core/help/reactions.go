package help

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
)

// For gives an article that users are shown.
func (l *Library) For(ctx context.Context, org, article id.ID) (Article, error) {
	found, err := l.articles.Get(ctx, org, article)
	if err == nil && found.Value.Status != Published {
		err = apierr.Missing("article")
	}
	return found, err
}

// React stores what a person thinks of an article that users are shown: 1 or -1, in place of what they thought before.
func (l *Library) React(ctx context.Context, org, person, article id.ID, value int) error {
	if _, err := l.For(ctx, org, article); err != nil {
		return err
	}
	at := l.now().UTC().Truncate(time.Millisecond)
	_, err := l.votes.CastVote(ctx, org, vote.Vote{Kind: vote.OnArticle, Subject: article, Person: person, Value: value, At: at})
	return err
}

// Withdraw takes back what a person thought of an article; one that thought nothing of it stays so.
func (l *Library) Withdraw(ctx context.Context, org, person, article id.ID) error {
	if _, err := l.For(ctx, org, article); err != nil {
		return err
	}
	_, err := l.votes.WithdrawVote(ctx, org, vote.OnArticle, article, person)
	return err
}

// Tally counts what people think of an article.
func (l *Library) Tally(ctx context.Context, org, article id.ID) (vote.Tally, error) {
	if _, err := l.articles.Get(ctx, org, article); err != nil {
		return vote.Tally{}, err
	}
	return l.votes.CountVotes(ctx, org, article)
}

// Reactions gives what a person thinks of these articles, by their ids.
func (l *Library) Reactions(ctx context.Context, org, person id.ID, articles []Article) (map[id.ID]int, error) {
	if len(articles) == 0 {
		return nil, nil
	}
	subjects := make([]id.ID, len(articles))
	for i, a := range articles {
		subjects[i] = a.ID
	}
	votes, err := l.votes.VotesOf(ctx, org, person, subjects)
	thought := map[id.ID]int{}
	for _, v := range votes {
		thought[v.Subject] = v.Value
	}
	return thought, err
}
