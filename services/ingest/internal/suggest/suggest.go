// Package suggest takes in feedback that is submitted to a team's boards, durable before it is answered.
package suggest

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/board"
	"github.com/heard-dev/heard/pkg/core/email"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// Store is what suggestions are kept in.
type Store interface {
	InsertFeedback(ctx context.Context, org id.ID, item feedback.Item) error
	Member(ctx context.Context, org, member id.ID) (tenant.Member, error)
}

// Suggester takes suggestions in.
type Suggester struct {
	Store   Store
	People  *enduser.Directory
	Shelves *board.Shelves
	IDs     *id.Source
	Now     func() time.Time
}

// Creator is whose a suggestion is that a team hands in, which vouches for them: a person it knows, or a name and an address.
// One of whom nothing is said is the team's own.
type Creator struct {
	Person id.ID
	Email  string
	Name   string
}

// Placed is an item that was stored, and what names its board and tags.
type Placed struct {
	feedback.Item
	Labels board.Labels
}

// OfSubscriber stores what a subscriber says. To them there are public boards alone.
func (s *Suggester) OfSubscriber(ctx context.Context, org id.ID, person *enduser.Person, said feedback.Suggestion) (Placed, error) {
	said.From = submitter(person)
	item, err := feedback.NewOnBoard(said, s.IDs.New(), org, s.Now())
	if err != nil {
		return Placed{}, err
	}
	labels, err := s.labels(ctx, org, &item)
	if err == nil {
		err = labels.DemandPublic(item.Board)
	}
	if err != nil {
		return Placed{}, err
	}
	return Placed{item, labels}, s.Store.InsertFeedback(ctx, org, item)
}

// OfTeam stores what a team hands in by a key of that member, zero for an operator's. It meets the creator only when nothing
// else can be at fault.
func (s *Suggester) OfTeam(ctx context.Context, org, member id.ID, who Creator, said feedback.Suggestion) (Placed, error) {
	if err := Check(who, said); err != nil {
		return Placed{}, err
	}
	item, err := feedback.NewOnBoard(said, s.IDs.New(), org, s.Now())
	if err != nil {
		return Placed{}, err
	}
	labels, err := s.labels(ctx, org, &item)
	if err == nil && !item.Assignee.IsZero() {
		_, err = s.Store.Member(ctx, org, item.Assignee)
	}
	if err == nil {
		item.Submitter, err = s.creator(ctx, org, who)
	}
	if err != nil {
		return Placed{}, err
	}
	item.Submitter.Member = member
	return Placed{item, labels}, s.Store.InsertFeedback(ctx, org, item)
}

// Check names every fault that can be told without a store, at once.
func Check(who Creator, said feedback.Suggestion) error {
	_, err := feedback.NewOnBoard(said, id.Zero, id.Zero, time.Time{})
	if faults := append(apierr.Issues(err), who.faults()...); len(faults) > 0 {
		return apierr.Body(faults...)
	}
	return nil
}

// labels are read where the item names any, all of which must be there.
func (s *Suggester) labels(ctx context.Context, org id.ID, item *feedback.Item) (board.Labels, error) {
	if item.Board.IsZero() && len(item.Tags) == 0 {
		return board.Labels{}, nil
	}
	labels, err := s.Shelves.Labels(ctx, org)
	if err != nil {
		return labels, err
	}
	return labels, labels.Demand(item.Board, item.Tags)
}

// creator finds or meets whose an item is.
func (s *Suggester) creator(ctx context.Context, org id.ID, who Creator) (feedback.Submitter, error) {
	var person enduser.Person
	var err error
	switch {
	case !who.Person.IsZero():
		person, err = s.People.Get(ctx, org, who.Person)
	case who.Email != "":
		person, _, err = s.People.Meet(ctx, org, enduser.Sighting{Email: who.Email, Name: who.Name, Source: enduser.FromSubscriber})
	default:
		return feedback.Submitter{Mode: feedback.Private}, nil
	}
	return submitter(&person), err
}

func submitter(p *enduser.Person) feedback.Submitter {
	return feedback.Submitter{Mode: feedback.Private, ExternalUserID: p.ExternalID, Email: p.Email, Name: p.Name, Person: p.ID}
}

func (c Creator) faults() (issues []apierr.Issue) {
	fault := func(field, code, message string) {
		issues = append(issues, apierr.Issue{Path: []any{field}, Code: code, Message: message})
	}
	switch {
	case !c.Person.IsZero() && c.Email != "":
		fault("creatorEmail", "not_allowed", "creatorId says already whose it is")
	case c.Email != "" && !email.Plausible(c.Email):
		fault("creatorEmail", "invalid_format", fmt.Sprintf("must be an e-mail address of at most %d characters", email.Max))
	case c.Name != "" && c.Email == "" && c.Person.IsZero():
		fault("creatorEmail", "required", "must be said where creatorName is")
	}
	if utf8.RuneCountInString(c.Name) > feedback.MaxName {
		fault("creatorName", "too_big", fmt.Sprintf("must have at most %d characters", feedback.MaxName))
	}
	return issues
}
