// Command attachments is the attachments service of Heard, configured by its environment.
package main

import (
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/services/attachments"
)

func main() { run.Main("attachments", attachments.Open) }
