// Package erasure is the removal of everything that belongs to an App, an end user or an Org, with a receipt.
package erasure

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// Kind is what is erased.
type Kind string

// The kinds.
const (
	OfApp     Kind = "app"
	OfEndUser Kind = "end_user"
	OfOrg     Kind = "org"
)

// Subject says whose things are erased. All zero is the whole Org. Who has any of the names that it gives is meant.
type Subject struct {
	App            id.ID
	Person         id.ID  // a record of an end user
	ExternalUserID string // matches signed and claimed identities alike
	Email          string // in lower case; matches whatever the case
}

// Erasure is one removal: asked for, due, and in the end a receipt. It outlives what it removed.
type Erasure struct {
	ID          id.ID
	Org         id.ID
	Kind        Kind
	Subject     Subject
	RequestedBy string
	RequestedAt time.Time
	DueAt       time.Time // not before; an Org has a grace period
	LeaseUntil  time.Time // zero: nobody is at it
	DoneAt      time.Time // zero: not done
	Receipt     Receipt
	Version     int64
}

// Receipt counts what was removed.
type Receipt struct {
	Feedback    int
	Attachments int // files
	Events      int
	Votes       int
	Comments    int
	Records     int // everything else: people, keys, members, sessions, runs, …
}

// Store keeps erasures, and removes what they name. What is another Org's is not found. Every removal may be repeated.
type Store interface {
	// CreateErasure stores the erasure; one of the same Kind and Subject that is not done yet is apierr.Conflict.
	CreateErasure(ctx context.Context, org id.ID, erasure Erasure) error
	Erasure(ctx context.Context, org, erasure id.ID) (Erasure, error)
	// Erasures lists the Org's newest 100, newest first.
	Erasures(ctx context.Context, org id.ID) ([]Erasure, error)
	// ClaimErasure takes, of all Orgs, one that is due and that nobody is at, until lease, and gives it the next Version, so
	// that whoever was at it before has lost it; apierr.NotFound when there is none. One of many racing callers gets it.
	ClaimErasure(ctx context.Context, now, lease time.Time) (Erasure, error)
	// ReplaceErasure stores the erasure if its Version is still the stored one, and gives it the next; otherwise apierr.Conflict.
	ReplaceErasure(ctx context.Context, org id.ID, erasure Erasure) error
	// DropErasure forgets an erasure that is not done: it was taken back.
	DropErasure(ctx context.Context, org, erasure id.ID) error

	// FeedbackOf gives up to limit whole items of the subject.
	FeedbackOf(ctx context.Context, org id.ID, subject Subject, limit int) ([]feedback.Item, error)
	// DeleteFeedback removes items, and the votes, comments and agent runs on them. Their files must be gone by then.
	DeleteFeedback(ctx context.Context, org id.ID, items []id.ID) error
	// SlotsOf gives up to limit reservations of an App's, of all when app is zero.
	SlotsOf(ctx context.Context, org, app id.ID, limit int) ([]attachment.Slot, error)
	// DeleteSlots forgets reservations. Their files must be gone by then.
	DeleteSlots(ctx context.Context, org id.ID, keys []string) error
	// DeleteEventsOf removes up to limit of the subject's events, and tells how many that were: none, and none is left.
	DeleteEventsOf(ctx context.Context, org id.ID, subject Subject, limit int) (int, error)
	// DeleteProfilesOf removes up to limit profiles of whom the subject names, and tells how many that were. A profile is of
	// no App: one that is named goes whatever the App, and none goes with an App alone.
	DeleteProfilesOf(ctx context.Context, org id.ID, subject Subject, limit int) (int, error)
	// DeleteApp removes the App with its idempotency claims, and tells how many records that were.
	DeleteApp(ctx context.Context, org, app id.ID) (int, error)
	// DeleteOrg removes whatever else the Org has, its audit log last but for the Org itself, and tells how many records
	// that were. Its erasures stay.
	DeleteOrg(ctx context.Context, org id.ID) (int, error)
}
