package usage

import (
	"context"
	"sync"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

const (
	// flushEvery is how late a use that is not the first may be known.
	flushEvery = 20 * time.Second
	// flushWithin bounds the storing of what is left at the end.
	flushWithin = 2 * time.Second
	// most is how many credentials are remembered as used before; past it, some are taken for new again.
	most = 100_000
)

// Recorder notes uses: the first that this process sees of a credential before Used returns, later ones within a minute.
type Recorder struct {
	store Store
	now   func() time.Time

	mu    sync.Mutex
	known map[id.ID]struct{}
	dirty map[id.ID]Use
}

// NewRecorder makes a Recorder; nothing but first uses is stored until it runs.
func NewRecorder(store Store, now func() time.Time) *Recorder {
	return &Recorder{store: store, now: now, known: map[id.ID]struct{}{}, dirty: map[id.ID]Use{}}
}

// Used notes that the Org's credential is being used. A store that is away costs the note, never the use: it is made later.
func (r *Recorder) Used(ctx context.Context, org, credential id.ID) {
	use := Use{Org: org, Credential: credential, At: r.now()}
	if r.remember(use) {
		return
	}
	if r.store.TouchUses(ctx, []Use{use}) != nil {
		r.keep(use)
	}
}

// remember tells whether the credential is known, and if so keeps the use for the next flush.
func (r *Recorder) remember(use Use) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.known[use.Credential]; known {
		r.dirty[use.Credential] = use
		return true
	}
	if len(r.known) >= most {
		clear(r.known)
	}
	r.known[use.Credential] = struct{}{}
	return false
}

// Run stores what was used until ctx is done, and then once more.
func (r *Recorder) Run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.flush(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushWithin)
			defer cancel()
			r.flush(last)
			return nil
		}
	}
}

// flush stores what waits, or keeps it for the next time.
func (r *Recorder) flush(ctx context.Context) {
	uses := r.take()
	if len(uses) > 0 && r.store.TouchUses(ctx, uses) != nil {
		r.keep(uses...)
	}
}

// keep holds what the store did not take, unless the credential was used again meanwhile.
func (r *Recorder) keep(uses ...Use) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, use := range uses {
		if newer, ok := r.dirty[use.Credential]; !ok || newer.At.Before(use.At) {
			r.dirty[use.Credential] = use
		}
	}
}

func (r *Recorder) take() []Use {
	r.mu.Lock()
	defer r.mu.Unlock()
	uses := make([]Use, 0, len(r.dirty))
	for _, use := range r.dirty {
		uses = append(uses, use)
	}
	clear(r.dirty)
	return uses
}
