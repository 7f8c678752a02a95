// Package idempotency is the memory of requests that must not be done twice, however often they are sent.
package idempotency

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Kept is how long a key is remembered.
const Kept = 24 * time.Hour

// Lease is how long a request may take before its repeat may take over: above every request deadline.
const Lease = 30 * time.Second

// Claim says that the request with this Key is being done, or was: its result is the item with ID Item, once that exists.
// BodyHash is the SHA-256 of the request's body. A repeat that takes over an abandoned claim uses the same Item, so that
// whatever the first one did finish is not done again.
type Claim struct {
	App        id.ID
	Key        string
	BodyHash   [32]byte
	Item       id.ID
	CreatedAt  time.Time
	LeaseUntil time.Time
}

// Store keeps claims.
type Store interface {
	// Claim stores the claim if its App has none with that Key, or one made before expired, and answers it; otherwise it
	// answers the one that stands. Exactly one of many racing callers gets its own back.
	Claim(ctx context.Context, org id.ID, claim Claim, expired time.Time) (Claim, error)
	// TakeOver moves the lease of a standing claim if it is still as given; otherwise apierr.Conflict.
	TakeOver(ctx context.Context, org id.ID, standing Claim, leaseUntil time.Time) error
	// ReleaseClaim forgets the claim if it is still as given: the request was refused and may be sent again, mended.
	ReleaseClaim(ctx context.Context, org id.ID, claim Claim) error
	// SweepClaims forgets up to limit claims of all Orgs made before expired, and tells how many.
	SweepClaims(ctx context.Context, expired time.Time, limit int) (int, error)
}
