package main

import (
	"context"
	"errors"

	"github.com/heard-dev/heard/hack/bench/subject"
	"github.com/heard-dev/heard/hack/bench/trial"
)

// besideAnother measures this build's Heard beside another build's, on SQLite: what a change costs or saves is seen sooner in
// the ratio of two servers in the same run than in two runs.
func (b *bench) besideAnother(ctx context.Context) (err error) {
	if b.beside == "" {
		return nil
	}
	var servers []*subject.Process
	defer func() { err = errors.Join(err, stop(servers)) }()
	for _, program := range []string{b.beside, b.program} {
		server, err := b.serve(ctx, program, subject.Spec{Engine: subject.SQLite, Items: items}, subject.Heard)
		if err != nil {
			return err
		}
		servers = append(servers, server)
	}
	for _, operation := range []string{lists, submissions} {
		for _, n := range connections {
			progress("measuring %s beside the other build, %d connections", operation, n)
			measured, err := trial.Run([]trial.Lane{lane(servers[0], operation, n, ""), lane(servers[1], operation, n, "")}, b.timing())
			if err != nil {
				return err
			}
			other, this := measured[0], measured[1]
			b.report.Fact("%-12s %2d connection(s): CPU %.0f µs, other build %.0f µs, ratio %.2f; requests/s %.0f, %.0f, ratio %.2f.",
				operation, n, this.Median(trial.CPU), other.Median(trial.CPU), this.Ratio(other, trial.CPU),
				this.Median(trial.PerSecond), other.Median(trial.PerSecond), this.Ratio(other, trial.PerSecond))
		}
	}
	for i, name := range []string{"the other build", "this build"} {
		used, err := servers[i].Usage()
		if err != nil {
			return err
		}
		b.report.Fact("Heard of %s has %d MB after the load.", name, used.Resident>>20)
	}
	return nil
}
