// Package feedback is what a user said, where it came from, and how it moves through its life.
package feedback

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/id"
)

// Severity is how bad the user finds it; the empty one is unsaid.
type Severity string

// The severities.
const (
	Low    Severity = "low"
	Medium Severity = "medium"
	High   Severity = "high"
)

// Mode tells how far a submitter's identity can be trusted.
type Mode string

const (
	// Public identity is what the page claimed.
	Public Mode = "public"
	// Private identity is what the App's own backend signed.
	Private Mode = "private"
)

// Submitter is who sent an item. Claims is the signed context of a private submission: a JSON object, or nil.
type Submitter struct {
	Mode           Mode
	ExternalUserID string
	Email          string
	Name           string
	Claims         []byte
}

// Viewport is the size of the page, in CSS pixels, and its device pixel ratio.
type Viewport struct {
	Width, Height, PixelRatio float64
}

// ConsoleLine is one line of the page's console. At is in milliseconds since the epoch, as the browser said.
type ConsoleLine struct {
	Level   string
	Message string
	At      int64
}

// Box is an element's place on the page, in CSS pixels.
type Box struct {
	X, Y, Width, Height float64
}

// Target is the page component the user pointed at. Meta is a JSON object, or nil.
type Target struct {
	Name          string
	Meta          []byte
	Box           *Box
	ScreenshotKey string
}

// Item is one piece of feedback. Metadata is a JSON object, or nil.
type Item struct {
	ID          id.ID
	Org         id.ID
	App         id.ID
	Status      Status
	DuplicateOf id.ID // zero: not a duplicate
	Submitter   Submitter
	Severity    Severity
	Text        string
	URL         string
	UserAgent   string
	Viewport    *Viewport
	Console     []ConsoleLine
	Attachments []attachment.Citation
	Target      *Target
	Metadata    []byte
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Query selects a page of items, newest first. Zero fields do not select. Before is the last item of the page before.
type Query struct {
	App               id.ID
	Status            Status
	IncludeDuplicates bool
	Before            id.ID
	Limit             int
}

// ShowsDuplicates tells whether the page holds items that have a DuplicateOf: when they are asked for, or their status is.
func (q Query) ShowsDuplicates() bool { return q.IncludeDuplicates || q.Status == Duplicate }

// Page is a stretch of items without their Console, Attachments, Target and Metadata. Next is zero on the last page.
type Page struct {
	Items []Item
	Next  id.ID
}

// Store keeps items. What is another Org's is not found.
type Store interface {
	// InsertFeedback stores the item durably in one atomic write. An ID that is taken is apierr.Conflict.
	InsertFeedback(ctx context.Context, org id.ID, item Item) error
	// Feedback gives one whole item.
	Feedback(ctx context.Context, org, item id.ID) (Item, error)
	// ListFeedback gives a page at a cost that does not grow with the collection. It hides items that have a DuplicateOf
	// unless the query shows them.
	ListFeedback(ctx context.Context, org id.ID, query Query) (Page, error)
	// MoveFeedback sets the status if it is still from, and gives the item as it is then; otherwise apierr.Conflict.
	MoveFeedback(ctx context.Context, org, item id.ID, from, to Status, at time.Time) (Item, error)
}
