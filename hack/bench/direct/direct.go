// Package direct inserts events by a bare driver, as durably as Heard does and beside the same indexes: what Heard's way of
// taking them in is held against.
package direct

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/heard-dev/heard/hack/bench/subject"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

// Driver inserts copies of one event, each under an id of its own.
type Driver interface {
	InsertOne(ctx context.Context) error
	InsertMany(ctx context.Context, n int) error
	Close(ctx context.Context) error
}

// sample is an event as Heard makes it of subject.Event.
func sample(ids *id.Source) event.Event {
	now := time.Now().UTC().Truncate(time.Millisecond)
	org := ids.New()
	return event.Event{
		ID: ids.New(), Org: org, Kind: event.Track, Name: subject.EventName, User: event.User{ID: subject.EventUser},
		Properties: []byte(subject.EventProperties), At: now, ReceivedAt: now, Address: "127.0.0.1", UserAgent: subject.UserAgent,
	}
}

func newIDs() *id.Source { return id.NewSource(time.Now, rand.Reader) }
