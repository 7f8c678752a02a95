// Command token is the token service of Heard, configured by its environment.
package main

import (
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/services/token"
)

func main() { run.Main("token", token.Open) }
