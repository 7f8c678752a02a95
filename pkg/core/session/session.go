// Package session is a member who is logged in: short-lived access tokens that anybody can verify, and a refresh token that
// works once.
package session

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// How long things live [AuthWorx /api-reference/tokens].
const (
	AccessLife  = 15 * time.Minute
	RefreshLife = 7 * 24 * time.Hour
	PartialLife = 5 * time.Minute
)

// Session is one log-in and all that follows from it. Rotation counts its refreshes: of its refresh tokens only the one
// with this number works, and one with a smaller number has been stolen, here or there, so it ends the session.
type Session struct {
	ID          id.ID
	Org         id.ID
	Member      id.ID
	Rotation    int64
	Address     string
	UserAgent   string
	CreatedAt   time.Time
	RefreshedAt time.Time
	ExpiresAt   time.Time // of the present refresh token
	EndedAt     time.Time // zero: not ended
	EndReason   string    // "logout", "replay", "member_removed", …
}

// Live tells whether the session admits anybody at that time.
func (s Session) Live(at time.Time) bool { return s.EndedAt.IsZero() && at.Before(s.ExpiresAt) }

// Store keeps sessions. What is another Org's is not found.
type Store interface {
	CreateSession(ctx context.Context, org id.ID, session Session) error
	Session(ctx context.Context, org, session id.ID) (Session, error)
	// Sessions lists a member's sessions that have not ended, oldest first.
	Sessions(ctx context.Context, org, member id.ID) ([]Session, error)
	// RotateSession stores the session if the stored one has not ended and its Rotation is rotation; otherwise
	// apierr.Conflict. One of many racing callers wins.
	RotateSession(ctx context.Context, org id.ID, session Session, rotation int64) error
	// EndSession stamps the session ended. One that ended before keeps its first time and reason; that is no error.
	EndSession(ctx context.Context, org, session id.ID, at time.Time, reason string) error
	// EndSessions is EndSession for all of a member's.
	EndSessions(ctx context.Context, org, member id.ID, at time.Time, reason string) error
	// SweepSessions forgets up to limit sessions of all Orgs that expired before expired, and tells how many.
	SweepSessions(ctx context.Context, expired time.Time, limit int) (int, error)
}
