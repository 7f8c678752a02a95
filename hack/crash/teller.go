package crash

import (
	"context"
	"time"
)

// teller tells events, by its number one by one or many at once.
type teller struct {
	party
	told []*telling
}

func newTeller(shape Shape, p Plan, number int) *teller {
	return &teller{party: newParty(shape, p, number)}
}

func (t *teller) single() bool { return t.number%2 == 0 }

// live tells events until it is calm, then waits for the answers that are missing, and sends all that have names once more.
func (t *teller) live(ctx context.Context, calm <-chan struct{}) {
	defer t.http.CloseIdleConnections()
	for {
		select {
		case <-ctx.Done():
			return
		case <-calm:
			t.settle(ctx)
			for _, m := range t.heard() {
				t.later(m, time.Now(), "nothing", t.sending(m))
			}
			t.settle(ctx)
			return
		default:
			t.step(ctx)
		}
	}
}

// step sends what is due again, or something new, or now and then what was answered already.
func (t *teller) step(ctx context.Context) {
	rest(ctx, t.moment(10*time.Millisecond))
	if send := t.due(); send != nil {
		send(ctx)
		return
	}
	t.send(ctx, t.compose())
	if heard := t.heard(); len(heard) > 0 && t.chance.IntN(8) == 0 {
		t.send(ctx, heard[t.chance.IntN(len(heard))])
	}
}

// heard is what was answered and may be sent again.
func (t *teller) heard() []*telling {
	var heard []*telling
	for _, m := range t.told {
		if m.naming != unnamed && m.answered() {
			heard = append(heard, m)
		}
	}
	return heard
}

func (t *teller) happenings() []*happening {
	var all []*happening
	for _, m := range t.told {
		all = append(all, m.events...)
	}
	return all
}
