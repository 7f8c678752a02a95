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

func TestTheNativePoliciesAreTheDocumentedOnes(t *testing.T) {
	want := map[string][2]int64{ // tokens a minute, and at once
		"feedback.ip": {60, 60}, "feedback.user": {120, 120}, "attachments.ip": {120, 120}, "attachments.user": {240, 240}, "api.key": {600, 100},
	}
	for _, p := range gate.Policies() {
		if numbers := [2]int64{p.Limit, p.Capacity()}; numbers != want[p.Name] || p.Period != time.Minute ||
			p.Algorithm != gate.TokenBucket || p.Source != gate.FromDefault {
			t.Errorf("%+v", p)
		}
		delete(want, p.Name)
	}
	if len(want) > 0 {
		t.Errorf("missing, or named twice: %v", want)
	}
}
