package event

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// turnEvents is how many events one write takes.
const turnEvents = 1_000

// Inserter is the part of a Store that a Writer needs.
type Inserter interface {
	InsertEvents(ctx context.Context, org id.ID, events []Event) ([]time.Time, error)
}

// Writer stores events, in few writes and fairly between Orgs. The Answer to one is since when another with its ID stood
// already; zero if it is stored.
type Writer struct{ *queue[Event, time.Time] }

// NewWriter makes a Writer that has at most so many writes in flight: a few where the store is a network away, one where
// it writes alone anyway.
func NewWriter(store Inserter, writes int) *Writer {
	insert := func(ctx context.Context, org id.ID, events []Event) ([]time.Time, error) {
		return store.InsertEvents(ctx, org, events)
	}
	return &Writer{newQueue(insert, (*Event).size, turnEvents, writes)}
}

func (e *Event) size() int {
	return len(e.Name) + len(e.User.ID) + len(e.User.Email) + len(e.User.Traits) + len(e.Properties) + len(e.Address) + len(e.UserAgent)
}
