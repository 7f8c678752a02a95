package event

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// writeWithin bounds one turn at the store. Callers who gave up meanwhile wait for it, and must still be answered.
const writeWithin = 10 * time.Second

var (
	errFull  = errors.New("event: too much waits to be written")
	errPanic = errors.New("event: the store did not return")
)

// Outcome is what became of one thing: the store's Answer to it, or Err, which tells that it may not be stored.
type Outcome[A any] struct {
	Answer A
	Err    error
}

// queue turns things that arrive together into few writes. Nothing waits while the store has nothing to do; while it
// writes, what arrives is gathered by Org. Orgs take turns, and none has more than half of the writes, so that one that
// floods, or whose writes hang, does not hold up another. It needs no loop and no end: whatever it does, a caller waits for.
type queue[T, A any] struct {
	store func(ctx context.Context, org id.ID, things []T) ([]A, error)
	size  func(*T) int // in bytes
	most  int          // things that one write takes
	share int          // of the writes, for one Org

	mu    sync.Mutex
	free  int   // writes that may start
	room  int64 // weight that may still wait
	lines map[id.ID]*line[T, A]
	turns list.List // of *line: those that may be written from, longest waiting first
}

// newQueue makes a queue of things of that size in bytes, which has at most so many writes in flight, each of the most things.
func newQueue[T, A any](store func(context.Context, id.ID, []T) ([]A, error), size func(*T) int, most, writes int) *queue[T, A] {
	writes = max(writes, 1)
	return &queue[T, A]{
		store: store, size: size, most: most, share: (writes + 1) / 2, free: writes, room: maxWaiting, lines: map[id.ID]*line[T, A]{},
	}
}

// Write stores things of an Org, and tells the outcome of each, in order. If too much waits some are refused: the latest of
// the Org that has most waiting. A ctx that ends takes back what was not handed to the store; the rest is waited for.
func (w *queue[T, A]) Write(ctx context.Context, org id.ID, things []T) []Outcome[A] {
	if len(things) == 0 {
		return nil
	}
	c := newCall[T, A](things)
	if err := ctx.Err(); err != nil {
		c.refuse(apierr.Away(err))
		return c.outcomes
	}
	if t := w.admit(org, c); t != nil {
		w.write(ctx, t)
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		w.withdraw(c, ctx.Err())
		<-c.done
	}
	return c.outcomes
}

// admit puts the call in its line, or refuses it. It gives the turn that may be taken at once: while a write is free nobody
// else waits for one, so that turn is the call's own.
func (w *queue[T, A]) admit(org id.ID, c *call[T, A]) *turn[T, A] {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.lines[org]
	if l == nil {
		l = &line[T, A]{org: org, queue: w}
	}
	weight := w.weigh(c.things)
	if !w.makeRoom(l.weight+weight, weight) {
		c.refuse(apierr.Away(errFull))
		return nil
	}
	w.room -= weight
	l.push(c, weight)
	w.arrange(l)
	return w.next()
}

// makeRoom tells whether weight has room. While it has none the Org with most waiting gives way, if that is more than the
// newcomer's would be: its latest call is refused. w.mu is held, here and below.
func (w *queue[T, A]) makeRoom(would, weight int64) bool {
	for w.room < weight {
		var heaviest *line[T, A]
		for _, l := range w.lines {
			if l.weight > would && (heaviest == nil || l.weight > heaviest.weight) {
				heaviest = l
			}
		}
		if heaviest == nil {
			return false
		}
		w.drop(heaviest.last(), errFull)
	}
	return true
}

// drop refuses what of a waiting call was not handed to the store.
func (w *queue[T, A]) drop(c *call[T, A], cause error) {
	w.room += c.line.remove(c)
	w.arrange(c.line)
	c.refuse(apierr.Away(cause))
}

// next hands out the next turn, if a write is free and an Org waits for it.
func (w *queue[T, A]) next() *turn[T, A] {
	first := w.turns.Front()
	if w.free == 0 || first == nil {
		return nil
	}
	l := first.Value.(*line[T, A])
	w.turns.Remove(first)
	l.turn = nil
	t := l.take()
	w.free--
	l.writing++
	w.room += t.weight
	w.arrange(l)
	return t
}

// arrange gives the line a place among the turns, at the end, or none, as is its due; and forgets one that is over.
func (w *queue[T, A]) arrange(l *line[T, A]) {
	switch due := l.calls.Len() > 0 && l.writing < w.share; {
	case due && l.turn == nil:
		l.turn = w.turns.PushBack(l)
	case !due && l.turn != nil:
		w.turns.Remove(l.turn)
		l.turn = nil
	}
	if l.calls.Len() > 0 || l.writing > 0 {
		w.lines[l.org] = l
	} else {
		delete(w.lines, l.org)
	}
}

// withdraw refuses what of the call still waits.
func (w *queue[T, A]) withdraw(c *call[T, A], cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.place != nil {
		w.drop(c, cause)
	}
}

// write takes a turn, whoever of its callers gives up meanwhile.
func (w *queue[T, A]) write(ctx context.Context, t *turn[T, A]) {
	var answers []A
	err := errPanic
	defer func() { w.settle(t, answers, err) }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
	defer cancel()
	answers, err = w.store(ctx, t.line.org, t.things)
}

// settle tells the callers of a turn what became of it, and has the next one taken.
func (w *queue[T, A]) settle(t *turn[T, A], answers []A, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t.settle(answers, err)
	w.free++
	t.line.writing--
	w.arrange(t.line)
	if next := w.next(); next != nil {
		go w.write(context.Background(), next)
	}
}

// weigh is what things count for while they wait: their bytes, and at least the share that bounds their number.
func (w *queue[T, A]) weigh(things []T) (weight int64) {
	for i := range things {
		weight += max(int64(w.size(&things[i])), maxWaiting/maxWaitingThings)
	}
	return weight
}
