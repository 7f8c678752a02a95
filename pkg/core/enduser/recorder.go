package enduser

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	// flushEvery is how late somebody who is new may be known.
	flushEvery = time.Second
	// flushWithin bounds the meeting of who is left at the end.
	flushWithin = 2 * time.Second
	// mostWaiting is how many wait to be met. Past it some are not: they are met when they come again, or when they are asked for.
	mostWaiting = 10_000
	// mostKnown is how many are remembered as met; past it, some are met again.
	mostKnown = 100_000
	// remembered is for how long: somebody may have been erased since.
	remembered = 10 * time.Minute
	// abreast is how many meetings are under way at once.
	abreast = 8
)

// Recorder meets people off the path of the requests that they come by.
type Recorder struct {
	directory *Directory

	mu      sync.Mutex
	known   map[acquaintance]time.Time
	waiting map[acquaintance]Sighting
}

// acquaintance is all that a sighting tells who somebody is.
type acquaintance struct {
	org                     id.ID
	externalID, email, name string
}

// NewRecorder makes a Recorder; nobody is met until it runs.
func NewRecorder(directory *Directory) *Recorder {
	return &Recorder{directory: directory, known: map[acquaintance]time.Time{}, waiting: map[acquaintance]Sighting{}}
}

// Saw takes note of somebody. It never blocks.
func (r *Recorder) Saw(org id.ID, seen Sighting) {
	who := acquaintance{org, seen.ExternalID, strings.ToLower(seen.Email), seen.Name}
	now := r.directory.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.known[who]) >= remembered {
		r.wait(who, seen)
	}
}

// wait is called with the lock.
func (r *Recorder) wait(who acquaintance, seen Sighting) {
	if len(r.waiting) < mostWaiting {
		r.waiting[who] = seen
	}
}

// Run meets who was seen until ctx is done, and then once more.
func (r *Recorder) Run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.Flush(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushWithin)
			defer cancel()
			r.Flush(last)
			return nil
		}
	}
}

// Flush meets who waits. When the store is away, the rest goes on waiting.
func (r *Recorder) Flush(ctx context.Context) {
	meetings, ctx := errgroup.WithContext(ctx)
	meetings.SetLimit(abreast)
	for who, seen := range r.take() {
		meetings.Go(func() error {
			err := ctx.Err()
			if err == nil {
				_, _, err = r.directory.Meet(ctx, who.org, seen)
			}
			return r.settle(ctx, who, seen, err)
		})
	}
	_ = meetings.Wait() // whoever was not met waits again
}

func (r *Recorder) take() map[acquaintance]Sighting {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.waiting
	r.waiting = map[acquaintance]Sighting{}
	return taken
}

// settle remembers who was met, or could not be for a reason that stays. An error is one that passes.
func (r *Recorder) settle(ctx context.Context, who acquaintance, seen Sighting, err error) error {
	now := r.directory.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil && (ctx.Err() != nil || apierr.KindOf(err) == apierr.Unavailable) {
		r.wait(who, seen)
		return err
	}
	if len(r.known) >= mostKnown {
		clear(r.known)
	}
	r.known[who] = now
	return nil
}
