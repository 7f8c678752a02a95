package erase

import (
	"context"
	"slices"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
)

// endUser removes what the subject says, and everything of the people whom it names. In one App alone nobody is removed: people
// are of no App, and what they said in the others stays theirs.
func (j *job) endUser(ctx context.Context) error {
	if err := j.said(ctx, j.Subject); err != nil || !j.Subject.App.IsZero() {
		return err
	}
	records, err := j.records(ctx)
	if err != nil {
		return err
	}
	for _, record := range records {
		if err := j.person(ctx, record); err != nil {
			return err
		}
	}
	return j.Announce(ctx, j.Org) // also when there is none any more: whoever erased them may have died before
}

// records are those of the people whom the subject names, in the order in which they may go, so that whoever is left to go on
// finds the others by the named one: what is merged before what it is merged into, but the way from the root to the named one
// from its beginning.
func (j *job) records(ctx context.Context) ([]enduser.Person, error) {
	named, err := j.named(ctx)
	if err != nil {
		return nil, err
	}
	directory := enduser.NewDirectory(enduser.Deps{Store: j.Store})
	var others, way []enduser.Person
	for _, one := range named {
		whole, err := directory.Whole(ctx, j.Org, one.ID)
		if err != nil {
			return nil, err
		}
		records := whole.Records
		var back []enduser.Person
		for n := len(records) - 1; n >= 0; n-- { // each comes after what it is merged into
			if records[n].ID == one.ID || len(back) > 0 && records[n].ID == back[len(back)-1].Into {
				back = append(back, records[n])
			} else {
				others = append(others, records[n])
			}
		}
		slices.Reverse(back)
		way = append(way, back...)
	}
	return append(others, way...), nil
}

// named are the records that bear the subject's names.
func (j *job) named(ctx context.Context) (named []enduser.Person, err error) {
	look := func(found enduser.Person, failed error) {
		known := slices.ContainsFunc(named, func(p enduser.Person) bool { return p.ID == found.ID })
		switch {
		case failed == nil && !known:
			named = append(named, found)
		case failed != nil && apierr.KindOf(failed) != apierr.NotFound && err == nil:
			err = failed
		}
	}
	if !j.Subject.Person.IsZero() {
		look(j.Store.Person(ctx, j.Org, j.Subject.Person))
	}
	if j.Subject.ExternalUserID != "" {
		look(j.Store.PersonByExternalID(ctx, j.Org, j.Subject.ExternalUserID))
	}
	if j.Subject.Email != "" {
		look(j.Store.PersonByEmail(ctx, j.Org, j.Subject.Email))
	}
	return named, err
}

// person removes what somebody did under one record, and then the record.
func (j *job) person(ctx context.Context, record enduser.Person) error {
	of := erasure.Subject{Person: record.ID, ExternalUserID: record.ExternalID, Email: record.Email}
	if err := j.said(ctx, of); err != nil {
		return err
	}
	if err := j.votes(ctx, record.ID); err != nil {
		return err
	}
	if err := j.comments(ctx, record.ID); err != nil {
		return err
	}
	err := j.Store.DeletePerson(ctx, j.Org, record.ID)
	if err == nil {
		j.Receipt.Records++
	} else if apierr.KindOf(err) != apierr.NotFound {
		return err
	}
	return j.renew(ctx)
}

// votes takes a person's votes back, so that what they voted for is counted without them.
func (j *job) votes(ctx context.Context, person id.ID) error {
	for {
		votes, err := j.Store.VotesBy(ctx, j.Org, person, vote.Place{}, atOnce)
		if err != nil || len(votes) == 0 {
			return err
		}
		for _, v := range votes {
			taken, err := j.Store.WithdrawVote(ctx, j.Org, v.Kind, v.Subject, person)
			if err != nil {
				return err
			}
			if taken {
				j.Receipt.Votes++
			}
		}
		if err := j.renew(ctx); err != nil {
			return err
		}
	}
}

func (j *job) comments(ctx context.Context, person id.ID) error {
	for {
		comments, err := j.Store.CommentsBy(ctx, j.Org, person, id.Zero, atOnce)
		if err != nil || len(comments) == 0 {
			return err
		}
		for _, c := range comments {
			err := j.Store.DeleteComment(ctx, j.Org, c.ID)
			if err == nil {
				j.Receipt.Comments++
			} else if apierr.KindOf(err) != apierr.NotFound {
				return err
			}
		}
		if err := j.renew(ctx); err != nil {
			return err
		}
	}
}
