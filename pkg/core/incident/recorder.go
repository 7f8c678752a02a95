package incident

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
)

const (
	// waiting is how many incidents may wait for a store that is away; more are only logged.
	waiting = 1024
	// retryEvery is how often a store that is away is tried again.
	retryEvery = time.Second
	// restWithin bounds the storing of what is left at the end.
	restWithin = time.Second
	// sweepEvery and sweepAtOnce pace the forgetting of old incidents.
	sweepEvery  = time.Hour
	sweepAtOnce = 1000
)

// Recorder stores incidents off the path of the requests that met them.
type Recorder struct {
	store Store
	now   func() time.Time
	queue chan Incident
}

// NewRecorder makes a Recorder; nothing is stored until it runs.
func NewRecorder(store Store, now func() time.Time) *Recorder {
	return &Recorder{store: store, now: now, queue: make(chan Incident, waiting)}
}

// Record takes an incident without waiting. It is dropped when too many wait already.
func (r *Recorder) Record(i Incident) {
	select {
	case r.queue <- i:
	default:
	}
}

// Run stores what is recorded, waiting out a store that is away, until ctx is done; then it stores what is left, if the
// store takes it at once.
func (r *Recorder) Run(ctx context.Context) error {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	r.sweep(ctx)
	for ctx.Err() == nil {
		select {
		case i := <-r.queue:
			r.keep(ctx, i)
		case <-sweep.C:
			r.sweep(ctx)
		case <-ctx.Done():
		}
	}
	r.rest(context.WithoutCancel(ctx))
	return nil
}

// keep tries until the incident is stored or ctx is done. One that the store will never take, because it has it already or
// for a fault of its own, keeps no other waiting.
func (r *Recorder) keep(ctx context.Context, i Incident) {
	for apierr.KindOf(r.store.PutIncident(ctx, i)) == apierr.Unavailable {
		select {
		case <-ctx.Done():
			r.Record(i)
			return
		case <-time.After(retryEvery):
		}
	}
}

// rest stores what waits, while the store takes it.
func (r *Recorder) rest(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, restWithin)
	defer cancel()
	for {
		select {
		case i := <-r.queue:
			if apierr.KindOf(r.store.PutIncident(ctx, i)) == apierr.Unavailable {
				return
			}
		default:
			return
		}
	}
}

// sweep forgets what is old; what fails now is swept the next time.
func (r *Recorder) sweep(ctx context.Context) {
	for {
		n, err := r.store.SweepIncidents(ctx, r.now().Add(-Kept), sweepAtOnce)
		if err != nil || n < sweepAtOnce {
			return
		}
	}
}
