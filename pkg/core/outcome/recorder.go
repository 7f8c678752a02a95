package outcome

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// flushEvery is how late the ledger may be.
	flushEvery = 5 * time.Second
	// flushWithin bounds one flush, whoever asked for it.
	flushWithin = 5 * time.Second
	// sweepEvery and sweepAtOnce pace the forgetting of what is old.
	sweepEvery  = time.Hour
	sweepAtOnce = 1000
)

// Recorder keeps the ledger off the path of the requests that it is about. What a store that is away does not take waits,
// and is added up with what comes. Of a flush whose end is not known some may be counted twice, and none is lost.
type Recorder struct {
	store    Store
	now      func() time.Time
	flushing chan struct{} // held by who flushes

	mu     sync.Mutex
	counts counts
	latest latest
}

// NewRecorder makes a Recorder; nothing is stored until it runs, or is flushed.
func NewRecorder(store Store, now func() time.Time) *Recorder {
	return &Recorder{store: store, now: now, flushing: make(chan struct{}, 1), counts: counts{}, latest: newLatest()}
}

// Record notes what became of a request. It neither waits nor asks the store.
func (r *Recorder) Record(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.note(&e)
	for _, refusal := range e.Refusals {
		r.latest.add(refusal)
	}
}

// Run stores what is recorded every few seconds until ctx is done, and then once more.
func (r *Recorder) Run(ctx context.Context) error {
	tick, sweep := time.NewTicker(flushEvery), time.NewTicker(sweepEvery)
	defer tick.Stop()
	defer sweep.Stop()
	r.sweep(ctx)
	for {
		select {
		case <-tick.C:
			_ = r.Flush(ctx) // what the store did not take is kept for the next
		case <-sweep.C:
			r.sweep(ctx)
		case <-ctx.Done():
			_ = r.Flush(context.WithoutCancel(ctx)) // there is no next, and nobody left to tell
			return nil
		}
	}
}

// Flush stores what was recorded before. Once it has begun it ends, though ctx be done: it would not be known what was stored.
func (r *Recorder) Flush(ctx context.Context) error {
	select {
	case r.flushing <- struct{}{}:
		defer func() { <-r.flushing }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushWithin)
	defer cancel()
	outcomes, refusals := r.take()
	if len(outcomes) > 0 {
		if added, err := r.store.AddOutcomes(ctx, outcomes); err != nil {
			r.keep(outcomes[added:], refusals)
			return err
		}
	}
	if len(refusals) == 0 {
		return nil
	}
	err := r.store.KeepRefusals(ctx, refusals)
	if err != nil {
		r.keep(nil, refusals)
	}
	return err
}

func (r *Recorder) take() ([]Outcome, []Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	outcomes, refusals := r.counts.outcomes(), r.latest.refusals()
	r.counts, r.latest = counts{}, newLatest()
	return outcomes, refusals
}

// keep holds what the store did not take.
func (r *Recorder) keep(outcomes []Outcome, refusals []Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range outcomes {
		r.counts.add(cellOf(o), o.Requests, o.Items)
	}
	for _, refusal := range slices.Backward(refusals) {
		r.latest.addOlder(refusal)
	}
}

// sweep forgets what is old; what fails now is swept the next time.
func (r *Recorder) sweep(ctx context.Context) {
	now := r.now()
	for _, of := range []struct {
		sweep   func(context.Context, time.Time, int) (int, error)
		expired time.Time
	}{
		{r.store.SweepOutcomes, now.Add(-Kept)},
		{r.store.SweepRefusals, now.Add(-RefusalsKept)},
	} {
		for {
			n, err := of.sweep(ctx, of.expired, sweepAtOnce)
			if err != nil || n < sweepAtOnce {
				break
			}
		}
	}
}
