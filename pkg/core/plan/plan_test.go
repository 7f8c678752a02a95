package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/plan"
)

// The numbers of userboo.st.
func TestThePlansAreTheDocumentedOnes(t *testing.T) {
	plans := plan.Documented()
	if names := plans.Names(); !slices.Equal(names, []string{"default", "hobby", "launch", "orbit"}) {
		t.Errorf("%v", names)
	}
	for name, want := range map[string][2]int64{"hobby": {100, 1000}, "launch": {1000, 20_000}, "orbit": {10_000, 200_000}} {
		minute, by, ok := plans.Rate(name, gate.EventsByOrg().Name)
		month, _, alsoOK := plans.Rate(name, gate.EventsByMonth().Name)
		if !ok || !alsoOK || by != name || minute.Limit != want[0] || month.Limit != want[1] {
			t.Errorf("%s: %+v, %+v", name, minute, month)
		}
	}
	if rate, _, ok := plans.Rate("default", gate.EventsByMonth().Name); ok {
		t.Errorf("whoever runs Heard for themselves has a quota: %+v", rate)
	}
}

func TestAPlanThatSaysNothingIsAsTheDefault(t *testing.T) {
	plans, err := plan.Parse(`{"default": {"reads.key": {"limit": 5, "burst": 2}}, "big": {"users.hour": {"limit": 0}}}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"default", "big", "nobody's"} {
		if rate, by, ok := plans.Rate(name, "reads.key"); !ok || by != "default" || rate.Limit != 5 || rate.Burst != 2 {
			t.Errorf("%s: %+v by %s", name, rate, by)
		}
	}
	if rate, by, ok := plans.Rate("big", "users.hour"); !ok || by != "big" || rate.Limit != 0 {
		t.Errorf("%+v by %s", rate, by)
	}
}

func TestEveryFaultOfPlansIsNamed(t *testing.T) {
	_, err := plan.Parse(`{"Big": {"reads.keys": {"limit": 1}}, "a": {"reads.key": {"burst": 1}, "users.hour": {"limit": -1}}, "b": {"reads.key": {"limit": 1, "burst": 10000000000}, "login.account": {"limit": 1}}}`)
	if err == nil {
		t.Fatal("they are taken")
	}
	for _, fault := range []string{
		`"Big" is no name`, `Big: there is no policy "reads.keys"`, "a: reads.key has no limit", "a: the limit of users.hour", "b: the burst of reads.key",
		"b: login.account is the same for everybody", `no plan "default"`,
	} {
		if !strings.Contains(err.Error(), fault) {
			t.Errorf("%v does not say %s", err, fault)
		}
	}
	for _, text := range []string{"", "[]", `{"default": {"reads.key": {"limits": 1}}}`, `{"default": {}} {}`, `{"default": {}, "default": {}}`} {
		if plans, err := plan.Parse(text); err == nil {
			t.Errorf("%s: %v", text, plans)
		}
	}
}
