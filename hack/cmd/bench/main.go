// Command bench measures Heard beside what it could not do without: a gin handler that answers a fixed body, and one that
// decodes, stores and encodes and does nothing else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/heard-dev/heard/hack/bench/report"
	"github.com/heard-dev/heard/hack/bench/subject"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 2 && args[0] == subject.Argument {
		return subject.Main(ctx, args[1])
	}
	b, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "heard-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system clears what is left
	b.dir, b.report = dir, &report.Report{}
	if b.program, err = os.Executable(); err != nil {
		return err
	}
	var failed error
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{{"start", b.start}, {"sqlite", b.sqlite}, {"large", b.large}, {"mongo", b.mongo}, {"events", b.events}, {"beside", b.besideAnother}} {
		if b.only == "" || b.only == part.name {
			failed = errors.Join(failed, part.run(ctx)) // what was measured until then is worth reading
		}
	}
	if b.json != "" {
		failed = errors.Join(failed, b.report.WriteFile(b.json))
	}
	return errors.Join(failed, b.report.Write(os.Stdout))
}

// parse reads flags, whose defaults the environment may set.
func parse(args []string) (*bench, error) {
	b := &bench{mongoURI: os.Getenv("HEARD_TEST_MONGO_URI"), redisURL: os.Getenv("HEARD_TEST_REDIS_URL")}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.Float64Var(&b.seconds, "seconds", 3, "how long each lane is measured; BENCH_SECONDS")
	flags.IntVar(&b.rows, "rows", 1_000_000, "items of the large collection, 0 to leave it out; BENCH_ROWS")
	flags.StringVar(&b.json, "json", "", "write the results to this file as well")
	flags.StringVar(&b.profiles, "profile", "", "write CPU profiles of Heard into this folder as well")
	flags.StringVar(&b.only, "only", "", "do one part alone: start, sqlite, large, mongo, events or beside")
	flags.StringVar(&b.beside, "beside", "", "another build of this program, whose Heard to measure beside this one's")
	for _, name := range []string{"seconds", "rows"} {
		if value := os.Getenv("BENCH_" + upper(name)); value != "" {
			if err := flags.Set(name, value); err != nil {
				return nil, fmt.Errorf("BENCH_%s: %w", upper(name), err)
			}
		}
	}
	return b, flags.Parse(args)
}
