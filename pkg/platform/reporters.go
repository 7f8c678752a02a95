package platform

import (
	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/core/leak"
	"github.com/heard-dev/heard/pkg/secret"
)

// LeakReporters names who may report keys that were found in the open. The keys are public, and a secret.String only so that
// a file can hold them.
type LeakReporters struct {
	// JSON as GitHub's meta endpoint for secret scanning answers it; unset: nobody is believed.
	PublicKeys secret.String `env:"HEARD_LEAK_REPORTERS"`
}

// Check refuses public keys that cannot be read.
func (l LeakReporters) Check() []config.Fault {
	if _, err := l.Open(); err != nil {
		return []config.Fault{{Name: "HEARD_LEAK_REPORTERS", Reason: err.Error()}}
	}
	return nil
}

// Open reads the public keys.
func (l LeakReporters) Open() (leak.Reporters, error) { return leak.ParseReporters(l.PublicKeys) }
