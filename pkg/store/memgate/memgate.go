// Package memgate keeps the gate's generations and buckets in this process.
package memgate

import (
	"context"
	"sync"
	"time"

	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	// defaultMaxBuckets is some 20 MB of buckets that are not full: as many clients within their policies' periods.
	defaultMaxBuckets = 100_000
	// looks is how many buckets are looked at for each one that is added. Full ones are forgotten, so that at most one in
	// looks is kept for nothing.
	looks = 6
)

// Options are a Gate's surroundings.
type Options struct {
	Now func() time.Time
	// Share is among how many a limit is divided, for a Gate that stands in for a shared one; its decisions then say
	// gate.FromFallback. Without it limits are whole.
	Share func() int
	// MaxBuckets bounds how many buckets that are not full are remembered; 0 means 100,000. Beyond it, of a few buckets
	// picked at random, the one that would be full the soonest is forgotten: its owner starts anew with a full one.
	MaxBuckets int
}

// Gate is a gate.Gate and a gate.Local. It is safe for concurrent use.
type Gate struct {
	options Options

	mu          sync.Mutex
	generations map[id.ID]gate.Generation
	buckets     map[key]bucket
}

var (
	_ gate.Gate  = (*Gate)(nil)
	_ gate.Local = (*Gate)(nil)
)

type key struct {
	org          id.ID
	policy, name string
}

// bucket is full, and not worth remembering, from fullAt on (unix microseconds). Until then a window has drawn count.
type bucket struct{ fullAt, count int64 }

// New makes a Gate that remembers nothing yet.
func New(options Options) *Gate {
	if options.MaxBuckets == 0 {
		options.MaxBuckets = defaultMaxBuckets
	}
	return &Gate{options: options, generations: map[id.ID]gate.Generation{}, buckets: map[key]bucket{}}
}

// Check never fails.
func (g *Gate) Check(_ context.Context, ask gate.Ask) (gate.Verdict, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if ask.Generation == 0 || ask.Generation != g.generations[ask.Org] {
		return gate.Verdict{Stale: true}, nil
	}
	return gate.Verdict{Decisions: g.draw(ask.Org, ask.Draws)}, nil
}

// Generation never fails.
func (g *Gate) Generation(_ context.Context, org id.ID) (gate.Generation, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.generations[org] == 0 {
		g.renew(org)
	}
	return g.generations[org], nil
}

// Bump never fails.
func (g *Gate) Bump(_ context.Context, org id.ID) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.renew(org)
	return nil
}

// Buckets is how many buckets are remembered.
func (g *Gate) Buckets() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.buckets)
}

// renew makes a generation that never was.
func (g *Gate) renew(org id.ID) {
	g.generations[org] = max(g.generations[org]+1, gate.Generation(g.now()))
}

func (g *Gate) now() int64 { return g.options.Now().UnixMicro() }
