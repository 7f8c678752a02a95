package platform

import (
	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/core/plan"
	"github.com/heard-dev/heard/pkg/secret"
)

// Plans names what Orgs are promised. It is no secret, and a secret.String only so that a file can hold it.
type Plans struct {
	// JSON of all plans, by name; unset: UserBoost's documented ones, and a default without a quota.
	JSON secret.String `env:"HEARD_PLANS"`
}

// Check refuses plans that cannot be read.
func (p Plans) Check() []config.Fault {
	if _, err := p.Open(); err != nil {
		return []config.Fault{{Name: "HEARD_PLANS", Reason: err.Error()}}
	}
	return nil
}

// Open reads the plans.
func (p Plans) Open() (plan.Plans, error) {
	if p.JSON == "" {
		return plan.Documented(), nil
	}
	return plan.Parse(p.JSON.Reveal())
}
