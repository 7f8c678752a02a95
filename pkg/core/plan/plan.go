// Package plan is what an Org is promised by what it pays for: numbers for policies, as data.
package plan

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

// Plans are what each plan says of policies, by its name and theirs. What a plan says nothing of is as documented, or as the
// plan tenant.DefaultPlan says, which every set has.
type Plans map[string]map[string]tenant.Rate

// The plans that UserBoost documents [userboo.st: Hobby, Launch and Orbit], and the one of whoever runs Heard for themselves:
// as documented, without a quota.
//
//go:embed plans.json
var documented string

// Documented are the plans of an installation that was told no others.
func Documented() Plans {
	plans, err := Parse(documented)
	if err != nil {
		panic("plan: " + err.Error())
	}
	return plans
}

// rate is a tenant.Rate in JSON.
type rate struct {
	Limit *int64 `json:"limit"`
	Burst int64  `json:"burst"`
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Parse reads plans in JSON: {"<plan>": {"<policy>": {"limit": 100, "burst": 10}}}. The error names every fault.
func Parse(text string) (Plans, error) {
	var said map[string]map[string]rate
	if err := json.Unmarshal([]byte(text), &said, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("is not JSON of plans: %w", err)
	}
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	plans := Plans{}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		if !nameForm.MatchString(name) {
			fault("%q is no name of a plan: 1 to 63 lower-case letters, digits and hyphens", name)
		}
		plans[name] = map[string]tenant.Rate{}
		for _, policy := range slices.Sorted(maps.Keys(said[name])) {
			given := said[name][policy]
			switch {
			case !known(policy):
				fault("%s: there is no policy %q", name, policy)
			case gate.ForAll(policy) && name != tenant.DefaultPlan:
				fault("%s: %s is the same for everybody, and may stand in the plan %q alone", name, policy, tenant.DefaultPlan)
			case given.Limit == nil:
				fault("%s: %s has no limit", name, policy)
			case *given.Limit < 0 || *given.Limit > gate.Unlimited:
				fault("%s: the limit of %s must be 0 to %d", name, policy, gate.Unlimited)
			case given.Burst < 0 || given.Burst > gate.Unlimited:
				fault("%s: the burst of %s must be 0 to %d", name, policy, gate.Unlimited)
			default:
				plans[name][policy] = tenant.Rate{Limit: *given.Limit, Burst: given.Burst}
			}
		}
	}
	if _, ok := plans[tenant.DefaultPlan]; !ok {
		fault("there is no plan %q, for Orgs that were given none", tenant.DefaultPlan)
	}
	if len(faults) > 0 {
		return nil, errors.New(strings.Join(faults, "; "))
	}
	return plans, nil
}

func known(policy string) bool {
	return slices.ContainsFunc(gate.Policies(), func(p gate.Policy) bool { return p.Name == policy })
}

// Names lists the plans by name.
func (p Plans) Names() []string { return slices.Sorted(maps.Keys(p)) }

// Rate is what the plan of that name, or else the default one, says of a policy, and which of them says it.
func (p Plans) Rate(name, policy string) (said tenant.Rate, by string, ok bool) {
	for _, by := range [...]string{name, tenant.DefaultPlan} {
		if said, ok := p[by][policy]; ok {
			return said, by, true
		}
	}
	return tenant.Rate{}, "", false
}
