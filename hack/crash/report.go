package crash

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// shown is how many faults of a shape are told one by one.
const shown = 20

// Report writes the results as a table, and below it what went wrong.
func Report(out io.Writer, results []Result) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	head := []string{
		"shape", "kills", "requests", "accepted", "events", "replayed", "refused", "connection errors", "lost", "duplicated", "other faults", "took",
	}
	fmt.Fprintln(table, strings.Join(head, "\t")) //nolint:errcheck // Flush tells
	for _, r := range results {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%s\t%d\t%d\t%d\t%d\t%s\n", //nolint:errcheck // Flush tells
			r.Shape, r.Kills, r.Requests, r.Accepted, r.Events, r.Replayed, r.refusals(), r.Broken,
			r.number(Lost), r.number(Duplicated), r.number(Other), r.Took.Round(time.Second))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range results {
		for i, fault := range r.Faults {
			if i == shown {
				fmt.Fprintf(out, "%s: … and %d more\n", r.Shape, len(r.Faults)-shown) //nolint:errcheck // nobody reads
				break
			}
			fmt.Fprintf(out, "%s: %s: %s\n", r.Shape, fault.Verdict, fault.What) //nolint:errcheck // nobody reads
		}
	}
	return nil
}

func (r Result) number(v Verdict) (n int) {
	for _, fault := range r.Faults {
		if fault.Verdict == v {
			n++
		}
	}
	return n
}

func (t Tally) refusals() string {
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(t.Refused)) {
		parts = append(parts, fmt.Sprintf("%d × %d", t.Refused[status], status))
	}
	if len(parts) == 0 {
		return "0"
	}
	return strings.Join(parts, ", ")
}
