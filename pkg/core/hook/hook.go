// Package hook is who asked to be told, at which address, when something happens.
package hook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/id"
)

// Event is what is told of.
type Event string

// The events [Userorbit quickstart]. What each tells is a feedback item.
const (
	NewFeedback    Event = "new_feedback"
	StatusChanged  Event = "feedback_status_change"
	NewVote        Event = "new_vote"
	FeedbackMerged Event = "feedback_merged"
)

// Events lists them all.
func Events() []Event { return []Event{NewFeedback, StatusChanged, NewVote, FeedbackMerged} }

// Known tells whether there is such an event.
func (e Event) Known() bool { return slices.Contains(Events(), e) }

const (
	// Max is how many subscriptions an Org may have: each is a request on every occasion.
	Max = 100
	// MaxTarget is the longest address, in bytes.
	MaxTarget = 2048
)

// Wish is the event that is asked for, and where it is to be told. Key is the credential that asked.
type Wish struct {
	Event  Event
	Target string
	Key    id.ID
}

// Subscription is one.
type Subscription = resource.Of[Wish]

// Registry keeps subscriptions.
type Registry struct{ shelf resource.Shelf[Wish] }

// NewRegistry opens it.
func NewRegistry(store resource.Store, ids *id.Source, now func() time.Time) *Registry {
	return &Registry{resource.Shelf[Wish]{Kind: "hook", Store: store, IDs: ids, Now: now}}
}

// Subscribe stores a wish, or gives the subscription that it already is. One too many is apierr.Conflict with
// CodeLimitReached.
func (r *Registry) Subscribe(ctx context.Context, org id.ID, wish Wish) (Subscription, error) {
	if err := wish.check(); err != nil {
		return Subscription{}, err
	}
	if known, err := r.Find(ctx, org, wish.Event, wish.Target); err == nil || apierr.KindOf(err) != apierr.NotFound {
		return known, err
	}
	_, total, err := r.shelf.List(ctx, org, id.Zero, 0, 1)
	if err != nil {
		return Subscription{}, err
	}
	if total >= Max {
		return Subscription{}, apierr.New(apierr.Conflict, apierr.CodeLimitReached, "There may be at most 100 subscriptions.")
	}
	made, err := r.shelf.Create(ctx, org, id.Zero, wish.name(), wish)
	if apierr.Of(err).Code == apierr.CodeAlreadyExists {
		return r.Find(ctx, org, wish.Event, wish.Target)
	}
	return made, err
}

// Find gives the subscription to an event at a target.
func (r *Registry) Find(ctx context.Context, org id.ID, event Event, target string) (Subscription, error) {
	return r.shelf.Named(ctx, org, id.Zero, Wish{Event: event, Target: target}.name())
}

// List gives a stretch of them, oldest first, and how many there are.
func (r *Registry) List(ctx context.Context, org id.ID, offset, limit int) ([]Subscription, int64, error) {
	return r.shelf.List(ctx, org, id.Zero, offset, limit)
}

// Unsubscribe removes one.
func (r *Registry) Unsubscribe(ctx context.Context, org, subscription id.ID) error {
	return r.shelf.Delete(ctx, org, subscription)
}

// name makes a wish one of its kind. Addresses tell cases apart, and names do not.
func (w Wish) name() string {
	sum := sha256.Sum256([]byte(w.Target))
	return string(w.Event) + " " + hex.EncodeToString(sum[:])
}

func (w Wish) check() error {
	var issues []apierr.Issue
	if !w.Event.Known() {
		issues = append(issues, apierr.Issue{Path: []any{"event"}, Code: "invalid_value", Message: "is no event"})
	}
	if !reachable(w.Target) {
		issues = append(issues, apierr.Issue{Path: []any{"target_url"}, Code: "invalid_format", Message: "must be an https URL without a user"})
	}
	if len(issues) > 0 {
		return apierr.Body(issues...)
	}
	return nil
}

// reachable takes what could be told something in confidence: https, or plain http that never leaves the machine. What a name
// stands for is looked at by who connects to it.
func reachable(target string) bool {
	u, err := url.Parse(target)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || len(target) > MaxTarget {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
