package redisstore

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/id"
)

// argsPerDraw is a key, a need, a room, a window, a floor and an end.
const argsPerDraw = 6

// Check is one EVALSHA. The server's clock decides.
func (g *Gate) Check(ctx context.Context, ask gate.Ask) (gate.Verdict, error) {
	bounded, cancel := context.WithTimeout(ctx, g.options.Timeout)
	defer cancel()
	org := g.orgKey(ask.Org)
	args := make([]any, 0, 5+argsPerDraw*len(ask.Draws))
	args = append(args, "evalsha", g.check.Hash(), len(ask.Draws)+1, org+"generation")
	for _, d := range ask.Draws {
		args = append(args, org+d.Policy.Name+":"+d.Bucket)
	}
	args = append(args, uint64(ask.Generation))
	for _, d := range ask.Draws {
		w := gate.Weigh(d)
		args = append(args, w.Need, w.Room, w.Window, w.Floor, w.Ends)
	}
	answer := redis.NewIntSliceCmd(bounded, args...)
	err := g.client.Process(bounded, answer)
	if err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") {
		args[0], args[1] = "eval", checkSource
		answer = redis.NewIntSliceCmd(bounded, args...)
		err = g.client.Process(bounded, answer)
	}
	if err != nil {
		return gate.Verdict{}, failed(ctx, err)
	}
	return verdict(ask.Draws, answer.Val()), nil
}

// verdict reads what check.lua answers.
func verdict(draws []gate.Draw, answer []int64) gate.Verdict {
	if len(answer) != len(draws)+1 {
		return gate.Verdict{Stale: true}
	}
	now, levels := answer[0], answer[1:]
	decisions := make([]gate.Decision, len(draws))
	for i, d := range draws {
		level, fits := levels[i], levels[i] >= 0
		if !fits {
			level = -1 - level
		}
		decisions[i] = gate.Weigh(d).Decision(d.Policy, level, now, fits)
	}
	return gate.Verdict{Decisions: decisions}
}

// Generation counts only while the server remembers everything it ever acknowledged: one that came back without its last
// writes, from a snapshot or as a promoted replica, gives every Org a new one.
func (g *Gate) Generation(ctx context.Context, org id.ID) (gate.Generation, error) {
	return g.generationOf(ctx, org, "read")
}

// Bump gives the Org a new generation.
func (g *Gate) Bump(ctx context.Context, org id.ID) error {
	_, err := g.generationOf(ctx, org, "bump")
	return err
}

func (g *Gate) generationOf(ctx context.Context, org id.ID, do string) (gate.Generation, error) {
	bounded, cancel := context.WithTimeout(ctx, g.options.Timeout)
	defer cancel()
	n, err := g.generation.Run(bounded, g.client, []string{g.orgKey(org) + "generation"}, do).Uint64()
	if err != nil {
		return 0, failed(ctx, err)
	}
	return gate.Generation(n), nil
}

// orgKey begins all keys of an Org, and places them on one node of a cluster.
func (g *Gate) orgKey(org id.ID) string { return g.options.Prefix + "{" + org.String() + "}:" }

// failed tells a caller who gave up from a Redis that is away. A deadline cuts the connection a moment before its context
// knows of it.
func failed(ctx context.Context, err error) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= 0 {
		<-ctx.Done()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return apierr.Away(err)
}
