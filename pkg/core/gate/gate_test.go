package gate_test

import (
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/gate"
)

func TestTheTightestDecisionIsTheLongestWaitOrTheSmallestShareLeft(t *testing.T) {
	policy := func(name string, limit, burst int64) gate.Policy {
		return gate.Policy{Name: name, Algorithm: gate.TokenBucket, Limit: limit, Period: time.Minute, Burst: burst}
	}
	window := gate.Policy{Name: "window", Algorithm: gate.FixedWindow, Limit: 1000, Burst: 1, Period: time.Hour}
	left := func(p gate.Policy, n int64) gate.Decision {
		return gate.Decision{Policy: p, Allowed: true, Remaining: n}
	}
	refused := func(p gate.Policy, wait time.Duration) gate.Decision {
		return gate.Decision{Policy: p, RetryAfter: wait}
	}
	small, large := policy("small", 10, 0), policy("large", 1000, 0)
	for name, row := range map[string]struct {
		decisions []gate.Decision
		want      string
		allowed   bool
	}{
		"one":                              {[]gate.Decision{left(small, 10)}, "small", true},
		"share, not number":                {[]gate.Decision{left(small, 9), left(large, 100)}, "large", true},
		"equal shares: the first":          {[]gate.Decision{left(large, 500), left(small, 5)}, "large", true},
		"share of the burst":               {[]gate.Decision{left(policy("burst", 600, 100), 90), left(large, 800)}, "large", true},
		"a window's share is of its limit": {[]gate.Decision{left(small, 5), left(window, 400)}, "window", true},
		"refused before nearly empty":      {[]gate.Decision{left(small, 0), refused(large, time.Second)}, "large", false},
		"refused, then allowed":            {[]gate.Decision{refused(large, time.Second), left(small, 0)}, "large", false},
		"the longest wait":                 {[]gate.Decision{refused(small, time.Second), refused(large, time.Minute), left(window, 0)}, "large", false},
	} {
		verdict := gate.Verdict{Decisions: row.decisions}
		got, ok := verdict.Tightest()
		if !ok || got.Policy.Name != row.want || verdict.Allowed() != row.allowed {
			t.Errorf("%s: %s, allowed %t", name, got.Policy.Name, verdict.Allowed())
		}
	}
	if _, ok := (gate.Verdict{}).Tightest(); ok {
		t.Error("nothing asked has a tightest decision")
	}
}

func TestAStaleVerdictAllowsNothing(t *testing.T) {
	if !(gate.Verdict{}).Allowed() || !(gate.Verdict{Degraded: true}).Allowed() {
		t.Error("nothing asked is refused")
	}
	if (gate.Verdict{Stale: true}).Allowed() || (gate.Verdict{Stale: true, Decisions: []gate.Decision{{Allowed: true}}}).Allowed() {
		t.Error("a stale verdict allows")
	}
}

func TestThePoliciesAreTheDocumentedOnes(t *testing.T) {
	type numbers struct {
		algorithm gate.Algorithm
		limit     int64
		period    time.Duration
		atOnce    int64
	}
	const quarter = 15 * time.Minute
	want := map[string]numbers{
		"feedback.ip":          {gate.TokenBucket, 60, time.Minute, 60},
		"feedback.user":        {gate.TokenBucket, 120, time.Minute, 120},
		"attachments.ip":       {gate.TokenBucket, 120, time.Minute, 120},
		"attachments.user":     {gate.TokenBucket, 240, time.Minute, 240},
		"reads.key":            {gate.TokenBucket, 600, time.Minute, 100},
		"reads.member":         {gate.TokenBucket, 600, time.Minute, 100},
		"tokens.key":           {gate.TokenBucket, 600, time.Minute, 100},
		"tokens.member":        {gate.TokenBucket, 600, time.Minute, 100},
		"admin.key":            {gate.TokenBucket, 600, time.Minute, 100},
		"admin.member":         {gate.TokenBucket, 600, time.Minute, 100},
		"authworx.key":         {gate.FixedWindow, 300, quarter, 300},
		"authworx.member":      {gate.FixedWindow, 3000, quarter, 3000},
		"users.minute":         {gate.FixedWindow, 100, time.Minute, 100},
		"users.hour":           {gate.FixedWindow, 5000, time.Hour, 5000},
		"events.minute":        {gate.FixedWindow, 100, time.Minute, 100},
		"events.month":         {gate.CalendarMonth, gate.Unlimited, 31 * 24 * time.Hour, gate.Unlimited},
		"login.account":        {gate.FixedWindow, 10, quarter, 10},
		"login.address":        {gate.FixedWindow, 100, quarter, 100},
		"feedback.subscriber":  {gate.TokenBucket, 120, time.Minute, 120},
		"userorbit.key":        {gate.TokenBucket, 600, time.Minute, 100},
		"userorbit.subscriber": {gate.TokenBucket, 240, time.Minute, 240},
	}
	for _, p := range gate.Policies() {
		if got := (numbers{p.Algorithm, p.Limit, p.Period, p.Capacity()}); got != want[p.Name] || p.Source != gate.FromDefault {
			t.Errorf("%+v", p)
		}
		delete(want, p.Name)
	}
	if len(want) > 0 {
		t.Errorf("missing, or named twice: %v", want)
	}
}
