// Command heard is all of Heard in one process, and the command line that manages it.
package main

import "github.com/heard-dev/heard/services/heard/internal/cli"

func main() { cli.Main() }
