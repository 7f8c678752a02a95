package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// party is what everybody of the crowd has: a number, chances of its own, and what it will send again.
type party struct {
	asker
	tenant  Tenant
	chance  *rand.Rand
	seed    uint64
	number  int
	settles time.Duration

	waiting []attempt
	faults  []Fault
}

// attempt is something to send again at its time. Last is how it ended the last time.
type attempt struct {
	what fmt.Stringer
	at   time.Time
	last string
	send func(context.Context)
}

func newParty(shape Shape, p Plan, number int) party {
	return party{
		asker: newAsker(shape.BaseURL), tenant: shape.Tenant, seed: p.Seed, number: number, settles: p.Settle,
		chance: rand.New(rand.NewPCG(p.Seed, uint64(1+number))),
	}
}

// name is the party's in what it says.
func (p *party) name() string { return fmt.Sprintf("%x-%d", p.seed, p.number) }

func (p *party) later(what fmt.Stringer, at time.Time, last string, send func(context.Context)) {
	p.waiting = append(p.waiting, attempt{what, at, last, send})
}

// due takes out what waits no longer.
func (p *party) due() (send func(context.Context)) {
	now := time.Now()
	for i, a := range p.waiting {
		if now.After(a.at) {
			p.waiting = append(p.waiting[:i], p.waiting[i+1:]...)
			return a.send
		}
	}
	return nil
}

// settle sends what waits until all of it is accepted, or time is up.
func (p *party) settle(ctx context.Context) {
	for end := time.Now().Add(p.settles); len(p.waiting) > 0 && time.Now().Before(end) && ctx.Err() == nil; {
		if send := p.due(); send != nil {
			send(ctx)
		} else {
			rest(ctx, 10*time.Millisecond)
		}
	}
	for _, a := range p.waiting {
		p.fault(Other, "%s has no final answer %s after the last kill, but %s", a.what, p.settles, a.last)
	}
	p.waiting = nil
}

// pause is how long to wait before the next attempt at what was answered so, if it was answered.
func (p *party) pause(got answer, err error) time.Duration {
	wait := 50*time.Millisecond + p.moment(200*time.Millisecond)
	if err != nil {
		return wait
	}
	return max(wait, got.wait())
}

// expect tells whether the status is the one that was hoped for. What is away for a moment is not held against Heard; any
// other refusal is.
func (p *party) expect(ctx context.Context, what string, got answer, err error, status int) bool {
	switch {
	case err == nil && got.status == status:
		return true
	case err != nil || got.passing():
		rest(ctx, p.moment(100*time.Millisecond))
	default:
		p.fault(Other, "%s was refused: %s", what, got)
	}
	return false
}

func (p *party) fault(v Verdict, format string, args ...any) {
	p.faults = append(p.faults, Fault{v, fmt.Sprintf(format, args...)})
}

func (p *party) moment(most time.Duration) time.Duration {
	return time.Duration(p.chance.Int64N(int64(most)))
}

// ended is how an attempt did.
func ended(got answer, err error) string {
	if err != nil {
		return err.Error()
	}
	return got.String()
}

// unreachable tells of an answer that whoever should give it is likely away.
func unreachable(got answer, err error) bool {
	return err != nil || got.status >= http.StatusInternalServerError
}
