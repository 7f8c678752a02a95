// Package usage remembers when a credential was last used, without slowing its use.
package usage

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Use says that a credential (an API key, a signing secret) was used.
type Use struct {
	Org        id.ID
	Credential id.ID
	At         time.Time
}

// Store keeps the last use of each credential.
type Store interface {
	// TouchUses notes uses; an older one than is known changes nothing.
	TouchUses(ctx context.Context, uses []Use) error
	// LastUses tells of those credentials of the Org that were ever used when they last were.
	LastUses(ctx context.Context, org id.ID, credentials []id.ID) (map[id.ID]time.Time, error)
}
