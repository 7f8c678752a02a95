package quota

import (
	"sync"
	"time"

	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	// floorLife bounds how long a count is believed, whatever happens to the gate.
	floorLife = 30 * time.Second
	// degradedLife is that of one that no shared gate vouches for.
	degradedLife = time.Second
	// maxFloors is how many Orgs' counts are kept; each takes some 100 bytes.
	maxFloors = 8192
)

// floor is what the store had of a month, when the Org's generation was generation; zero when nobody vouches for it.
type floor struct {
	month, at  time.Time
	generation gate.Generation
	count      int64
}

// floors are the latest counts, by Org.
type floors struct {
	mu    sync.Mutex
	known map[id.ID]floor
}

func (s *floors) find(org id.ID, month, now time.Time) (floor, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.known[org]
	life := floorLife
	if f.generation == 0 {
		life = degradedLife
	}
	return f, ok && f.month.Equal(month) && now.Sub(f.at) < life
}

// keep forgets any other one for a new one that there is no room for.
func (s *floors) keep(org id.ID, f floor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.known[org]; !ok && len(s.known) >= maxFloors {
		for other := range s.known {
			delete(s.known, other)
			break
		}
	}
	s.known[org] = f
}

func (s *floors) forget(org id.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, org)
}
