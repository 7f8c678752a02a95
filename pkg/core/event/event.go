// Package event is what users of an Org's product did, and who they are: taken in one at a time or many at once.
package event

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Kind is what a message says: that something happened, or who somebody is.
type Kind string

// The kinds (D24).
const (
	Track    Kind = "event"
	Identify Kind = "identify"
)

// User is whom it concerns, by the customer's own id. Traits is a JSON object, or nil.
type User struct {
	ID     string
	Email  string
	Traits []byte
}

// Event is one stored message. Name is empty for an Identify. Properties is a JSON object, or nil. At is when it happened,
// as the client says; ReceivedAt is ours, and what lists go by.
type Event struct {
	ID         id.ID
	Org        id.ID
	App        id.ID // of the key that brought it, where that is bound to one
	Kind       Kind
	Name       string
	User       User
	Properties []byte
	At         time.Time
	ReceivedAt time.Time
	Test       bool
	Address    string
	UserAgent  string
}

// Remembered is for how long an event that a client named is recognised when it comes again.
const Remembered = 7 * 24 * time.Hour

// Query selects a page of events, newest first by ReceivedAt, then by ID. Zero fields do not select; From and To bound
// ReceivedAt, To exclusive. Before is the place of the last event of the page before.
type Query struct {
	App      id.ID
	Name     string
	UserID   string
	From, To time.Time
	Before   Place
	Limit    int
}

// Place is where an event stands in a list; the zero Place is before all.
type Place struct {
	ReceivedAt time.Time
	ID         id.ID
}

// Store keeps events. What is another Org's is not found.
type Store interface {
	// InsertEvents stores, durably and in as few writes as can be, each event whose ID the Org has not; every event stands
	// for itself. It gives for each event the ReceivedAt of the one that stood already, zero where it was stored. An error
	// means that some may be stored and some not; to repeat the call settles it.
	InsertEvents(ctx context.Context, org id.ID, events []Event) ([]time.Time, error)
	Event(ctx context.Context, org, event id.ID) (Event, error)
	// Events gives a page at a cost that does not grow with the collection, whichever of Name and UserID selects.
	Events(ctx context.Context, org id.ID, query Query) ([]Event, error)
	// CountEvents counts the Org's events that are no tests and were received at or after since.
	CountEvents(ctx context.Context, org id.ID, since time.Time) (int64, error)
}

// Profile is what is known of a user by what was said of them. Traits is a JSON object.
type Profile struct {
	Org       id.ID
	UserID    string
	Email     string
	Traits    []byte
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64
}

// Profiles keeps profiles. What is another Org's is not found.
type Profiles interface {
	Profile(ctx context.Context, org id.ID, userID string) (Profile, error)
	// PutProfile stores the profile if the stored one's Version is still the given one (0: there is none), and gives it the
	// next; otherwise apierr.Conflict.
	PutProfile(ctx context.Context, org id.ID, profile Profile) error
}
