package memgate

import (
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/id"
)

// reading is a bucket as one draw of an Ask found it.
type reading struct {
	key    key
	policy gate.Policy
	weight gate.Weight
	level  int64
	taken  int64 // by this draw, and by draws of the same Ask before it
}

// Draw makes all draws, or none, whatever the Org's generation.
func (g *Gate) Draw(org id.ID, draws []gate.Draw) []gate.Decision {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.draw(org, draws)
}

func (g *Gate) draw(org id.ID, draws []gate.Draw) []gate.Decision {
	now := g.now()
	var few [4]reading // all there ever are, so none are allocated
	readings, fit := few[:0], true
	decisions := make([]gate.Decision, len(draws))
	for i, d := range draws {
		d.Policy = g.shared(d)
		r := reading{key: key{org, d.Policy.Name, d.Bucket}, policy: d.Policy, weight: gate.Weigh(d)}
		r.level, r.taken = g.level(r.key, r.weight, now), r.weight.Need
		for _, earlier := range readings {
			if earlier.key == r.key {
				r.taken = earlier.taken + r.weight.Need
			}
		}
		readings = append(readings, r)
		fits := r.weight.Need <= 0 || r.level+r.taken <= r.weight.Room
		decisions[i] = r.weight.Decision(r.policy, r.level, now, fits)
		fit = fit && fits
	}
	if !fit {
		return decisions
	}
	for i, r := range readings {
		taken := r.taken
		for _, later := range readings[i+1:] {
			if later.key == r.key {
				taken = later.taken
			}
		}
		level := max(r.weight.Floor, r.level+taken) // a draw that gives back never gives more than was taken
		decisions[i] = r.weight.Decision(r.policy, level, now, true)
		if taken != 0 {
			g.keep(r.key, filled(r.weight, level, now), now)
		}
	}
	return decisions
}

// Learn takes over what a shared gate has just decided, so that this one goes on from there rather than from full buckets.
func (g *Gate) Learn(org id.ID, draws []gate.Draw, decisions []gate.Decision) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	for i, d := range decisions {
		k := key{org, d.Policy.Name, draws[i].Bucket}
		b := bucket{fullAt: now + d.Reset.Microseconds()}
		switch d.Policy.Algorithm {
		case gate.FixedWindow:
			// Ends when the other's window ends, as this clock has it: clocks differ by less than half a window.
			period := max(1, d.Policy.Period.Microseconds())
			b.fullAt = (b.fullAt + period/2) / period * period
			share := g.shared(gate.Draw{Policy: d.Policy})
			b.count = share.Limit - d.Remaining/g.share()
		case gate.CalendarMonth:
			b = bucket{fullAt: draws[i].Ends.UnixMicro(), count: d.Policy.Limit - d.Remaining}
		case gate.TokenBucket:
		}
		if b.fullAt > now {
			g.keep(k, b, now)
		}
	}
}

// level is what a bucket holds: see gate.Weight.
func (g *Gate) level(k key, w gate.Weight, now int64) int64 {
	b, known := g.buckets[k]
	switch {
	case !known || b.fullAt <= now:
		return w.Floor
	case w.Window == 0:
		// Never emptier than empty: the clock may have gone back, or the policy may have shrunk.
		return min(b.fullAt-now, w.Room)
	case b.fullAt != w.End(now):
		return w.Floor
	}
	return max(b.count, w.Floor)
}

func filled(w gate.Weight, level, now int64) bucket {
	if w.Window > 0 {
		return bucket{fullAt: w.End(now), count: level}
	}
	return bucket{fullAt: now + level}
}

// keep remembers a bucket, and for a new one looks at some others that need not be remembered any more.
func (g *Gate) keep(k key, b bucket, now int64) {
	if _, known := g.buckets[k]; !known {
		g.makeRoom(now)
	}
	g.buckets[k] = b
}

func (g *Gate) makeRoom(now int64) {
	var soonest key
	var at int64
	looked := 0
	for k, b := range g.buckets { // in no order: a different few each time
		if b.fullAt <= now {
			delete(g.buckets, k)
		} else if at == 0 || b.fullAt < at {
			soonest, at = k, b.fullAt
		}
		if looked++; looked == looks {
			break
		}
	}
	if len(g.buckets) >= g.options.MaxBuckets {
		delete(g.buckets, soonest)
	}
}

func (g *Gate) share() int64 {
	if g.options.Share == nil {
		return 1
	}
	return int64(max(1, g.options.Share()))
}

// shared is this Gate's part of a draw's policy: of what outlives the gate's memory, only what is left is divided.
func (g *Gate) shared(d gate.Draw) gate.Policy {
	p := d.Policy
	if g.options.Share == nil {
		return p
	}
	n := g.share()
	p.Source = gate.FromFallback
	spent := min(d.Floor, p.Limit)
	p.Limit = spent + part(p.Limit-spent, n)
	p.Burst = part(p.Burst, n)
	return p
}

// part is at least 1 of what is at least 1: a limit below the number of sharers is exceeded rather than closed.
func part(whole, among int64) int64 { return max(min(whole, 1), whole/among) }
