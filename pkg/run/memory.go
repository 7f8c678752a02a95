package run

import (
	"os"
	"runtime/debug"
)

const (
	// garbage is how much may pile up before it is collected, in percent of what is alive. That is a few megabytes here, and
	// Go's own 100 % collects them hundreds of times a second under load: a sixth of the CPU of a list of feedback.
	garbage = 400
	// memory is where collecting comes before saving CPU, in bytes: above what all connections and all bodies that a process
	// admits can hold at once, so that it never collects in vain.
	memory = 512 << 20
)

// spendMemory lets the garbage collector use memory to save CPU. GOGC and GOMEMLIMIT hold where they are set.
func spendMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
	}
}
