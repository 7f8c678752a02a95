package event

import (
	"container/list"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// What may wait, and what one turn takes of it: enough that writing together pays, little enough that the next Org's turn
// comes soon.
const (
	maxWaiting       = 64 << 20 // bytes
	maxWaitingEvents = 20_000
	turnEvents       = 1_000
	turnWeight       = 4 << 20 // bytes
)

// line is what an Org has waiting, first come, first served, and how many writes it has in flight.
type line struct {
	org     id.ID
	calls   list.List // of *call
	weight  int64
	writing int
	turn    *list.Element // among the turns, or nil
}

func (l *line) push(c *call, weight int64) {
	c.line, c.place = l, l.calls.PushBack(c)
	l.weight += weight
}

func (l *line) last() *call { return l.calls.Back().Value.(*call) }

// remove takes a call out of the line, and gives the weight of what of it was still waiting.
func (l *line) remove(c *call) int64 {
	weight := weigh(c.events[c.taken:])
	l.calls.Remove(c.place)
	c.place = nil
	l.weight -= weight
	return weight
}

// take hands out the events of one write: at least one.
func (l *line) take() *turn {
	t := &turn{line: l}
	for first := l.calls.Front(); first != nil && t.add(first.Value.(*call)); first = l.calls.Front() {
		l.calls.Remove(first)
		first.Value.(*call).place = nil
	}
	l.weight -= t.weight
	return t
}

// call is one caller's events. Those before taken were handed to the store; open ones have no outcome yet.
type call struct {
	events   []Event
	outcomes []Outcome
	taken    int
	open     int
	done     chan struct{} // closed when none is open
	line     *line
	place    *list.Element // in its line, or nil
}

func newCall(events []Event) *call {
	return &call{events: events, outcomes: make([]Outcome, len(events)), open: len(events), done: make(chan struct{})}
}

// refuse gives what was not handed to the store its outcome.
func (c *call) refuse(err error) {
	from := c.taken
	c.taken = len(c.events)
	c.settle(from, c.taken, nil, err)
}

func (c *call) settle(from, to int, stood []time.Time, err error) {
	for i := from; i < to; i++ {
		if err != nil {
			c.outcomes[i].Err = err
		} else {
			c.outcomes[i].Stood = stood[i-from]
		}
	}
	if c.open -= to - from; c.open == 0 {
		close(c.done)
	}
}

// turn is one write: events of one Org, of one call or several.
type turn struct {
	line   *line
	events []Event
	weight int64
	parts  []part
}

// part is a stretch of a call's events.
type part struct {
	call     *call
	from, to int
}

// add takes what fits from the call, and tells whether that was the rest of it.
func (t *turn) add(c *call) bool {
	from := c.taken
	for c.taken < len(c.events) && len(t.events)+c.taken-from < turnEvents {
		weight := weigh(c.events[c.taken : c.taken+1])
		if t.weight > 0 && t.weight+weight > turnWeight {
			break
		}
		t.weight += weight
		c.taken++
	}
	if c.taken == from {
		return false
	}
	if taken := c.events[from:c.taken:c.taken]; t.events == nil {
		t.events = taken // without a copy, and without room behind it
	} else {
		t.events = append(t.events, taken...)
	}
	t.parts = append(t.parts, part{c, from, c.taken})
	return c.taken == len(c.events)
}

func (t *turn) settle(stood []time.Time, err error) {
	for _, p := range t.parts {
		n := p.to - p.from
		if err != nil {
			p.call.settle(p.from, p.to, nil, err)
			continue
		}
		p.call.settle(p.from, p.to, stood[:n], nil)
		stood = stood[n:]
	}
}

// weigh is what events count for while they wait: their bytes, and at least the share that bounds their number.
func weigh(events []Event) (weight int64) {
	for i := range events {
		e := &events[i]
		size := len(e.Name) + len(e.User.ID) + len(e.User.Email) + len(e.User.Traits) + len(e.Properties) + len(e.Address) + len(e.UserAgent)
		weight += max(int64(size), maxWaiting/maxWaitingEvents)
	}
	return weight
}
