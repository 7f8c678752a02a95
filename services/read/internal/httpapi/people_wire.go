package httpapi

import (
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/dialect/users"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/read/internal/people"
)

type peopleIn struct {
	ExternalUserID string `query:"externalUserId" minLength:"1" maxLength:"256" doc:"As user tokens and events spell it."`
	Email          string `query:"email" minLength:"1" maxLength:"254" doc:"Whatever its case."`
	Search         string `query:"q" minLength:"1" maxLength:"256" doc:"Stands in the name, an e-mail address or an external id, whatever the case."`
	Offset         int    `query:"offset" minimum:"0" maximum:"10000" default:"0"`
	Limit          int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

func (in *peopleIn) query() people.Query {
	return people.Query{
		ExternalID: in.ExternalUserID, Email: in.Email, Query: enduser.Query{Search: in.Search, Offset: in.Offset, Limit: orDefault(in.Limit)},
	}
}

type personIn struct {
	ID     string `path:"id"`
	Cursor string `query:"cursor" pattern:"^[0-9a-f]{66}$" doc:"The timeline's nextCursor of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Of the timeline."`
}

type mergeIn struct {
	ID   string `path:"id"`
	Body struct {
		Into string `json:"into" pattern:"^[0-9a-f]{24}$" doc:"The person who stays."`
	}
}

type peopleOut struct{ Body peoplePage }

type peoplePage struct {
	Data  []PersonSummary `json:"data" nullable:"false"`
	Total int64           `json:"total" doc:"How many there are, among the newest 10,000."`
}

type personOut struct{ Body PersonDetail }

type wholePersonOut struct{ Body wholePerson }

// PersonSummary is a person as lists show them. It is exported for huma, which leaves out what is embedded unexported.
type PersonSummary struct {
	ID              string          `json:"id"`
	Name            *string         `json:"name"`
	ExternalUserIDs []string        `json:"externalUserIds" nullable:"false" doc:"What your own systems call them."`
	Emails          []string        `json:"emails" nullable:"false"`
	Contested       []string        `json:"contestedEmails" nullable:"false" doc:"Vouched for as theirs, and another person's: merge the two if they are one."`
	Source          string          `json:"source" enum:"subscriber,widget,events,users" doc:"Where they were met first."`
	Subscriber      subscriberState `json:"subscriber"`
	CreatedAt       string          `json:"createdAt" format:"date-time"`
	UpdatedAt       string          `json:"updatedAt" format:"date-time"`
}

type subscriberState struct {
	ID            string  `json:"id" format:"uuid" doc:"As the Userorbit API spells the person."`
	Active        bool    `json:"active"`
	DeactivatedAt *string `json:"deactivatedAt" format:"date-time" doc:"Since when they are shut out."`
}

// PersonDetail is who somebody is. It is exported like PersonSummary.
type PersonDetail struct {
	PersonSummary
	AccountID  *string           `json:"accountId" doc:"In the users API: the account that has one of the addresses."`
	Attributes httpkit.RawObject `json:"attributes" doc:"As subscribers were given them."`
	Traits     httpkit.RawObject `json:"traits" doc:"As events told them, the latest of each."`
	Records    []personRecord    `json:"records" nullable:"false" doc:"What was merged into the person; the first is the person's own."`
}

type personRecord struct {
	ID             string  `json:"id"`
	ExternalUserID *string `json:"externalUserId"`
	Email          *string `json:"email"`
	ContestedEmail *string `json:"contestedEmail"`
	Name           *string `json:"name"`
	Source         string  `json:"source" enum:"subscriber,widget,events,users"`
	MergedInto     *string `json:"mergedInto" doc:"The record that it is merged into; null for the person's own."`
	CreatedAt      string  `json:"createdAt" format:"date-time"`
}

type wholePerson struct {
	PersonDetail
	Timeline personTimeline `json:"timeline"`
}

func peopleView(page people.Page) peoplePage {
	body := peoplePage{Data: make([]PersonSummary, len(page.People)), Total: page.Total}
	for n := range page.People {
		body.Data[n] = summaryView(&page.People[n])
	}
	return body
}

// summaryView points into p.
func summaryView(p *enduser.Whole) PersonSummary {
	return PersonSummary{
		ID: p.ID.String(), Name: userz.Optional(&p.Name), ExternalUserIDs: p.ExternalIDs(), Emails: p.Emails(), Contested: p.Contested(),
		Source: string(p.Source), Subscriber: subscriberState{ID: p.ID.UUID(), Active: p.Active(), DeactivatedAt: optionalTime(p.DeactivatedAt)},
		CreatedAt: userz.Time(p.CreatedAt), UpdatedAt: userz.Time(p.UpdatedAt),
	}
}

func personView(p people.Portrait) PersonDetail {
	body := PersonDetail{
		PersonSummary: summaryView(&p.Whole), Attributes: object(p.Attributes), Traits: object(p.Traits), Records: make([]personRecord, len(p.Records)),
	}
	if !p.Account.IsZero() {
		account := p.Account.Prefixed(users.Prefix)
		body.AccountID = &account
	}
	for n := range p.Records {
		body.Records[n] = recordView(&p.Records[n])
	}
	return body
}

// recordView points into r.
func recordView(r *enduser.Person) personRecord {
	return personRecord{
		ID: r.ID.String(), ExternalUserID: userz.Optional(&r.ExternalID), Email: userz.Optional(&r.Email), ContestedEmail: userz.Optional(&r.Contested),
		Name: userz.Optional(&r.Name), Source: string(r.Source), MergedInto: optionalID(r.Into), CreatedAt: userz.Time(r.CreatedAt),
	}
}

// object is an object that may be unsaid, which is the empty one.
func object(raw []byte) httpkit.RawObject {
	if raw == nil {
		return httpkit.RawObject("{}")
	}
	return raw
}
