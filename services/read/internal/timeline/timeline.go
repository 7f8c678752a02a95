// Package timeline is how an Org reads what its users did, and who they are.
package timeline

import (
	"context"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

// Store is what is read from.
type Store interface {
	event.Store
	event.Profiles
}

// Reader reads events and profiles.
type Reader struct{ Store Store }

// Page is a stretch of a list. Next is where the one after it begins; zero when there is none.
type Page struct {
	Events []event.Event
	Next   event.Place
}

// List gives a page, newest first.
func (r *Reader) List(ctx context.Context, org id.ID, query event.Query) (Page, error) {
	limit := query.Limit
	query.Limit++ // one more tells whether there is a next page
	found, err := r.Store.Events(ctx, org, query)
	if err != nil || len(found) <= limit {
		return Page{Events: found}, err
	}
	last := found[limit-1]
	return Page{Events: found[:limit], Next: event.Place{ReceivedAt: last.ReceivedAt, ID: last.ID}}, nil
}

// Get gives one event. For who is bound to one App, only that one's events exist.
func (r *Reader) Get(ctx context.Context, org, only, wanted id.ID) (event.Event, error) {
	found, err := r.Store.Event(ctx, org, wanted)
	if err == nil && !only.IsZero() && found.App != only {
		err = apierr.Missing("event")
	}
	return found, err
}

// Profile gives what is known of a user. It is made of what all Apps told, so for who is bound to one App none exists.
func (r *Reader) Profile(ctx context.Context, org, only id.ID, user string) (event.Profile, error) {
	if !only.IsZero() {
		return event.Profile{}, apierr.Missing("profile")
	}
	return r.Store.Profile(ctx, org, user)
}
