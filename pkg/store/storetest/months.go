package storetest

import (
	"time"

	"github.com/heard-dev/heard/pkg/core/gate"
)

func monthOf(limit int64) gate.Policy {
	return gate.Policy{Name: "month", Algorithm: gate.CalendarMonth, Limit: limit, Period: 31 * 24 * time.Hour, Source: gate.FromPlan}
}

func (g gates) month() {
	at := g.Now()
	draw := func(cost, floor int64) gate.Draw { return gate.Monthly(monthOf(10), cost, floor, at) }
	end := gate.Month(at).AddDate(0, 1, 0)
	g.near("the time until the month ends", g.one(draw(4, 0), true, 6).Reset, end.Sub(at))
	g.one(draw(-1, 0), true, 7)
	g.one(draw(8, 0), false, 7)
	g.one(draw(7, 0), true, 0)
	g.near("the wait", g.one(draw(1, 0), false, 0).RetryAfter, end.Sub(at))
	g.one(gate.Monthly(monthOf(10), 1, 0, end), true, 9)
	g.one(draw(0, 0), true, 0)
	g.one(gate.Monthly(monthOf(4), 0, 0, at), true, 0)
	g.one(gate.Monthly(monthOf(4), 1, 0, at), false, 0)
}

// floor: a gate that lost its memory goes on from what is known, and one that did not from whichever is more.
func (g gates) floor() {
	at := g.Now()
	draw := func(cost, floor int64) gate.Draw { return gate.Monthly(monthOf(10), cost, floor, at) }
	g.one(draw(0, 6), true, 4)
	g.one(draw(5, 6), false, 4)
	g.one(draw(1, 6), true, 3)
	g.one(draw(0, 2), true, 3)
	g.one(draw(-1, 6), true, 4)
	g.one(draw(-1, 6), true, 4) // what is stored is not given back
	g.one(draw(1, 6), true, 3)
	g.one(draw(2, 9), false, 1)
	g.one(draw(0, 12), true, 0)
	g.one(draw(-2, 12), true, 0)
	g.one(draw(1, 0), false, 0)
}
