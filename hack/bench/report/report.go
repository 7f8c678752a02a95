// Package report says what was measured, and how it stands to what was aimed at.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/heard-dev/heard/hack/bench/subject"
	"github.com/heard-dev/heard/hack/bench/trial"
)

// Row is one Lane in numbers: medians of its turns, and the medians of each turn's ratio to the same turn of (a), the bare
// handler, of (b), the floor, and of the bare driver. Ratios are 0 where there is nothing to compare with.
type Row struct {
	Engine      subject.Engine `json:"engine"`
	Items       int            `json:"items"`
	Operation   string         `json:"operation"`
	Connections int            `json:"connections"`
	Server      subject.Kind   `json:"server"`
	PerSecond   float64        `json:"requestsPerSecond"`
	P50Ms       float64        `json:"p50Ms"`
	P99Ms       float64        `json:"p99Ms"`
	CPU         float64        `json:"cpuMicrosPerRequest"`
	ToBare      float64        `json:"requestsToBare,omitempty"`
	ToFloor     float64        `json:"requestsToFloor,omitempty"`
	CPUToFloor  float64        `json:"cpuToFloor,omitempty"`
	ToDriver    float64        `json:"requestsToDriver,omitempty"`
	P50ToDriver float64        `json:"p50ToDriver,omitempty"`
}

// Verdict is an aim and what was measured. An aim that is not met fails nothing: a timed test never gates.
type Verdict struct {
	Aim      string `json:"aim"`
	Measured string `json:"measured"`
	Met      bool   `json:"met"`
}

// Report is everything.
type Report struct {
	Rows     []Row     `json:"rows"`
	Facts    []string  `json:"facts"`
	Verdicts []Verdict `json:"verdicts"`
}

// Add takes the lanes of one engine, in which a Bare and a Floor server stand beside the Heard ones they compare with.
func (r *Report) Add(measured []trial.Measured) {
	type place struct {
		operation   string
		connections int
		kind        subject.Kind
	}
	at := map[place]trial.Measured{}
	for _, m := range measured {
		at[place{m.Operation, m.Connections, m.Server.Kind}] = m
	}
	for _, m := range measured {
		row := Row{
			Engine: m.Server.Engine, Items: m.Server.Items, Operation: m.Operation, Connections: m.Connections, Server: m.Server.Kind,
			PerSecond: m.Median(trial.PerSecond), CPU: m.Median(trial.CPU),
			P50Ms: m.Median(func(t trial.Turn) float64 { return milliseconds(t.P50) }),
			P99Ms: m.Median(func(t trial.Turn) float64 { return milliseconds(t.P99) }),
		}
		if bare, ok := at[place{m.Operation, m.Connections, subject.Bare}]; ok && m.Server.Kind == subject.Heard {
			row.ToBare = m.Ratio(bare, trial.PerSecond)
		}
		if driver, ok := at[place{m.Operation, m.Connections, subject.Driver}]; ok && m.Server.Kind == subject.Heard {
			row.ToDriver, row.P50ToDriver = m.Ratio(driver, trial.PerSecond), m.Ratio(driver, trial.P50)
		}
		if floor, ok := at[place{m.Operation, m.Connections, subject.Floor}]; ok && m.Server.Kind == subject.Heard {
			row.ToFloor, row.CPUToFloor = m.Ratio(floor, trial.PerSecond), m.Ratio(floor, trial.CPU)
		}
		r.Rows = append(r.Rows, row)
	}
}

// Fact notes what has no aim.
func (r *Report) Fact(format string, values ...any) {
	r.Facts = append(r.Facts, fmt.Sprintf(format, values...))
}

// Aim notes an aim.
func (r *Report) Aim(met bool, aim, format string, values ...any) {
	r.Verdicts = append(r.Verdicts, Verdict{Aim: aim, Measured: fmt.Sprintf(format, values...), Met: met})
}

// Write prints the report for people.
func (r *Report) Write(out io.Writer) error {
	p := printer{out: out}
	var before Row
	for _, row := range r.Rows {
		if row.Engine != before.Engine || row.Items != before.Items {
			p.line("\n%-43s %10s %9s %9s %9s %6s %6s %8s", fmt.Sprintf("%s, %d items", row.Engine, row.Items),
				"requests/s", "p50 ms", "p99 ms", "CPU µs", "c/b", "c/a", "CPU c/b")
		} else if row.Operation != before.Operation || row.Connections != before.Connections {
			p.line("")
		}
		p.line("%-13s %3d connection(s) %-12s %10.0f %9.2f %9.2f %9.0f %6s %6s %8s", row.Operation, row.Connections, row.Server,
			row.PerSecond, row.P50Ms, row.P99Ms, row.CPU, ratio(max(row.ToFloor, row.ToDriver)), ratio(row.ToBare), ratio(row.CPUToFloor))
		before = row
	}
	p.line("")
	for _, fact := range r.Facts {
		p.line("%s", fact)
	}
	p.line("\nc is heard, b gin + insert or, of events, the bare driver, a gin; CPU is the server's own, for a request. The aims are timed, so none fails anything.\n")
	for _, v := range r.Verdicts {
		mark := "missed"
		if v.Met {
			mark = "met"
		}
		p.line("  %-7s %-86s %s", mark, v.Aim, v.Measured)
	}
	return p.err
}

// WriteFile writes the report as JSON.
func (r *Report) WriteFile(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644) //nolint:gosec // it holds no secret
}

type printer struct {
	out io.Writer
	err error
}

func (p *printer) line(format string, values ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", values...)
	}
}

func ratio(r float64) string {
	if r == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", r)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
