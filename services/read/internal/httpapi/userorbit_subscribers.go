package httpapi

import (
	"context"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
)

// UserorbitSubscribers adds the actions by which a team keeps its subscribers.
func UserorbitSubscribers(api *httpkit.API, people *enduser.Directory) {
	s := subscribers{api, people}
	s.reads(httpkit.Team(access.PeopleRead))
	s.writes(httpkit.Team(access.PeopleWrite))
}

type subscribers struct {
	api    *httpkit.API
	people *enduser.Directory
}

const subscriberTag = "Subscribers"

func (s subscribers) reads(door httpkit.Door) {
	list := action("subscribers", "list", subscriberTag, "List subscribers, newest first", door)
	list.Notes = "Everybody whom the team knows, by whatever surface they came. Records that were found to be one person's are one row."
	httpkit.HandleRead(s.api, list, func(ctx context.Context, caller auth.Principal, in *stretch) (*many[userorbit.Subscriber], error) {
		return s.page(ctx, caller.Org.ID, enduser.Query{Offset: in.Offset, Limit: in.Limit})
	})

	search := action("subscribers", "search", subscriberTag, "Search subscribers, newest first", door)
	search.Notes = "In the name, the address and the id of your own systems, whatever the case, among the newest 10,000. (The vendor's answers nothing.)"
	httpkit.HandleRead(s.api, search, func(ctx context.Context, caller auth.Principal, in *subscriberSearch) (*many[userorbit.Subscriber], error) {
		return s.page(ctx, caller.Org.ID, enduser.Query{Search: in.Query, Offset: in.Offset, Limit: in.Limit})
	})

	info := action("subscribers", "info", subscriberTag, "Get one subscriber", door, gone("subscriber"))
	httpkit.HandleRead(s.api, info, func(ctx context.Context, caller auth.Principal, in *which) (*one[userorbit.Subscriber], error) {
		found, err := s.people.Get(ctx, caller.Org.ID, userorbit.ID(in.ID))
		return single(found, err, userorbit.SubscriberView)
	})

	count := action("subscribers", "count", subscriberTag, "Count subscribers", door)
	httpkit.HandleRead(s.api, count, func(ctx context.Context, caller auth.Principal, _ *nothing) (*one[counted], error) {
		n, err := s.people.Store.CountPeople(ctx, caller.Org.ID)
		return single(n, err, func(n *int64) counted { return counted{*n} })
	})
}

func (s subscribers) page(ctx context.Context, org id.ID, query enduser.Query) (*many[userorbit.Subscriber], error) {
	said := query.Limit
	query.Limit = limit(said)
	page, err := s.people.Store.People(ctx, org, query)
	return listed(page.People, page.Total, query.Offset, said, userorbit.SubscriberView), err
}

func (s subscribers) writes(door httpkit.Door) {
	taken := httpkit.Fault{Kind: apierr.Invalid, Code: apierr.CodeInvalidBody, When: "another subscriber has that address (`A contact with this email already exists`)"}
	changed := httpkit.Fault{Kind: apierr.Conflict, Code: apierr.CodeChanged, When: "somebody else changed them at the same moment; please try again"}

	create := action("subscribers", "create", subscriberTag, "Create a subscriber", door, taken)
	httpkit.HandleWrite(s.api, create, func(ctx context.Context, caller auth.Principal, in *newSubscriber) (*one[userorbit.Subscriber], error) {
		made, err := s.people.Add(ctx, caller.Org.ID, enduser.Sighting{
			Email: in.Email, Name: in.Name, Attributes: told(in.Metadata), Source: enduser.FromSubscriber,
		})
		return single(made, known(err), userorbit.SubscriberView)
	})

	update := action("subscribers", "update", subscriberTag, "Change a subscriber", door, taken, gone("subscriber"), changed)
	update.Notes = "What is left out stays. The metadata is merged: members replace members, objects merge, null removes."
	httpkit.HandleWrite(s.api, update, func(ctx context.Context, caller auth.Principal, in *subscriberEdit) (*one[userorbit.Subscriber], error) {
		edited, err := s.people.Update(ctx, caller.Org.ID, userorbit.ID(in.ID), enduser.Change{
			Name: in.Name, Email: in.Email, Attributes: told(in.Metadata),
		})
		return single(edited, known(err), userorbit.SubscriberView)
	})

	deactivate := action("subscribers", "deactivate", subscriberTag, "Shut a subscriber out", door, gone("subscriber"), changed)
	deactivate.Notes = "When the answer comes, no token of theirs opens anything any more, and none is given for them."
	httpkit.HandleWrite(s.api, deactivate, func(ctx context.Context, caller auth.Principal, in *which) (*one[userorbit.Subscriber], error) {
		shut, err := s.people.Deactivate(ctx, caller.Org.ID, caller.By().Actor, userorbit.ID(in.ID))
		return single(shut, err, userorbit.SubscriberView)
	})

	remove := action("subscribers", "delete", subscriberTag, "Delete a subscriber", door, gone("subscriber"))
	remove.Notes = "When the answer comes, no token of theirs opens anything any more. What they said stays, and is nobody's."
	httpkit.HandleWrite(s.api, remove, func(ctx context.Context, caller auth.Principal, in *which) (*one[userorbit.Done], error) {
		return done(s.people.Remove(ctx, caller.Org.ID, caller.By().Actor, userorbit.ID(in.ID)))
	})
}

// known is the documented refusal of an address that somebody has.
func known(err error) error {
	if err == nil || apierr.Of(err).Code != apierr.CodeAlreadyExists {
		return err
	}
	return apierr.Wrap(err, apierr.Invalid, apierr.CodeInvalidBody, "A contact with this email already exists")
}

// told is an object's bytes; an explicit null says as little as nothing.
func told(object httpkit.RawObject) []byte {
	if string(object) == "null" {
		return nil
	}
	return object
}

type counted struct {
	Count int64 `json:"count"`
}

type subscriberSearch struct {
	Query  string   `json:"query,omitempty" query:"query" maxLength:"256"`
	Offset int      `json:"offset,omitempty" query:"offset" minimum:"0" maximum:"10000" default:"0"`
	Limit  int      `json:"limit,omitempty" query:"limit" minimum:"1" maximum:"100" default:"25"`
	_      struct{} `json:"-" additionalProperties:"true"`
}

type newSubscriber struct {
	Email    string            `json:"email" format:"email" maxLength:"254" doc:"Whatever its case; kept in lower case."`
	Name     string            `json:"name" maxLength:"256"`
	Metadata httpkit.RawObject `json:"metadata,omitempty" nullable:"true"`
	_        struct{}          `json:"-" additionalProperties:"true"`
}

type subscriberEdit struct {
	ID       string            `json:"id"`
	Email    *string           `json:"email,omitempty" format:"email" maxLength:"254"`
	Name     *string           `json:"name,omitempty" maxLength:"256"`
	Metadata httpkit.RawObject `json:"metadata,omitempty" nullable:"true"`
	_        struct{}          `json:"-" additionalProperties:"true"`
}
