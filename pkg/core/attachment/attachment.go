// Package attachment is files that belong to feedback: a place is reserved, the file is uploaded there directly, and a
// submission cites it.
package attachment

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// MaxSize is the largest file that may be attached, in bytes [Userz: 15 MB].
const MaxSize = 15 << 20

// UploadTTL is how long an upload URL works [Userz: expiresInSeconds 300].
const UploadTTL = 300 * time.Second

// DownloadTTL is how long a download URL works.
const DownloadTTL = 300 * time.Second

// CiteWithin is how long after its reservation a file may be cited; later it is removed.
const CiteWithin = 24 * time.Hour

// Kind is what the file shows.
type Kind string

// The kinds.
const (
	Screenshot Kind = "screenshot"
	Annotated  Kind = "annotated"
	File       Kind = "attachment"
)

// Slot is a reserved place for one file. Item is zero until a submission cites the slot, and CitedAt is when it did.
// Kept is set once the citing item is known to be stored.
type Slot struct {
	Key         string
	Org         id.ID
	App         id.ID
	Kind        Kind
	ContentType string
	Size        int64
	CreatedAt   time.Time
	Item        id.ID
	CitedAt     time.Time
	Kept        bool
}

// Citation is a file as the feedback that cites it describes it. Width and Height are in pixels, 0 when unsaid.
type Citation struct {
	Key         string
	Kind        Kind
	ContentType string
	Size        int64
	Width       int
	Height      int
}

// Object is a file as it lies in the blob store.
type Object struct {
	Size        int64
	ContentType string
}

// Slots keeps reservations. What is another Org's is not found.
type Slots interface {
	ReserveSlot(ctx context.Context, org id.ID, slot Slot) error
	// Slots gives those of the keys that are the Org's, in no order.
	Slots(ctx context.Context, org id.ID, keys []string) ([]Slot, error)
	// CiteSlot binds the slot to an item if it is bound to holder (zero: to none) and neither kept nor being removed. A slot
	// already bound to item is bound anew, which keeps the reaper off a retry. Otherwise apierr.Conflict. One of many racing
	// items wins.
	CiteSlot(ctx context.Context, org id.ID, key string, holder, item id.ID, at time.Time) error
	// ReleaseSlot undoes CiteSlot for that item; it does nothing for another, or for a slot that is kept or being removed.
	ReleaseSlot(ctx context.Context, org id.ID, key string, item id.ID) error
	// KeepSlot marks a cited slot as held by a stored item, for good.
	KeepSlot(ctx context.Context, org id.ID, key string, item id.ID) error
	// StaleSlots gives, of all Orgs, up to limit slots that were created before uncited and are still uncited, or cited
	// before unkept and not kept. It is for the reaper.
	StaleSlots(ctx context.Context, uncited, unkept time.Time, limit int) ([]Slot, error)
	// CondemnSlot takes the slot out of use if it is still as given, so that nobody can cite it; otherwise apierr.Conflict.
	// Condemned slots stay stale until they are removed.
	CondemnSlot(ctx context.Context, org id.ID, slot Slot) error
	// RemoveSlot forgets a condemned slot. Its object must be gone by then.
	RemoveSlot(ctx context.Context, org id.ID, key string) error
}

// Blobs keeps the files. Keys begin with the Org's own prefix, so tenants cannot meet.
type Blobs interface {
	// SignPut gives a URL that takes one PUT of exactly that type and size.
	SignPut(ctx context.Context, key string, object Object, ttl time.Duration) (string, error)
	// SignGet gives a URL to download the file as an attachment, never to show it.
	SignGet(ctx context.Context, key string, ttl time.Duration) (string, error)
	// Stat describes the file; apierr.NotFound when nothing was uploaded.
	Stat(ctx context.Context, key string) (Object, error)
	// Delete removes the file; one that is gone already is no error.
	Delete(ctx context.Context, key string) error
}
