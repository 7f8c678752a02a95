package limit_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/plan"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

func override(name, org, policy string, most int64) limit.Override {
	return limit.Override{Name: name, Org: org, Policy: policy, Rate: tenant.Rate{Limit: most}}
}

// each row takes the strongest away of those before it.
func TestTheMostSpecificNumberBinds(t *testing.T) {
	org := tenant.Org{Slug: "acme-test", Plan: "launch"}
	plans := plan.Plans{"launch": {"events.minute": {Limit: 7}}, "default": {"events.minute": {Limit: 8}}}
	overrides := []limit.Override{
		override("z", "*", "events.*", 100), override("e", "acme-test", "events.minute", 2), override("d", "acme-test", "events.*", 3),
		override("c", "acme-*", "events.minute", 4), override("b", "acme-*", "events.*", 5), override("a", "*test", "events.minute", 6),
		override("other", "acme", "events.minute", 101), override("policy", "acme-test", "events.month", 102),
		override("y", "*", "events.*", 103),
	}
	binds := func(most int64, source gate.Source, by, plan string) {
		t.Helper()
		numbers := limit.Of(org, plans, overrides)
		got, why := numbers.Policy(gate.EventsByOrg()), numbers.Explain("events.minute")
		if got.Limit != most || got.Source != source || why.Source != source || why.Override != by || why.Plan != plan {
			t.Errorf("%+v, %+v", got, why)
		}
	}
	without := func(names string) {
		overrides = slices.DeleteFunc(overrides, func(o limit.Override) bool { return strings.Contains(names, o.Name) })
	}
	binds(2, gate.FromOrg, "e", "")
	without("e")
	binds(3, gate.FromOrg, "d", "")
	without("d")
	binds(4, gate.FromClass, "c", "")
	without("c")
	binds(5, gate.FromClass, "b", "")
	without("b")
	binds(6, gate.FromClass, "a", "")
	without("a")
	binds(103, gate.FromClass, "y", "") // of equals the first by name
	without("yz")
	binds(7, gate.FromPlan, "", "launch")
	org.Plan = "gone"
	binds(8, gate.FromDefault, "", "default")
	plans = nil
	binds(100, gate.FromDefault, "", "")
	if got := limit.Of(org, plans, nil).Policy(gate.ByKey(gate.Reads)); got != gate.ByKey(gate.Reads) {
		t.Errorf("what nobody says anything of: %+v", got)
	}
}

func TestLogInsAreHeldToTheSameNumbersAtEveryOrg(t *testing.T) {
	plans := plan.Plans{"launch": {"login.address": {Limit: 7}}, "default": {"login.account": {Limit: 8}}}
	overrides := []limit.Override{override("a", "acme", "login.*", 1), override("b", "*", "login.address", 2)}
	for _, org := range []tenant.Org{{}, {Slug: "acme", Plan: "launch"}} {
		numbers := limit.Of(org, plans, overrides)
		if address, account := numbers.Policy(gate.LoginByAddress()), numbers.Policy(gate.LoginByAccount()); address.Limit != 2 || account.Limit != 8 {
			t.Errorf("%q has %d and %d", org.Slug, address.Limit, account.Limit)
		}
	}
}

func TestAKeysOwnNumbersTakeFromTheOrgsAndAddNothing(t *testing.T) {
	numbers := limit.Of(tenant.Org{}, nil, nil)
	for own, want := range map[tenant.Rate]tenant.Rate{
		{Limit: 60, Burst: 5}:               {Limit: 60, Burst: 5},
		{Limit: 60}:                         {Limit: 60, Burst: 10},
		{Limit: 599, Burst: gate.Unlimited}: {Limit: 599, Burst: 100},
		{Limit: 600, Burst: 5}:              {Limit: 600, Burst: 5},
		{Limit: gate.Unlimited, Burst: 5}:   {Limit: 600, Burst: 5},
		{Limit: gate.Unlimited}:             {Limit: 600, Burst: 100},
		{Limit: 601, Burst: 101}:            {Limit: 600, Burst: 100},
	} {
		got := numbers.ForKey(gate.ByKey(gate.Reads), &own)
		if got.Limit != want.Limit || got.Capacity() != want.Burst || (got.Source == gate.FromKey) != (want != tenant.Rate{Limit: 600, Burst: 100}) {
			t.Errorf("%+v binds as %+v", own, got)
		}
	}
	if got := numbers.ForKey(gate.FeedbackByIP(), &tenant.Rate{Limit: 59, Burst: 61}); got.Capacity() != 60 {
		t.Errorf("of a policy that has no burst: %+v", got)
	}
}

func TestAPatternMatchesWholeSlugs(t *testing.T) {
	for pattern, row := range map[string]struct{ matches, not string }{
		"acme":  {"acme", "acm acme2 xacme"},
		"acme*": {"acme acme-2", "acm xacme"},
		"*-dev": {"a-dev x-dev", "dev a-dev2"},
		"a*a":   {"aa aba", "a ab"},
		"*":     {"a acme", ""},
	} {
		o := override("o", pattern, "reads.key", 1)
		for slug := range strings.FieldsSeq(row.matches) {
			if !o.For(slug) {
				t.Errorf("%s is not for %s", pattern, slug)
			}
		}
		for slug := range strings.FieldsSeq(row.not) {
			if o.For(slug) {
				t.Errorf("%s is for %s", pattern, slug)
			}
		}
	}
}

func TestAnOverridesFaultsAreNamedAtOnce(t *testing.T) {
	for _, good := range []limit.Override{
		override("a", "acme", "reads.key", 0), override("a-1", "*", "events.*", gate.Unlimited), override("a", "a-*", "users.hour", 1), override("a", "*", "login.account", 1), override("a", "*", "login.*", 1),
	} {
		if err := good.Check(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, policy := range []string{"", "*", "reads", "reads.*key", "reads*", "events.", "nothing.*", "reads.keys"} {
		if err := override("a", "acme", policy, 1).Check(); err == nil {
			t.Errorf("a policy %q", policy)
		}
	}
	for _, org := range []string{"", "**", "a*b*", "A*", "a.b", "-a"} {
		if err := override("a", org, "reads.key", 1).Check(); err == nil {
			t.Errorf("an Org %q", org)
		}
	}
	for _, policy := range []string{"login.account", "login.address", "login.*"} {
		if got := apierr.Issues(override("a", "acme", policy, 1).Check()); len(got) != 1 || got[0].Path[0] != "org" {
			t.Errorf("%s of one Org: %+v", policy, got)
		}
	}
	bad := limit.Override{Name: "-", Org: "A", Policy: "x", Rate: tenant.Rate{Limit: -1, Burst: gate.Unlimited + 1}}
	if got := apierr.Issues(bad.Check()); len(got) != 5 {
		t.Errorf("%+v", got)
	}
}
