package outcome

import (
	"slices"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	// mostCells bounds what is counted apart between two flushes; each takes about 200 bytes. Past it an Org's requests are
	// counted together as Uncounted; past twice as many, they are left to the metrics.
	mostCells = 10_000
	// mostRefusals bounds the refusals that wait, of all Apps; each takes at most about 4 KiB. Past it an App has no more
	// than it has, the newest ones.
	mostRefusals = 5_000
)

const anHour = int64(time.Hour / time.Second)

// cell is what is counted together.
type cell struct {
	org, app, key    id.ID
	category, reason string
	hour             int64 // since the epoch
}

func cellOf(o Outcome) cell {
	return cell{o.Org, o.App, o.Key, o.Category, string(o.Reason), o.Hour.Unix() / anHour}
}

type count struct{ requests, items int64 }

// counts are what waits to be added to the ledger.
type counts map[cell]*count

// note counts one request and the things in it.
func (c counts) note(e *Event) {
	in := cell{e.Org, e.App, e.Key, e.Category, string(e.Reason), e.At.Unix() / anHour}
	if e.Parts == nil {
		c.add(in, 1, 1)
		return
	}
	c.add(in, 1, 0)
	for _, part := range e.Parts {
		in.reason = string(part.Reason)
		c.add(in, 0, part.Items)
	}
}

func (c counts) add(in cell, requests, items int64) {
	n := c[in]
	if n == nil {
		if len(c) >= mostCells {
			in = cell{org: in.org, category: in.category, reason: string(Uncounted), hour: in.hour}
			n = c[in]
		}
		if n == nil && len(c) >= 2*mostCells {
			return
		}
		if n == nil {
			n = new(count)
			c[in] = n
		}
	}
	n.requests += requests
	n.items += items
}

func (c counts) outcomes() []Outcome {
	outcomes := make([]Outcome, 0, len(c))
	for in, n := range c {
		outcomes = append(outcomes, Outcome{
			Org: in.org, App: in.app, Key: in.key, Category: in.category, Reason: apierr.Code(in.reason),
			Hour: time.Unix(in.hour*anHour, 0).UTC(), Requests: n.requests, Items: n.items,
		})
	}
	return outcomes
}

// whose is who sees a refusal among the newest.
type whose struct{ org, app id.ID }

// latest are the newest refusals that wait to be stored; of each App, oldest first.
type latest struct {
	of   map[whose][]*Refusal
	size int // of all
}

func newLatest() latest { return latest{of: map[whose][]*Refusal{}} }

// add puts a refusal behind the others, in the place of the oldest when there is no more room.
func (l *latest) add(r Refusal) {
	of := whose{r.Org, r.App}
	list := l.of[of]
	switch full := l.size >= mostRefusals; {
	case len(list) == PerApp || full && len(list) > 0:
		copy(list, list[1:])
		list[len(list)-1] = &r
	case !full:
		l.of[of] = append(list, &r)
		l.size++
	}
}

// addOlder puts a refusal before the others, if there is room.
func (l *latest) addOlder(r Refusal) {
	of := whose{r.Org, r.App}
	if len(l.of[of]) < PerApp && l.size < mostRefusals {
		l.of[of] = slices.Insert(l.of[of], 0, &r)
		l.size++
	}
}

// refusals are all that wait; of each App, oldest first.
func (l *latest) refusals() []Refusal {
	all := make([]Refusal, 0, l.size)
	for _, list := range l.of {
		for _, r := range list {
			all = append(all, *r)
		}
	}
	return all
}
