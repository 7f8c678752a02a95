package manage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/plan"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

func told(effects []manage.Effect) string {
	lines := make([]string, len(effects))
	for i, e := range effects {
		lines[i] = fmt.Sprintf("%s %s %d→%d %s", e.Org.Slug, e.To.Name, e.From.Limit, e.To.Limit, e.To.Source)
	}
	return strings.Join(lines, ", ")
}

func TestAnOverrideIsTriedFirstAndThenBindsEveryOrgOfItsClassAtOnce(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	_, err := o.CreateOrg(ctx, o.shell, manage.OrgDraft{Slug: "acme-beta", Name: "Beta"})
	o.must(err)
	far, err := o.CreateOrg(ctx, o.shell, manage.OrgDraft{Slug: "far", Name: "Far"})
	o.must(err)
	generation := func(org tenant.Org) gate.Generation {
		g, err := o.Gate.Generation(ctx, org.ID)
		o.must(err)
		return g
	}
	put := func(org string, most int64, trial bool) string {
		t.Helper()
		override := limit.Override{Name: "class", Org: org, Policy: "reads.key", Rate: tenant.Rate{Limit: most}}
		_, effects, err := o.PutOverride(ctx, o.shell, far.ID, override, trial)
		o.must(err)
		return told(effects)
	}
	before := generation(o.org)
	const want = "acme reads.key 600→30 class_override, acme-beta reads.key 600→30 class_override"
	if got := put("acme*", 30, true); got != want {
		t.Errorf("on trial: %s", got)
	}
	if all, _ := o.store.Overrides(ctx); len(all) != 0 || generation(o.org) != before {
		t.Errorf("a trial changed something: %+v", all)
	}
	untouched := generation(far)
	if got := put("acme*", 30, false); got != want || generation(o.org) == before || generation(far) != untouched {
		t.Errorf("%s; announced %t, to others %t", got, generation(o.org) != before, generation(far) != untouched)
	}
	before = generation(o.org)
	if got := put("*beta", 40, false); got != "acme reads.key 30→600 default, acme-beta reads.key 30→40 class_override" || generation(o.org) == before {
		t.Errorf("in its place: %s", got)
	}
	// Repeated after it could not be announced, it is announced.
	o.gate.away.Store(true)
	_, _, err = o.PutOverride(ctx, o.shell, far.ID, limit.Override{Name: "class", Org: "acme", Policy: "events.*", Rate: tenant.Rate{Limit: 1}}, false)
	o.is("unheard", err, apierr.CodeInternal)
	o.gate.away.Store(false)
	before = generation(o.org)
	_, effects, err := o.PutOverride(ctx, o.shell, far.ID, limit.Override{Name: "class", Org: "acme", Policy: "events.*", Rate: tenant.Rate{Limit: 1}}, false)
	if err != nil || len(effects) != 0 || generation(o.org) == before {
		t.Errorf("again: %s, %v", told(effects), err)
	}
	before = generation(o.org)
	for _, trial := range []bool{true, false} {
		effects, err := o.DeleteOverride(ctx, o.shell, far.ID, "class", trial)
		if got := told(effects); err != nil || got != fmt.Sprintf("acme events.minute 1→100 default, acme events.month 1→%d default", gate.Unlimited) {
			t.Errorf("forgotten: %s, %v", got, err)
		}
	}
	if all, _ := o.store.Overrides(ctx); len(all) != 0 || generation(o.org) == before {
		t.Errorf("it is still there: %+v", all)
	}
	_, err = o.DeleteOverride(ctx, o.shell, far.ID, "class", false)
	o.is("again", err, apierr.CodeNotFound)
	_, _, err = o.PutOverride(ctx, o.shell, far.ID, limit.Override{Name: "x", Org: "acme", Policy: "nothing"}, true)
	o.issue("of no policy", err, "invalid_value", "policy")
	entries, err := o.store.AuditFrom(ctx, far.ID, 0, 100)
	o.must(err)
	if last := entries[len(entries)-1]; last.Action != "override.delete" || last.Target.Name != "class" || !strings.Contains(string(last.Before), "events.*") {
		t.Errorf("%+v", last)
	}
}

func TestAnOrgIsPutOnAPlanThatThereIs(t *testing.T) {
	o := newOffice(t)
	o.Plans = plan.Documented()
	changed, err := o.SetPlan(t.Context(), o.shell, o.org.ID, "launch")
	if err != nil || changed.Plan != "launch" || o.now().Plan != "launch" {
		t.Errorf("%+v, %v", changed, err)
	}
	_, err = o.SetPlan(t.Context(), o.shell, o.org.ID, "gold")
	o.issue("gold", err, "invalid_value", "plan")
	if entries := o.entries(); entries[len(entries)-1].Action != "org.plan" || o.now().Plan != "launch" {
		t.Errorf("%+v", o.now())
	}
}
