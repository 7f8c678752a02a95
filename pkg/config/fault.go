package config

import (
	"fmt"
	"strings"
)

// Fault is one thing wrong with the environment: which variable, and why, in words that continue its name.
type Fault struct{ Name, Reason string }

// Faults is a report of every Fault, a line each.
type Faults []Fault

func (f Faults) Error() string {
	width := 0
	for _, fault := range f {
		width = max(width, len(fault.Name))
	}
	var report strings.Builder
	report.WriteString("the configuration has faults:")
	for _, fault := range f {
		fmt.Fprintf(&report, "\n  %-*s  %s", width, fault.Name, fault.Reason)
	}
	return report.String()
}

// distinct drops repetitions: structs that share a variable share its faults.
func (f Faults) distinct() Faults {
	seen := map[Fault]bool{}
	var once Faults
	for _, fault := range f {
		if !seen[fault] {
			seen[fault] = true
			once = append(once, fault)
		}
	}
	return once
}
