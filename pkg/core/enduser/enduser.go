// Package enduser is one person seen through several doors: the widget's sub, the event's user.id, the subscriber's e-mail
// and the account in the users directory.
package enduser

import (
	"context"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Person is one record of an end user. It has at most one external id and one e-mail address; somebody who turns out to have
// several of either has several records, of which one is the root and the others are merged into it. A record keeps its names
// when it is merged, so that a merge can be undone.
type Person struct {
	ID         id.ID
	Org        id.ID
	ExternalID string // as the customer's own systems name them; may be empty
	Email      string // in lower case, vouched for by the customer's key or secret; may be empty
	Contested  string // an address vouched for that is another person's already; may be empty
	Name       string // may be empty
	Attributes []byte // a JSON object, or nil
	Source     Source
	CreatedAt  time.Time
	UpdatedAt  time.Time
	// DeactivatedAt is when the person was shut out; zero: not.
	DeactivatedAt time.Time
	// Into is the record that this one is merged into; zero: none, it is a root.
	Into    id.ID
	Version int64
}

// Source is where a person was met first.
type Source string

// The sources.
const (
	FromSubscriber Source = "subscriber" // the Userorbit surface
	FromWidget     Source = "widget"     // a signed submission
	FromEvents     Source = "events"
	FromDirectory  Source = "users" // the users surface
)

// Active tells whether the person is heard.
func (p Person) Active() bool { return p.DeactivatedAt.IsZero() }

// Window is how far a list of people is looked through; see feedback.Window.
const Window = 10_000

// Query selects a page of roots, newest first. Search stands in the name, the address or the external id, whatever the case;
// it chooses from the newest Window people.
type Query struct {
	Search string
	Offset int
	Limit  int
}

// Selects tells whether the query chooses a root that it walks past, by its names alone.
func (q Query) Selects(p Person) bool {
	for _, name := range []string{p.Name, p.Email, p.ExternalID} {
		if strings.Contains(strings.ToLower(name), strings.ToLower(q.Search)) {
			return true
		}
	}
	return false
}

// Stretch is where the page begins in what is walked, and how many people it may have.
func (q Query) Stretch() (first, most int) {
	first = min(max(q.Offset, 0), Window)
	return first, min(max(q.Limit, 1), Window-first)
}

// Page is a stretch of a list. Total counts what the query selects within the Window.
type Page struct {
	People []Person
	Total  int64
}

// Store keeps people. What is another Org's is not found. An ExternalID or Email that another record of the Org bears is
// apierr.Conflict with CodeAlreadyExists.
type Store interface {
	CreatePerson(ctx context.Context, org id.ID, person Person) error
	Person(ctx context.Context, org, person id.ID) (Person, error)
	// PersonByExternalID and PersonByEmail give the record that bears the name, merged or not. The address is compared in
	// lower case.
	PersonByExternalID(ctx context.Context, org id.ID, externalID string) (Person, error)
	PersonByEmail(ctx context.Context, org id.ID, email string) (Person, error)
	// ReplacePerson stores the person if its Version is still the stored one, and gives it the next; otherwise
	// apierr.Conflict with CodeChanged.
	ReplacePerson(ctx context.Context, org id.ID, person Person) error
	DeletePerson(ctx context.Context, org, person id.ID) error
	People(ctx context.Context, org id.ID, query Query) (Page, error)
	// CountPeople counts the roots.
	CountPeople(ctx context.Context, org id.ID) (int64, error)
	// MergedInto gives up to limit records that are merged into this very one, oldest first.
	MergedInto(ctx context.Context, org, person id.ID, limit int) ([]Person, error)
}
