// Command ingest is the ingest service of Heard, configured by its environment.
package main

import (
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/services/ingest"
)

func main() { run.Main("ingest", ingest.Open) }
