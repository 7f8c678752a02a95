package gate

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// Local draws from buckets of this process alone; it cannot be away.
type Local interface {
	// Draw makes all draws, or none, and tells what each of them met.
	Draw(org id.ID, draws []Draw) []Decision
	// Learn is told what the shared gate decided, so that Draw goes on from there.
	Learn(org id.ID, draws []Draw, decisions []Decision)
}

// FallbackOptions are a Fallback's surroundings.
type FallbackOptions struct {
	Now func() time.Time
	// ProbeAfter is how long the shared gate is left alone after a failure; 0 means a second. It should exceed the time
	// after which the shared gate gives up.
	ProbeAfter time.Duration
	// OnChange, if set, is told when the shared gate is lost, and why, and when it is back. It must not call the Fallback.
	OnChange func(degraded bool, cause error)
}

// Fallback is a shared Gate that a local one stands in for while it is away: its absence fails no Check.
//
// One failure is enough. From then on the local gate answers, Degraded, and nobody vouches for loaded credentials, so
// callers read them from the store with every request. Every ProbeAfter one request, and no other, tries the shared gate;
// when it answers, all go back to it. A caller that gives up proves nothing about the shared gate.
//
// What was loaded before an absence is stale after it, even if the shared gate takes its generation for current: a
// revocation whose Bump failed meanwhile is in the store, not in the gate. So the generations of a Fallback carry the
// number of absences it saw, and mean nothing to another Gate. A process that saw no absence may honour such a key until
// its cache forgets it; but that revocation was answered with an error, and is to be repeated.
type Fallback struct {
	shared  Gate
	local   Local
	options FallbackOptions

	state   atomic.Uint64 // absences<<1, plus 1 during one
	probeAt atomic.Int64  // unix nanoseconds; during an absence, a request after it is a probe
	mu      sync.Mutex    // orders changes of state
}

// NewFallback puts local behind shared. The generations of shared must stay below 1<<56, as a clock's microseconds do.
func NewFallback(shared Gate, local Local, options FallbackOptions) *Fallback {
	if options.ProbeAfter == 0 {
		options.ProbeAfter = time.Second
	}
	return &Fallback{shared: shared, local: local, options: options}
}

// Degraded tells whether the shared gate is taken to be away.
func (f *Fallback) Degraded() bool { return f.state.Load()&1 == 1 }

// Probe is Degraded where no request may have asked the shared gate for a while: it asks, as far as a request would.
func (f *Fallback) Probe(ctx context.Context) bool {
	_, err := f.Generation(ctx, id.Zero)
	return err != nil || f.Degraded()
}

// Check fails only when the caller gives up.
func (f *Fallback) Check(ctx context.Context, ask Ask) (Verdict, error) {
	if absences, try := f.turn(); try {
		ask.Generation = untag(ask.Generation, absences)
		verdict, err := f.shared.Check(ctx, ask)
		f.note(ctx, absences, err)
		if err == nil {
			f.local.Learn(ask.Org, ask.Draws, verdict.Decisions)
			return verdict, nil
		}
		if ctx.Err() != nil {
			return Verdict{}, err
		}
	}
	return Verdict{Degraded: true, Decisions: f.local.Draw(ask.Org, ask.Draws)}, nil
}

// Generation is zero, never current, while the shared gate is away. It fails only when the caller gives up.
func (f *Fallback) Generation(ctx context.Context, org id.ID) (Generation, error) {
	absences, try := f.turn()
	if !try {
		return 0, nil
	}
	generation, err := f.shared.Generation(ctx, org)
	f.note(ctx, absences, err)
	switch {
	case err == nil:
		return tag(generation, absences), nil
	case ctx.Err() != nil:
		return 0, err
	}
	return 0, nil
}

// Bump always asks the shared gate, for only there can it be heard everywhere: apierr.Away if that fails.
func (f *Fallback) Bump(ctx context.Context, org id.ID) error {
	absences := f.state.Load() >> 1
	err := f.shared.Bump(ctx, org)
	f.note(ctx, absences, err)
	if err != nil {
		return apierr.Away(err)
	}
	return nil
}

// turn tells whether the caller may try the shared gate, and how many absences there were when it asked.
func (f *Fallback) turn() (absences uint64, try bool) {
	state := f.state.Load()
	if state&1 == 0 {
		return state >> 1, true
	}
	now, due := f.options.Now().UnixNano(), f.probeAt.Load()
	return state >> 1, now >= due && f.probeAt.CompareAndSwap(due, now+int64(f.options.ProbeAfter))
}

// note draws the conclusion from a call that began after so many absences. One that began before the last absence says
// nothing about the present.
func (f *Fallback) note(ctx context.Context, absences uint64, err error) {
	if err != nil && ctx.Err() != nil || err == nil && f.state.Load() == absences<<1 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	state := f.state.Load()
	if state>>1 != absences {
		return
	}
	away := state&1 == 1
	if err != nil {
		f.probeAt.Store(f.options.Now().Add(f.options.ProbeAfter).UnixNano())
	}
	switch {
	case err != nil && !away:
		f.state.Store((absences+1)<<1 | 1)
	case err == nil && away:
		f.state.Store(absences << 1)
	default:
		return
	}
	if f.options.OnChange != nil {
		f.options.OnChange(err != nil, err)
	}
}

// tagShift leaves room for 256 absences, more than fit into the life of anything that carries a generation.
const tagShift = 56

func tag(g Generation, absences uint64) Generation { return g ^ Generation(absences<<tagShift) }

// untag is zero for a generation that was read before the last absence.
func untag(g Generation, absences uint64) Generation {
	if g = tag(g, absences); g>>tagShift != 0 {
		return 0
	}
	return g
}
