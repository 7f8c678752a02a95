package limit

import (
	"context"

	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/plan"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

// Numbers are all that bind one Org, and where each comes from.
type Numbers struct{ given map[string]Given }

// Given is a number and who gives it. Override and Plan are the names of what the Source speaks of, where it has one.
type Given struct {
	Rate     tenant.Rate
	Source   gate.Source
	Override string
	Plan     string
}

// Of finds the Org's numbers. Of what is said of a policy the most specific counts: an override for the Org, then one for a
// class that it is in, then its plan, then the default plan. Where a policy is gate.ForAll, only what is said of everybody counts.
func Of(org tenant.Org, plans plan.Plans, overrides []Override) Numbers {
	n := Numbers{given: map[string]Given{}}
	for _, p := range gate.Policies() {
		whose := org
		if gate.ForAll(p.Name) {
			whose = tenant.Org{}
		}
		if given, ok := find(whose, p.Name, plans, overrides); ok {
			n.given[p.Name] = given
		}
	}
	return n
}

// Find is Of with the overrides that stand now.
func Find(ctx context.Context, store interface {
	Overrides(ctx context.Context) ([]Override, error)
}, plans plan.Plans, org tenant.Org,
) (Numbers, error) {
	overrides, err := store.Overrides(ctx)
	return Of(org, plans, overrides), err
}

func find(org tenant.Org, policy string, plans plan.Plans, overrides []Override) (Given, bool) {
	if o := strongest(org.Slug, policy, overrides); o != nil {
		source := gate.FromOrg
		if o.Class() {
			source = gate.FromClass
		}
		return Given{Rate: o.Rate, Source: source, Override: o.Name}, true
	}
	rate, by, ok := plans.Rate(org.Plan, policy)
	source := gate.FromPlan
	if by == tenant.DefaultPlan {
		source = gate.FromDefault
	}
	return Given{Rate: rate, Source: source, Plan: by}, ok
}

func strongest(slug, policy string, overrides []Override) (found *Override) {
	for i, o := range overrides {
		if o.For(slug) && o.about(policy) && (found == nil || o.over(*found)) {
			found = &overrides[i]
		}
	}
	return found
}

// Policy is the policy with the Org's numbers.
func (n Numbers) Policy(p gate.Policy) gate.Policy {
	if given, ok := n.given[p.Name]; ok {
		return given.Rate.Over(p, given.Source)
	}
	return p
}

// ForKey is Policy for a key that may have numbers of its own, which take from the Org's and add nothing.
func (n Numbers) ForKey(p gate.Policy, own *tenant.Rate) gate.Policy {
	p = n.Policy(p)
	if own == nil || p.Name == gate.UsersByHour().Name {
		return p
	}
	least := own.Over(p, gate.FromKey)
	least.Limit, least.Burst = min(least.Limit, p.Limit), min(least.Burst, p.Capacity())
	if least.Limit < p.Limit || least.Capacity() < p.Capacity() {
		return least
	}
	return p
}

// Explain tells where the policy's number comes from; gate.FromDefault where nobody gave it another.
func (n Numbers) Explain(policy string) Given {
	if given, ok := n.given[policy]; ok {
		return given
	}
	return Given{Source: gate.FromDefault}
}
