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

// writeWithin bounds one write to the store. Callers who gave up meanwhile wait for it, and must still be answered.
const writeWithin = 10 * time.Second

var (
	errFull  = errors.New("event: too many events wait to be written")
	errPanic = errors.New("event: the store did not return")
)

// Inserter is the part of a Store that a Writer needs.
type Inserter interface {
	InsertEvents(ctx context.Context, org id.ID, events []Event) ([]time.Time, error)
}

// Outcome is what became of one event: it is stored, or one with its ID Stood already since then, or Err tells that it may
// not be stored.
type Outcome struct {
	Stood time.Time
	Err   error
}

// Writer turns events that arrive together into few writes. Nothing waits while the store has nothing to do; while it
// writes, what arrives is gathered by Org. Orgs take turns, and none has more than half of the writes, so that one that
// floods, or whose writes hang, does not hold up another. It needs no loop and no end: whatever it does, a caller waits for.
type Writer struct {
	store Inserter
	share int // of the writes, for one Org

	mu    sync.Mutex
	free  int   // writes that may start
	room  int64 // weight that may still wait
	lines map[id.ID]*line
	turns list.List // of *line: those that may be written from, longest waiting first
}

// NewWriter makes a Writer that has at most so many writes in flight: a few where the store is a network away, one where
// it writes alone anyway.
func NewWriter(store Inserter, writes int) *Writer {
	writes = max(writes, 1)
	return &Writer{store: store, share: (writes + 1) / 2, free: writes, room: maxWaiting, lines: map[id.ID]*line{}}
}

// Write stores events of an Org, and tells the outcome of each, in order. If too much waits some are refused: the latest of
// the Org that has most waiting. A ctx that ends takes back what was not handed to the store; the rest is waited for.
func (w *Writer) Write(ctx context.Context, org id.ID, events []Event) []Outcome {
	if len(events) == 0 {
		return nil
	}
	c := newCall(events)
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
func (w *Writer) admit(org id.ID, c *call) *turn {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.lines[org]
	if l == nil {
		l = &line{org: org}
	}
	weight := weigh(c.events)
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
func (w *Writer) makeRoom(would, weight int64) bool {
	for w.room < weight {
		var heaviest *line
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
func (w *Writer) drop(c *call, cause error) {
	w.room += c.line.remove(c)
	w.arrange(c.line)
	c.refuse(apierr.Away(cause))
}

// next hands out the next turn, if a write is free and an Org waits for it.
func (w *Writer) next() *turn {
	first := w.turns.Front()
	if w.free == 0 || first == nil {
		return nil
	}
	l := first.Value.(*line)
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
func (w *Writer) arrange(l *line) {
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
func (w *Writer) withdraw(c *call, cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.place != nil {
		w.drop(c, cause)
	}
}

// write takes a turn, whoever of its callers gives up meanwhile.
func (w *Writer) write(ctx context.Context, t *turn) {
	var stood []time.Time
	err := errPanic
	defer func() { w.settle(t, stood, err) }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
	defer cancel()
	stood, err = w.store.InsertEvents(ctx, t.line.org, t.events)
}

// settle tells the callers of a turn what became of it, and has the next one taken.
func (w *Writer) settle(t *turn, stood []time.Time, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t.settle(stood, err)
	w.free++
	t.line.writing--
	w.arrange(t.line)
	if next := w.next(); next != nil {
		go w.write(context.Background(), next)
	}
}
