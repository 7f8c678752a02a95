package help

import (
	"context"
	"slices"
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

// React stores what a person thinks of an article that users are shown: 1 or -1, in place of what they thought before. A person
// is their records, the root first.
func (l *Library) React(ctx context.Context, org id.ID, person []id.ID, article id.ID, value int) error {
	if _, err := l.For(ctx, org, article); err != nil {
		return err
	}
	at := l.now().UTC().Truncate(time.Millisecond)
	_, err := l.votes.CastVote(ctx, org, vote.Vote{Kind: vote.OnArticle, Subject: article, Person: person[0], Value: value, At: at})
	if err != nil {
		return err
	}
	return l.withdraw(ctx, org, person[1:], article)
}

// Withdraw takes back what a person thought of an article; one that thought nothing of it stays so.
func (l *Library) Withdraw(ctx context.Context, org id.ID, person []id.ID, article id.ID) error {
	if _, err := l.For(ctx, org, article); err != nil {
		return err
	}
	return l.withdraw(ctx, org, person, article)
}

func (l *Library) withdraw(ctx context.Context, org id.ID, records []id.ID, article id.ID) error {
	for _, record := range records {
		if _, err := l.votes.WithdrawVote(ctx, org, vote.OnArticle, article, record); err != nil {
			return err
		}
	}
	return nil
}

// Tally counts what people think of an article.
func (l *Library) Tally(ctx context.Context, org, article id.ID) (vote.Tally, error) {
	if _, err := l.articles.Get(ctx, org, article); err != nil {
		return vote.Tally{}, err
	}
	return l.votes.CountVotes(ctx, org, article)
}

// Reactions gives what a person thinks of these articles, by their ids. What the root thinks counts before its records.
func (l *Library) Reactions(ctx context.Context, org id.ID, person []id.ID, articles []Article) (map[id.ID]int, error) {
	subjects := make([]id.ID, len(articles))
	for i, a := range articles {
		subjects[i] = a.ID
	}
	thought := map[id.ID]int{}
	for _, record := range slices.Backward(person) {
		votes, err := l.votes.VotesOf(ctx, org, record, subjects)
		if err != nil {
			return nil, err
		}
		for _, v := range votes {
			thought[v.Subject] = v.Value
		}
	}
	return thought, nil
}
