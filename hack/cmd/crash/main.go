// Command crash kills Heard, in both its shapes, while clients submit to it, and tells what became of what it accepted. It
// ends with code 1 if anything was lost or is there twice.
//
// The split shape runs on the servers that HEARD_TEST_MONGO_URI, HEARD_TEST_REDIS_URL and HEARD_TEST_S3_… name, or the same
// without TEST_. HEARD_CRASH_MONGO is a shell command that ends that MongoDB with SIGKILL and starts it again on the same
// data; without it MongoDB stays up.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/heard-dev/heard/hack/crash"
	"github.com/heard-dev/heard/hack/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
		os.Exit(1)
	}
}

var errFaults = errors.New("what was answered did not hold")

func run(ctx context.Context, args []string) error {
	plan := crash.Plan{Clients: 64, Tellers: 16, Round: 2 * time.Second, Settle: time.Minute}
	shapes, err := parse(args, &plan)
	if err != nil {
		return err
	}
	root, err := stack.Root()
	if err != nil {
		return err
	}
	bin := filepath.Join(root, "bin")
	if err := stack.Build(ctx, bin); err != nil {
		return err
	}
	fmt.Printf("CRASH_SEED=%d CRASH_KILLS=%d, %d clients submit, %d tell events\n", plan.Seed, plan.Kills, plan.Clients, plan.Tellers)
	t := trial{plan: plan, bin: bin}
	for _, name := range shapes {
		try := map[string]func(context.Context) error{"all-in-one": t.allInOne, "split": t.split}[name]
		if try == nil {
			return fmt.Errorf("there is no shape %q", name)
		}
		if err := try(ctx); err != nil {
			return errors.Join(err, crash.Report(os.Stdout, t.results))
		}
	}
	if len(t.results) == 0 {
		return errors.New("no shape was tried")
	}
	if err := crash.Report(os.Stdout, t.results); err != nil {
		return err
	}
	if slices.ContainsFunc(t.results, func(r crash.Result) bool { return len(r.Faults) > 0 }) {
		return errFaults
	}
	return nil
}

// parse reads flags, whose defaults the environment may set.
func parse(args []string, plan *crash.Plan) ([]string, error) {
	flags := flag.NewFlagSet("crash", flag.ContinueOnError)
	flags.IntVar(&plan.Kills, "kills", 10, "how often each process is killed; CRASH_KILLS")
	flags.Uint64Var(&plan.Seed, "seed", rand.Uint64(), "what is left to chance, to repeat it; CRASH_SEED")
	shapes := flags.String("shapes", "all-in-one,split", "which shapes are tried; CRASH_SHAPES")
	for _, name := range []string{"kills", "seed", "shapes"} {
		if value := os.Getenv("CRASH_" + strings.ToUpper(name)); value != "" {
			if err := flags.Set(name, value); err != nil {
				return nil, fmt.Errorf("CRASH_%s: %w", strings.ToUpper(name), err)
			}
		}
	}
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	return strings.Split(*shapes, ","), nil
}

type trial struct {
	plan    crash.Plan
	bin     string
	results []crash.Result
}

func (t *trial) allInOne(ctx context.Context) error {
	return t.on(ctx, func(dir string) (crash.Shape, func() error, error) { return crash.AllInOne(ctx, t.bin, dir) })
}

func (t *trial) split(ctx context.Context) error {
	servers, missing := stack.ServersFromEnv("HEARD_TEST_")
	if others, also := stack.ServersFromEnv("HEARD_"); len(also) < len(missing) {
		servers, missing = others, also
	}
	if len(missing) > 0 {
		fmt.Println("split: NOT TRIED, for want of", strings.Join(missing, ", "))
		return nil
	}
	servers.MongoDatabase, servers.RedisPrefix, servers.S3Bucket = "", "", "" // names of its own, forgotten afterwards
	mongo := os.Getenv("HEARD_CRASH_MONGO")
	if mongo == "" {
		fmt.Println("split: MongoDB is NOT KILLED, as HEARD_CRASH_MONGO does not say how")
	}
	return t.on(ctx, func(dir string) (crash.Shape, func() error, error) {
		return crash.Split(ctx, t.bin, dir, servers, mongo)
	})
}

// on tries a shape in a folder of its own, which is kept if anything went wrong.
func (t *trial) on(ctx context.Context, start func(dir string) (crash.Shape, func() error, error)) error {
	dir, err := os.MkdirTemp("", "heard-crash-")
	if err != nil {
		return err
	}
	shape, end, err := start(dir)
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	fmt.Printf("%s: killing %s\n", shape.Name, strings.Join(shape.Names(), ", "))
	result, err := t.plan.Run(ctx, shape)
	if err = errors.Join(err, end()); err == nil {
		t.results = append(t.results, result)
	}
	if (err != nil || len(result.Faults) > 0) && ctx.Err() == nil {
		fmt.Printf("%s: its folder with its logs is kept: %s\n", shape.Name, dir)
		return err
	}
	return errors.Join(err, os.RemoveAll(dir))
}
