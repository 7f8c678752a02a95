// Package allowance explains what binds an Org, and what of it is left.
package allowance

import (
	"context"
	"errors"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/quota"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// Explainer explains numbers.
type Explainer struct {
	Gate  gate.Gate
	Meter *quota.Meter
}

// Asked is who asks, and about which of the Org's keys and members; either may be nil.
type Asked struct {
	Org     id.ID
	Numbers limit.Numbers
	Key     *apikey.Key
	Member  *tenant.Member
}

// Line is one policy as it binds the Org. Per is whom each bucket is of. Met is nil where there is no bucket to speak of: it
// is another's, or there are many.
type Line struct {
	Policy gate.Policy
	Given  limit.Given
	Per    string
	Met    *gate.Decision
}

// tries bounds the repeats of a look while the Org's credentials keep changing under it.
const tries = 8

var errRestless = errors.New("allowance: the Org's credentials keep changing")

// Explain looks at every policy, without drawing from any.
func (e *Explainer) Explain(ctx context.Context, asked Asked) ([]Line, error) {
	lines := []Line{}
	var draws []gate.Draw
	var of []int // the draws' lines
	for _, p := range gate.Policies() {
		line := Line{Policy: asked.Numbers.Policy(p), Given: asked.Numbers.Explain(p.Name), Per: per(p.Name)}
		if bucket, ok := asked.bucket(line.Per, p.Name); ok {
			if line.Per == "key" {
				line.Policy = asked.Numbers.ForKey(p, asked.Key.Limit)
			}
			draws, of = append(draws, gate.Draw{Policy: line.Policy, Bucket: bucket}), append(of, len(lines))
		}
		if line.Policy.Source != line.Given.Source {
			line.Given = limit.Given{Source: line.Policy.Source}
		}
		lines = append(lines, line)
		if own, ok := asked.within(p); ok {
			draws, of = append(draws, gate.Draw{Policy: own, Bucket: asked.Key.ID.String()}), append(of, len(lines))
			lines = append(lines, Line{Policy: own, Given: limit.Given{Source: own.Source}, Per: "key"})
		}
	}
	met, err := e.look(ctx, asked.Org, draws)
	if err != nil {
		return nil, err
	}
	for i := range met {
		lines[of[i]].Met = &met[i]
	}
	return lines, e.month(ctx, asked.Org, lines)
}

// month looks at the quota, where there is one.
func (e *Explainer) month(ctx context.Context, org id.ID, lines []Line) error {
	for i, line := range lines {
		if line.Policy.Algorithm != gate.CalendarMonth || line.Policy.Limit >= gate.Unlimited {
			continue
		}
		met, err := e.Meter.Look(ctx, org, line.Policy)
		if err != nil {
			return err
		}
		lines[i].Met = &met
	}
	return nil
}

func (e *Explainer) look(ctx context.Context, org id.ID, draws []gate.Draw) ([]gate.Decision, error) {
	for range tries {
		generation, err := e.Gate.Generation(ctx, org)
		if err != nil {
			return nil, apierr.Away(err)
		}
		verdict, err := e.Gate.Check(ctx, gate.Ask{Org: org, Generation: generation, Draws: draws})
		if err != nil {
			return nil, apierr.Away(err)
		}
		if !verdict.Stale {
			return verdict.Decisions, nil
		}
	}
	return nil, apierr.Away(errRestless)
}

// per is whom each bucket of a policy is of.
func per(policy string) string {
	category, what, _ := strings.Cut(policy, ".")
	switch {
	case category == "users":
		return "key"
	case category == "events":
		return "org"
	case what == "ip":
		return "address"
	}
	return what
}

// within is what the key has of its own within what all keys of the Org have together.
func (a Asked) within(p gate.Policy) (own gate.Policy, ok bool) {
	if p.Name != gate.EventsByOrg().Name || a.Key == nil || a.Key.Format != apikey.UserBoostLive().Name && a.Key.Format != apikey.UserBoostTest().Name {
		return gate.Policy{}, false
	}
	own = a.Numbers.ForKey(p, a.Key.Limit)
	return own, own.Source == gate.FromKey
}

// bucket names the one bucket there is to speak of, as the doors do; none when there is none.
func (a Asked) bucket(per, policy string) (string, bool) {
	switch per {
	case "org":
		return "", policy != gate.EventsByMonth().Name
	case "member":
		if a.Member != nil {
			return a.Member.ID.String(), true
		}
	case "key":
		format := apikey.Secret().Name
		switch policy {
		case gate.AuthWorxByKey().Name:
			format = apikey.AuthWorx().Name
		case gate.UserorbitByKey().Name:
			format = apikey.Userorbit().Name
		}
		if a.Key != nil && a.Key.Format == format {
			return a.Key.ID.String(), true
		}
	}
	return "", false
}
