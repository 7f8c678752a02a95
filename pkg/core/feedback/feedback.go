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

// Submitter is who sent an item. Claims is the signed context of a private submission: a JSON object, or nil. Person is the
// record of an end user who was known as they sent it, Member whoever of the Org wrote it down; both may be zero.
type Submitter struct {
	Mode           Mode
	ExternalUserID string
	Email          string
	Name           string
	Claims         []byte
	Person         id.ID
	Member         id.ID
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

// Item is one piece of feedback. Metadata is a JSON object, or nil. What a team adds to it is zero until it does.
type Item struct {
	ID          id.ID
	Org         id.ID
	App         id.ID // zero: it came through no App, but by the Org's own hand or a board
	Status      Status
	DuplicateOf id.ID // zero: not a duplicate
	Submitter   Submitter
	Severity    Severity
	Title       string // may be empty
	Text        string
	Board       id.ID   // zero: on none in particular
	Tags        []id.ID // nil: none
	Assignee    id.ID   // a member
	Votes       int64   // of as many people; only the store changes it
	URL         string
	UserAgent   string
	Viewport    *Viewport
	Console     []ConsoleLine
	Attachments []attachment.Citation
	Target      *Target
	Metadata    []byte
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Archived    Archival
}

// Archival is when an item was archived, and what it was until then; zero for one that is not.
type Archival struct {
	At   time.Time
	From Status
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
	// InsertFeedback stores the item, as yet without Votes, durably in one atomic write. An ID that is taken is apierr.Conflict.
	InsertFeedback(ctx context.Context, org id.ID, item Item) error
	// Feedback gives one whole item.
	Feedback(ctx context.Context, org, item id.ID) (Item, error)
	// ListFeedback gives a page at a cost that does not grow with the collection. It hides items that have a DuplicateOf
	// unless the query shows them.
	ListFeedback(ctx context.Context, org id.ID, query Query) (Page, error)
	// AmendFeedback changes the item if its status is still from, and gives it as it is then; otherwise apierr.Conflict.
	// It keeps Archived in line with the status.
	AmendFeedback(ctx context.Context, org, item id.ID, from Status, change Change, at time.Time) (Item, error)
	// BoardFeedback gives a page of a board at a cost that does not grow with the collection.
	BoardFeedback(ctx context.Context, org id.ID, query BoardQuery) (BoardPage, error)
	// CountFeedback counts the Org's items by status, duplicates too.
	CountFeedback(ctx context.Context, org id.ID) (map[Status]int64, error)
	// FeedbackBy gives up to limit whole items of one person, newest first, all older than before unless that is zero.
	FeedbackBy(ctx context.Context, org id.ID, by By, before id.ID, limit int) ([]Item, error)
}

// By is one person: the records of them, and the external ids under which they submit. Only what was signed counts: whom a
// page claims to speak for did not say it.
type By struct {
	Persons     []id.ID
	ExternalIDs []string
}
