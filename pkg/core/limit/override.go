// Package limit is which numbers bind an Org: its key's, its own, its class's, its plan's, or those that are documented.
package limit

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

// Override gives Orgs other numbers than their plans do. Org is a slug, or a class of them: a slug with one *, which stands
// for any text. Policy is a policy's name, or a category of them, such as events.*.
type Override struct {
	Name      string
	Org       string
	Policy    string
	Rate      tenant.Rate
	CreatedBy string
	CreatedAt time.Time
}

// Store keeps overrides: few, and read whole.
type Store interface {
	// Overrides lists them by name.
	Overrides(ctx context.Context) ([]Override, error)
	// PutOverride stores the override in place of any of the same name.
	PutOverride(ctx context.Context, override Override) error
	DeleteOverride(ctx context.Context, name string) error
}

// everybody is the class of all Orgs.
const everybody = "*"

var (
	nameForm    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	patternForm = regexp.MustCompile(`^[a-z0-9-]{0,63}\*[a-z0-9-]{0,63}$`)
)

// Check names every fault of the override at once.
func (o Override) Check() error {
	var faults []apierr.Issue
	fault := func(wrong bool, code, message string, path ...any) {
		if wrong {
			faults = append(faults, apierr.Issue{Path: path, Code: code, Message: message})
		}
	}
	most := fmt.Sprintf("must be 0 to %d", gate.Unlimited)
	fault(!nameForm.MatchString(o.Name), "invalid_format", "must be 1 to 63 lower-case letters, digits and inner hyphens", "name")
	fault(tenant.CheckSlug(o.Org) != nil && !patternForm.MatchString(o.Org), "invalid_format", "must be an Org's slug, or one with a * in it", "org")
	fault(gate.ForAll(o.Policy) && o.Org != everybody, "invalid_value", "must be *: log-ins are held to the same limits everywhere", "org")
	fault(!slices.ContainsFunc(gate.Policies(), func(p gate.Policy) bool { return o.about(p.Name) }), "invalid_value",
		"must be the name of a policy, or of a category of them such as events.*", "policy")
	fault(o.Rate.Limit < 0 || o.Rate.Limit > gate.Unlimited, "out_of_range", most, "limit")
	fault(o.Rate.Burst < 0 || o.Rate.Burst > gate.Unlimited, "out_of_range", most, "burst")
	if len(faults) > 0 {
		return apierr.Body(faults...)
	}
	return nil
}

// Class tells whether the override is for more Orgs than one.
func (o Override) Class() bool { return strings.Contains(o.Org, "*") }

// For tells whether the override is for the Org with that slug.
func (o Override) For(slug string) bool {
	before, after, class := strings.Cut(o.Org, "*")
	if !class {
		return slug == o.Org
	}
	return len(slug) >= len(before)+len(after) && strings.HasPrefix(slug, before) && strings.HasSuffix(slug, after)
}

// about tells whether the override gives the policy its numbers.
func (o Override) about(policy string) bool {
	category, all := strings.CutSuffix(o.Policy, "*")
	if !all {
		return policy == o.Policy
	}
	return strings.HasSuffix(category, ".") && strings.HasPrefix(policy, category)
}

// over tells whether o is the more specific of two overrides for the same Org and policy: by the Org, then by the policy.
func (o Override) over(other Override) bool {
	if o.Class() != other.Class() {
		return !o.Class()
	}
	if len(o.Org) != len(other.Org) {
		return len(o.Org) > len(other.Org)
	}
	if exact := !strings.HasSuffix(o.Policy, "*"); exact == strings.HasSuffix(other.Policy, "*") {
		return exact
	}
	return o.Name < other.Name
}
