package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/heard-dev/heard/hack/bench/report"
	"github.com/heard-dev/heard/hack/bench/startup"
	"github.com/heard-dev/heard/hack/bench/subject"
	"github.com/heard-dev/heard/hack/bench/trial"
	"github.com/heard-dev/heard/pkg/core/feedback"
)

const (
	submissions = report.Submissions
	lists       = report.Lists
	// items and mongoItems are how many a store has before the first request. MongoDB's are fewer because the stand-in that
	// tests run on reads them all for a list.
	items      = 10_000
	mongoItems = 1_000
	rounds     = 9
	warm       = 500 * time.Millisecond
)

var connections = [...]int{1, 8, 64}

type bench struct {
	seconds            float64
	rows               int
	json, profiles     string
	only, beside       string
	mongoURI, redisURL string

	program string
	dir     string
	report  *report.Report
}

func (b *bench) timing() trial.Timing {
	return trial.Timing{Rounds: rounds, Turn: time.Duration(b.seconds / rounds * float64(time.Second)), Warm: warm}
}

// start measures the product's own binary.
func (b *bench) start(ctx context.Context) error {
	progress("starting the all-in-one")
	took, err := startup.Measure(ctx, b.dir)
	if err != nil {
		return err
	}
	b.report.AimStarts(took)
	return nil
}

func (b *bench) sqlite(ctx context.Context) error {
	return b.engine(ctx, subject.Spec{Engine: subject.SQLite, Items: items})
}

func (b *bench) mongo(ctx context.Context) error {
	if b.mongoURI == "" || b.redisURL == "" {
		b.report.Fact("MongoDB was left out: HEARD_TEST_MONGO_URI and HEARD_TEST_REDIS_URL name no servers.")
		return nil
	}
	spec := b.onMongo(mongoItems)
	return errors.Join(b.engine(ctx, spec), forget(context.WithoutCancel(ctx), spec))
}

func (b *bench) onMongo(items int) subject.Spec {
	name := "heard-bench-" + strings.ToLower(rand.Text()[:8])
	return subject.Spec{Engine: subject.Mongo, Items: items, MongoURI: b.mongoURI, Database: name, RedisURL: b.redisURL, Prefix: name + ":"}
}

// engine measures all three servers on one engine: lists first, of what is there before any submission.
func (b *bench) engine(ctx context.Context, spec subject.Spec) (err error) {
	var servers []*subject.Process
	defer func() { err = errors.Join(err, stop(servers)) }()
	for _, kind := range []subject.Kind{subject.Bare, subject.Floor, subject.Heard} {
		server, err := b.serve(ctx, b.program, spec, kind)
		if err != nil {
			return err
		}
		servers = append(servers, server)
	}
	for _, operation := range []string{lists, submissions} {
		progress("measuring %s on %s", operation, spec.Engine)
		var lanes []trial.Lane
		for _, n := range connections {
			for _, server := range servers {
				lanes = append(lanes, lane(server, operation, n, ""))
			}
		}
		measured, err := trial.Run(lanes, b.timing())
		if err != nil {
			return err
		}
		b.report.Add(measured)
		if err := b.profile(servers[2], operation); err != nil {
			return err
		}
	}
	used, err := servers[2].Usage()
	if err != nil {
		return err
	}
	b.report.AimEngine(spec.Engine, used)
	return nil
}

// selections are the ways a list finds its items.
var selections = [...]struct {
	name  string
	query func(subject.Doors) string
}{
	{"all", func(subject.Doors) string { return "" }},
	{"an App", func(doors subject.Doors) string { return "&appId=" + doors.App }},
	{"a status", func(subject.Doors) string { return "&status=queued" }},
	{"App and status", func(doors subject.Doors) string { return "&status=queued&appId=" + doors.App }},
	{"from the middle on", func(doors subject.Doors) string { return "&cursor=" + doors.Middle }},
}

// orders are those that boards are listed in. One stage alone is no measure of growth: a small collection has fewer items in it
// than are counted of a large one's.
var orders = [...]feedback.Sort{feedback.Newest, feedback.Top, feedback.Trending}

// large measures lists of a large collection beside the same lists of a small one.
func (b *bench) large(ctx context.Context) (err error) {
	if b.rows == 0 {
		return nil
	}
	var servers []*subject.Process
	defer func() { err = errors.Join(err, stop(servers)) }()
	for _, n := range []int{items, b.rows} {
		progress("filling a collection of %d", n)
		begun := time.Now()
		server, err := b.serve(ctx, b.program, subject.Spec{Engine: subject.SQLite, Items: n}, subject.Heard)
		if err != nil {
			return err
		}
		servers = append(servers, server)
		b.report.Fact("%d items were stored in %s.", n, time.Since(begun).Round(time.Second/10))
	}
	var lanes []trial.Lane
	for _, selection := range selections {
		for _, server := range servers {
			lanes = append(lanes, lane(server, lists+": "+selection.name, 8, selection.query(server.Doors)))
		}
	}
	for _, order := range orders {
		for _, server := range servers {
			lanes = append(lanes, trial.Lane{
				Server: server, Operation: "boards of 50: " + string(order), Connections: 8, Request: trial.Board(order),
			})
		}
	}
	progress("measuring lists of both")
	measured, err := trial.Run(lanes, b.timing())
	if err != nil {
		return err
	}
	b.report.AimGrowth("list", report.ListGrowth, measured[:2*len(selections)])
	b.report.AimGrowth("board", report.BoardGrowth, measured[2*len(selections):])
	return nil
}

func (b *bench) serve(ctx context.Context, program string, spec subject.Spec, kind subject.Kind) (*subject.Process, error) {
	dir, err := os.MkdirTemp(b.dir, "subject-")
	if err != nil {
		return nil, err
	}
	spec.Kind, spec.Dir = kind, dir
	if spec.Engine == subject.Mongo {
		spec.Database = databaseOf(spec, kind)
	}
	return subject.Start(ctx, program, spec)
}

func lane(server *subject.Process, operation string, connections int, selection string) trial.Lane {
	l := trial.Lane{Server: server, Operation: operation, Connections: connections, Request: trial.List(server.Doors, selection)}
	if operation == submissions {
		l.Request = trial.Submission(server.Doors)
	}
	return l
}

func stop(servers []*subject.Process) error {
	var errs []error
	for _, server := range servers {
		errs = append(errs, server.Stop())
	}
	return errors.Join(errs...)
}

func progress(format string, values ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", values...) } //nolint:errcheck // nobody reads

func upper(name string) string { return strings.ToUpper(name) }
