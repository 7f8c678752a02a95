// Package crash kills Heard while clients submit and tell events, and holds it to every answer it gave.
package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Shape is a Heard that runs: where it is, who its clients are, and what of it can be killed.
type Shape struct {
	Name    string
	BaseURL string
	Tenant  Tenant
	Targets []Target
}

// Target is a process that can be killed.
type Target struct {
	Name string
	// Crash ends it with SIGKILL, starts it again on the same data, and returns when it is ready.
	Crash func(context.Context) error
}

// Plan is how a Shape is tried.
type Plan struct {
	Clients int           // who submit
	Tellers int           // of events, beside them
	Kills   int           // of each target
	Round   time.Duration // within which each of them is killed once; the next begins when all are back
	Settle  time.Duration // how long after the last one until every request must have got its answer
	Seed    uint64        // of everything that is left to chance
}

// Result is what came of it.
type Result struct {
	Shape string
	Kills int
	Tally
	Faults []Fault
	Took   time.Duration
}

// Run tries the shape. An error says that it could not be tried; what the shape did wrong is among the Result's faults.
func (p Plan) Run(ctx context.Context, shape Shape) (Result, error) {
	began := time.Now()
	result := Result{Shape: shape.Name, Kills: p.Kills * len(shape.Targets)}
	calm := make(chan struct{})
	var clients []*client
	var tellers []*teller
	var crowd sync.WaitGroup
	for i := range p.Clients {
		c := newClient(shape, p, i)
		clients = append(clients, c)
		crowd.Go(func() { c.live(ctx, calm) })
	}
	for i := range p.Tellers {
		t := newTeller(shape, p, p.Clients+i)
		tellers = append(tellers, t)
		crowd.Go(func() { t.live(ctx, calm) })
	}
	err := p.kill(ctx, shape.Targets)
	close(calm)
	crowd.Wait()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return result, fmt.Errorf("%s: %w", shape.Name, err)
	}
	var said []*submission
	for _, c := range clients {
		result.take(&c.party)
		said = append(said, c.said...)
	}
	var told []*happening
	for _, t := range tellers {
		result.take(&t.party)
		told = append(told, t.happenings()...)
	}
	found, err := audit(ctx, shape, said, p.Clients)
	missed, errEvents := auditEvents(ctx, shape, told)
	if err := errors.Join(err, errEvents); err != nil {
		return result, fmt.Errorf("%s could not be audited: %w", shape.Name, err)
	}
	for _, s := range said {
		if len(s.answers) > 0 {
			result.Accepted++
		}
	}
	for _, h := range told {
		if len(h.answers) > 0 {
			result.Events++
		}
	}
	result.Faults = append(append(result.Faults, found...), missed...)
	if result.Accepted == 0 || result.Events == 0 {
		result.Faults = append(result.Faults, Fault{Other, "no submission was accepted, or no event, so nothing is proved of them"})
	}
	result.Took = time.Since(began)
	return result, nil
}

func (r *Result) take(p *party) {
	r.add(p.count)
	r.Faults = append(r.Faults, p.faults...)
}

// kill crashes every target once a round, each at a moment of its own: while clients are busy with all of them, or while
// others are on their way back.
func (p Plan) kill(ctx context.Context, targets []Target) error {
	chance := rand.New(rand.NewPCG(p.Seed, 0))
	for range p.Kills {
		var round errgroup.Group
		for _, target := range targets {
			moment := time.Duration(chance.Int64N(int64(p.Round)))
			round.Go(func() error {
				rest(ctx, moment)
				if err := target.Crash(ctx); err != nil {
					return fmt.Errorf("%s did not come back: %w", target.Name, err)
				}
				return nil
			})
		}
		if err := round.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// rest waits, or returns when ctx ends.
func rest(ctx context.Context, wait time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
}
