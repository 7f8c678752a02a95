// Command keys is the keys service of Heard, configured by its environment.
package main

import (
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/services/keys"
)

func main() { run.Main("keys", keys.Open) }
