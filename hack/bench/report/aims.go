package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/heard-dev/heard/hack/bench/startup"
	"github.com/heard-dev/heard/hack/bench/subject"
	"github.com/heard-dev/heard/hack/bench/trial"
)

// The aims.
const (
	throughputToFloor = 0.67
	cpuToFloor        = 1.5
	groupCommit       = 1.3
	batchesToDriver   = 0.7
	singlesToDriver   = 3
	loneToDriver      = 1.1
	idleMemory        = 40 << 20 // bytes
	readyWithin       = 100 * time.Millisecond
)

// How much more CPU a large collection may take than a small one.
const (
	ListGrowth  = 1.25
	BoardGrowth = 1.5
)

// The operations.
const (
	Submissions = "submissions"
	Lists       = "lists of 50"
	Singles     = "single events"
	Batches     = "100 events"
)

// AimEvents notes how events stand to the bare driver on one engine.
func (r *Report) AimEvents(engine subject.Engine) {
	single, batches := r.heard(engine, Singles), r.heard(engine, Batches)
	few := func(row Row) float64 { return row.ToDriver }
	all, times := numbers(batches, few)
	r.Aim(slices.Min(all) >= batchesToDriver, string(engine)+": events a second in batches of 100 at least 0.7 of the driver's, at 1, 8, 64 connections", "%s", times)
	all, times = numbers(single, few)
	r.Aim(all[len(all)-1] >= singlesToDriver, string(engine)+": single events a second at 64 connections at least 3 of the driver's", "%s at 1, 8, 64", times)
	r.Aim(single[0].P50ToDriver <= loneToDriver, string(engine)+": half of single events at 1 connection within at most 1.1 of the driver's",
		"%.2f (%.2f ms)", single[0].P50ToDriver, single[0].P50Ms)
}

// AimStarts notes what starts took.
func (r *Report) AimStarts(took startup.Starts) {
	for _, s := range []struct {
		name string
		startup.Start
	}{{"an empty folder", took.First}, {"its own folder", took.Later}} {
		r.Aim(s.Ready <= readyWithin, fmt.Sprintf("ready at most %s after a start on %s", readyWithin, s.name),
			"%s", s.Ready.Round(time.Millisecond/10))
		r.Aim(s.Resident <= idleMemory, fmt.Sprintf("idle with at most 40 MB after a start on %s", s.name), "%s", megabytes(s.Resident))
	}
}

// AimEngine notes how Heard stands to the floor on one engine; used is its server's, after the load.
func (r *Report) AimEngine(engine subject.Engine, used subject.Usage) {
	r.Fact("Heard on %s has %s after the load.", engine, megabytes(used.Resident))
	submitted := r.heard(engine, Submissions)
	requests, times := numbers(submitted, func(row Row) float64 { return row.ToFloor })
	if engine == subject.SQLite {
		r.Aim(slices.Min(requests) >= throughputToFloor,
			"SQLite: submissions a second at least 0.67 of the floor's, at 1, 8, 64 connections", "%s", times)
	}
	cpus, times := numbers(submitted, func(row Row) float64 { return row.CPUToFloor })
	r.Aim(slices.Max(cpus) <= cpuToFloor,
		string(engine)+": CPU of a submission at most 1.5 of the floor's, at 1, 8, 64 connections", "%s", times)
	cpus, times = numbers(r.heard(engine, Lists), func(row Row) float64 { return row.CPUToFloor })
	r.Aim(slices.Max(cpus) <= cpuToFloor,
		string(engine)+": CPU of a list at most 1.5 of the floor's, at 1, 8, 64 connections", "%s", times)
	if engine == subject.SQLite {
		shared := submitted[2].PerSecond / submitted[1].PerSecond
		r.Aim(shared >= groupCommit, "SQLite: submissions a second at 64 connections at least 1.3 of those at 8", "%.2f", shared)
	}
}

// AimGrowth notes how lists or boards of a large collection stand to the same of a small one, which are to be at most so many
// times as dear: measured holds pairs, the small one first.
func (r *Report) AimGrowth(what string, most float64, measured []trial.Measured) {
	var names, times []string
	var ratios []float64
	for pair := range slices.Chunk(measured, 2) {
		ratio := pair[1].Ratio(pair[0], trial.CPU)
		ratios = append(ratios, ratio)
		_, name, _ := strings.Cut(pair[0].Operation, ": ")
		names, times = append(names, name), append(times, fmt.Sprintf("%.2f", ratio))
		r.Fact("A %s of 50, %s: CPU %.0f µs among %d items, %.0f µs among %d.", what, name,
			pair[0].Median(trial.CPU), pair[0].Server.Items, pair[1].Median(trial.CPU), pair[1].Server.Items)
	}
	r.Aim(slices.Max(ratios) <= most,
		fmt.Sprintf("SQLite: CPU of a %s among %d items at most %.3g of that among %d", what, measured[1].Server.Items, most, measured[0].Server.Items),
		"%s (%s)", strings.Join(times, " "), strings.Join(names, ", "))
}

// heard are the rows of the product, by connections.
func (r *Report) heard(engine subject.Engine, operation string) []Row {
	var rows []Row
	for _, row := range r.Rows {
		if row.Server == subject.Heard && row.Engine == engine && row.Operation == operation {
			rows = append(rows, row)
		}
	}
	return rows
}

func numbers(rows []Row, number func(Row) float64) (all []float64, text string) {
	var texts []string
	for _, row := range rows {
		all = append(all, number(row))
		texts = append(texts, fmt.Sprintf("%.2f", number(row)))
	}
	return all, strings.Join(texts, " ")
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20)) }
