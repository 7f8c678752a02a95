// Command read is the read service of Heard, configured by its environment.
package main

import (
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/services/read"
)

func main() { run.Main("read", read.Open) }
