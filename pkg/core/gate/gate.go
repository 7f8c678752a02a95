// Package gate is admission in one round trip: are this caller's credentials still current, and is it within its limits?
package gate

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Algorithm is how a Policy counts.
type Algorithm uint8

const (
	// TokenBucket refills continuously: Limit tokens a Period, at most Burst saved up.
	TokenBucket Algorithm = iota
	// FixedWindow allows Limit in every Period, windows aligned to the clock (unix time divided by Period).
	FixedWindow
	// CalendarMonth allows Limit in a month in UTC. Only Monthly makes draws under it.
	CalendarMonth
)

// Unlimited is a Limit that bounds nothing: nobody reaches it. A quota of it need not be drawn.
const Unlimited = 1_000_000_000

// Source tells where a Policy's number came from; a tenant can ask.
type Source string

// The sources, weakest first.
const (
	FromDefault  Source = "default"
	FromPlan     Source = "plan"
	FromClass    Source = "class_override"
	FromOrg      Source = "org_override"
	FromKey      Source = "key_override"
	FromFallback Source = "fallback"
)

// Policy is one promise about rate. Names are stable: they key overrides and are shown to tenants.
type Policy struct {
	Name      string
	Algorithm Algorithm
	Limit     int64
	Period    time.Duration
	Burst     int64 // token buckets only; 0 means Limit
	Source    Source
}

// Capacity is the most that can be drawn at once.
func (p Policy) Capacity() int64 {
	if p.Algorithm == TokenBucket && p.Burst > 0 {
		return p.Burst
	}
	return p.Limit
}

// Draw takes Cost from the bucket named Bucket under Policy; a negative Cost gives back what was drawn and not used, and no
// Cost only looks: both always fit. Bucket need only be unique within the Org and the Policy's Name.
//
// Floor and Ends are for draws that Monthly makes. Floor is how much was drawn at least, by a count that outlives the gate's
// memory; Ends is when the bucket does.
type Draw struct {
	Policy Policy
	Bucket string
	Cost   int64
	Floor  int64
	Ends   time.Time
}

// Monthly draws from the bucket of the month that it is at that time.
func Monthly(policy Policy, cost, floor int64, at time.Time) Draw {
	begin := Month(at)
	return Draw{Policy: policy, Bucket: begin.Format("2006-01"), Cost: cost, Floor: floor, Ends: begin.AddDate(0, 1, 0)}
}

// Month is when the month began that it is at that time, in UTC.
func Month(at time.Time) time.Time {
	at = at.UTC()
	return time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// Generation counts the changes to an Org's credentials and limits. Two equal generations mean that nothing changed in
// between; no order is promised. Zero is never current.
type Generation uint64

// Ask is one admission: is Generation still the Org's, and may all Draws be made? Either all draws are made or none.
type Ask struct {
	Org        id.ID
	Generation Generation
	Draws      []Draw
}

// Decision is what one draw met, in the order asked. Remaining is what is left after the verdict. Reset is the time until
// the bucket is full, or the window ends. RetryAfter is zero unless Allowed is false.
type Decision struct {
	Policy     Policy
	Allowed    bool
	Remaining  int64
	Reset      time.Duration
	RetryAfter time.Duration
}

// Verdict answers an Ask. Stale means the generation was not current: nothing was drawn, and whoever asked must load the
// credentials again. Degraded means the answer came without the shared memory: credentials must be read from the store.
type Verdict struct {
	Stale     bool
	Degraded  bool
	Decisions []Decision
}

// Allowed tells whether every draw was made.
func (v Verdict) Allowed() bool {
	for _, d := range v.Decisions {
		if !d.Allowed {
			return false
		}
	}
	return !v.Stale
}

// Tightest is the decision a caller should heed: among refused ones the longest wait, otherwise the smallest share left.
// It is false when nothing was asked.
func (v Verdict) Tightest() (Decision, bool) {
	if len(v.Decisions) == 0 {
		return Decision{}, false
	}
	tightest := v.Decisions[0]
	for _, d := range v.Decisions[1:] {
		if tighter(d, tightest) {
			tightest = d
		}
	}
	return tightest, true
}

func tighter(a, b Decision) bool {
	if a.Allowed != b.Allowed {
		return !a.Allowed
	}
	if !a.Allowed {
		return a.RetryAfter > b.RetryAfter
	}
	return a.Remaining*b.Policy.Capacity() < b.Remaining*a.Policy.Capacity()
}

// Gate is shared memory of generations and buckets.
type Gate interface {
	// Check answers an Ask in one round trip. An error means that nobody could answer, and that nothing was drawn that
	// the caller may count on.
	Check(ctx context.Context, ask Ask) (Verdict, error)
	// Generation is the Org's present generation; one is made for an Org that has none. Read it before the credentials
	// it shall vouch for, never after.
	Generation(ctx context.Context, org id.ID) (Generation, error)
	// Bump makes every credential loaded before it stale, everywhere, before it returns. Call it after the store write.
	Bump(ctx context.Context, org id.ID) error
}
