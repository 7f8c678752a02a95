package event

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// Verdict is what became of one draft. Without an Err the event with ID is stored; if Duplicate, it was before. A Retryable
// one may be sent again as it is: it failed for a reason that passes.
type Verdict struct {
	Index     int
	ID        id.ID
	Duplicate bool
	Err       error
	Retryable bool
}

// reuses bounds how often a ClientID can be used for another event after it was forgotten: longer than the 90 days for
// which UserBoost keeps events.
const reuses = 16

// Taker takes in events.
type Taker struct {
	store   Store
	learner *learner
	writer  *Writer
	ids     *id.Source
	now     func() time.Time
}

// NewTaker makes a Taker that stores events by way of the writer, and looks up in the store those that came before.
func NewTaker(store Store, profiles Profiles, writer *Writer, ids *id.Source, now func() time.Time) *Taker {
	return &Taker{store: store, learner: newLearner(profiles, now), writer: writer, ids: ids, now: now}
}

// Take stores what the drafts say, and gives a verdict on each, in order; a bad one fails alone. An event that a client
// names like one it named within Remembered is that one. What is said of a user is in their profile before the event that
// says it is stored. At most room events are stored that are no tests, the first ones, and the rest fails as
// apierr.CodeQuotaExceeded; a negative room is no bound. An error is apierr.Unavailable: nothing was stored.
func (t *Taker) Take(ctx context.Context, org id.ID, drafts []Draft, room int64) ([]Verdict, error) {
	b := &batch{Taker: t, org: org, now: t.now().UTC().Truncate(time.Millisecond)}
	b.read(drafts)
	b.recognise(ctx, room)
	b.ration(room)
	b.learn(ctx)
	b.write(ctx)
	return b.verdicts()
}

// batch is drafts on their way into the store.
type batch struct {
	*Taker
	org   id.ID
	now   time.Time
	items []*item
}

// item is one of them.
type item struct {
	event    Event
	clientID string
	nth      int   // how often the ClientID was used for others before
	like     *item // the one before in the batch that has the same ClientID, and whose verdict is this one's
	settled  bool
	verdict  Verdict
}

func (i *item) settle(v Verdict) { i.verdict, i.settled = v, true }

func (i *item) stored(duplicate bool) { i.settle(Verdict{ID: i.event.ID, Duplicate: duplicate}) }

func (i *item) refuse(err error) { i.settle(Verdict{Err: err}) }

// lose is for what our side failed to do.
func (i *item) lose(err error) {
	if apierr.KindOf(err) != apierr.Unavailable {
		err = apierr.Away(err)
	}
	i.settle(Verdict{Err: err, Retryable: true})
}

// tells is whether the event says something of its user that their profile must have.
func (i *item) tells() bool {
	user := i.event.User
	return i.event.Kind == Identify || user.Traits != nil || user.Email != ""
}

// metered tells whether the event takes room.
func (i *item) metered() bool { return !i.event.Test }

// open lists the items whose verdict is not known yet, or those of them that are wanted.
func (b *batch) open(wanted func(*item) bool) (open []*item) {
	for _, i := range b.items {
		if !i.settled && i.like == nil && (wanted == nil || wanted(i)) {
			open = append(open, i)
		}
	}
	return open
}

// read makes events of the drafts that are valid.
func (b *batch) read(drafts []Draft) {
	type name struct {
		test bool
		text string
	}
	named := map[name]*item{}
	b.items = make([]*item, len(drafts))
	for n, draft := range drafts {
		i := &item{clientID: draft.ClientID}
		b.items[n] = i
		var err error
		if i.event, err = New(b.org, draft, b.now, b.ids); err != nil {
			i.refuse(err)
			continue
		}
		if draft.ClientID == "" {
			continue
		}
		as := name{draft.Test, draft.ClientID}
		if i.like = named[as]; i.like == nil {
			named[as] = i
		}
	}
}

// ration refuses the items that have no room.
func (b *batch) ration(room int64) {
	if room < 0 {
		return
	}
	for _, i := range b.open((*item).metered) {
		if room--; room < 0 {
			i.refuse(apierr.New(apierr.Limited, apierr.CodeQuotaExceeded, "The events that the plan includes are used up for this month."))
		}
	}
}

// write stores what is open. A name that was forgotten since it was used is used again.
func (b *batch) write(ctx context.Context) {
	for open := b.open(nil); len(open) > 0; open = b.open(nil) {
		events := make([]Event, len(open))
		for n, i := range open {
			events[n] = i.event
		}
		for n, outcome := range b.writer.Write(ctx, b.org, events) {
			switch i := open[n]; {
			case outcome.Err != nil:
				i.lose(outcome.Err)
			case outcome.Answer.IsZero() || i.clientID == "": // an ID that we made stands for what it was made for
				i.stored(false)
			default:
				b.met(i, outcome.Answer)
			}
		}
	}
}

// met decides what an item is whose ID stands since then: a repeat, or another event under the same name.
func (b *batch) met(i *item, stood time.Time) {
	switch {
	case stood.After(b.now.Add(-Remembered)):
		i.stored(true)
	case i.nth == reuses:
		i.refuse(apierr.Body(apierr.Issue{Path: []any{"event_id"}, Code: "duplicate_value", Message: "was used for too many events already"}))
	default:
		i.nth++
		i.event.ID = Derived(b.org, i.event.Test, i.clientID, i.nth)
	}
}

// verdicts gives all verdicts, unless nothing is stored for a reason that passes.
func (b *batch) verdicts() ([]Verdict, error) {
	verdicts := make([]Verdict, len(b.items))
	var lost error
	stored := false
	for n, i := range b.items {
		verdict := i.verdict
		if i.like != nil {
			verdict = i.like.verdict
			verdict.Duplicate = verdict.Err == nil
		}
		verdict.Index = n
		verdicts[n] = verdict
		stored = stored || verdict.Err == nil
		if verdict.Retryable && lost == nil {
			lost = verdict.Err
		}
	}
	if lost != nil && !stored {
		return nil, lost
	}
	return verdicts, nil
}
