package event

import (
	"container/list"

	"github.com/heard-dev/heard/pkg/id"
)

// What may wait, and what one turn takes of it: enough that writing together pays, little enough that the next Org's turn
// comes soon.
const (
	maxWaiting       = 64 << 20 // bytes
	maxWaitingThings = 20_000
	turnWeight       = 4 << 20 // bytes
)

// line is what an Org has waiting, first come, first served, and how many writes it has in flight.
type line[T, A any] struct {
	queue   *queue[T, A]
	org     id.ID
	calls   list.List // of *call
	weight  int64
	writing int
	turn    *list.Element // among the turns, or nil
}

func (l *line[T, A]) push(c *call[T, A], weight int64) {
	c.line, c.place = l, l.calls.PushBack(c)
	l.weight += weight
}

func (l *line[T, A]) last() *call[T, A] { return l.calls.Back().Value.(*call[T, A]) }

// remove takes a call out of the line, and gives the weight of what of it was still waiting.
func (l *line[T, A]) remove(c *call[T, A]) int64 {
	weight := l.queue.weigh(c.things[c.taken:])
	l.calls.Remove(c.place)
	c.place = nil
	l.weight -= weight
	return weight
}

// take hands out the things of one write: at least one.
func (l *line[T, A]) take() *turn[T, A] {
	t := &turn[T, A]{line: l}
	for first := l.calls.Front(); first != nil && t.add(first.Value.(*call[T, A])); first = l.calls.Front() {
		l.calls.Remove(first)
		first.Value.(*call[T, A]).place = nil
	}
	l.weight -= t.weight
	return t
}

// call is one caller's things. Those before taken were handed to the store; open ones have no outcome yet.
type call[T, A any] struct {
	things   []T
	outcomes []Outcome[A]
	taken    int
	open     int
	done     chan struct{} // closed when none is open
	line     *line[T, A]
	place    *list.Element // in its line, or nil
}

func newCall[T, A any](things []T) *call[T, A] {
	return &call[T, A]{things: things, outcomes: make([]Outcome[A], len(things)), open: len(things), done: make(chan struct{})}
}

// refuse gives what was not handed to the store its outcome.
func (c *call[T, A]) refuse(err error) {
	from := c.taken
	c.taken = len(c.things)
	c.settle(from, c.taken, nil, err)
}

func (c *call[T, A]) settle(from, to int, answers []A, err error) {
	for i := from; i < to; i++ {
		if err != nil {
			c.outcomes[i].Err = err
		} else {
			c.outcomes[i].Answer = answers[i-from]
		}
	}
	if c.open -= to - from; c.open == 0 {
		close(c.done)
	}
}

// turn is one write: things of one Org, of one call or several.
type turn[T, A any] struct {
	line   *line[T, A]
	things []T
	weight int64
	parts  []part[T, A]
}

// part is a stretch of a call's things.
type part[T, A any] struct {
	call     *call[T, A]
	from, to int
}

// add takes what fits from the call, and tells whether that was the rest of it.
func (t *turn[T, A]) add(c *call[T, A]) bool {
	from := c.taken
	for c.taken < len(c.things) && len(t.things)+c.taken-from < t.line.queue.most {
		weight := t.line.queue.weigh(c.things[c.taken : c.taken+1])
		if t.weight > 0 && t.weight+weight > turnWeight {
			break
		}
		t.weight += weight
		c.taken++
	}
	if c.taken == from {
		return false
	}
	if taken := c.things[from:c.taken:c.taken]; t.things == nil {
		t.things = taken // without a copy, and without room behind it
	} else {
		t.things = append(t.things, taken...)
	}
	t.parts = append(t.parts, part[T, A]{c, from, c.taken})
	return c.taken == len(c.things)
}

func (t *turn[T, A]) settle(answers []A, err error) {
	for _, p := range t.parts {
		n := p.to - p.from
		if err != nil {
			p.call.settle(p.from, p.to, nil, err)
			continue
		}
		p.call.settle(p.from, p.to, answers[:n], nil)
		answers = answers[n:]
	}
}
