package crash_test

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/hack/crash"
)

// The proof proves something only if each way to break the promise shows in it.
func TestEveryBrokenPromiseShows(t *testing.T) {
	for _, row := range []struct {
		name   string
		defect func(*fake)
		want   crash.Verdict
	}{
		{"keeps every promise", func(*fake) {}, ""},
		{"forgets an item", func(f *fake) { f.forgets = true }, crash.Lost},
		{"keeps the wrong text", func(f *fake) { f.garbles = true }, crash.Lost},
		{"lists what it cannot open", func(f *fake) { f.misplaces = true }, crash.Lost},
		{"forgets a file", func(f *fake) { f.forgetsFiles = true }, crash.Lost},
		{"stores a repeat anew", func(f *fake) { f.forgetsKeys = true }, crash.Duplicated},
		{"lists an item twice", func(f *fake) { f.stutters = true }, crash.Duplicated},
		{"invents an item", func(f *fake) { f.invents = true }, crash.Other},
		{"refuses what it should take", func(f *fake) { f.refuses = true }, crash.Other},
		{"never answers a repeat", func(f *fake) { f.keepsWaiting = true }, crash.Other},
		{"forgets an event", func(f *fake) { f.told.forgets = true }, crash.Lost},
		{"keeps the wrong properties", func(f *fake) { f.told.garbles = true }, crash.Lost},
		{"stores a repeated event anew", func(f *fake) { f.told.forgetsNames = true }, crash.Duplicated},
		{"gives a repeated event another id", func(f *fake) { f.told.renames = true }, crash.Duplicated},
		{"lists an event twice", func(f *fake) { f.told.stutters = true }, crash.Duplicated},
		{"invents an event", func(f *fake) { f.told.invents = true }, crash.Other},
		{"refuses events that it should take", func(f *fake) { f.told.refuses = true }, crash.Other},
		{"fails an event that it should take", func(f *fake) { f.told.fails = true }, crash.Other},
		{"never answers a repeated event", func(f *fake) { f.told.keepsWaiting = true }, crash.Other},
		{"answers of fewer events than it was told", func(f *fake) { f.told.miscounts = true }, crash.Other},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			row.defect(f)
			plan := crash.Plan{Clients: 8, Tellers: 2, Kills: 4, Round: 10 * time.Millisecond, Settle: 3 * time.Second, Seed: 1}
			result, err := plan.Run(t.Context(), f.serve(t))
			if err != nil {
				t.Fatal(err)
			}
			if result.Accepted < 20 || result.Broken == 0 {
				t.Errorf("too little happened: %+v", result.Tally)
			}
			if row.want == "" && f.speakers() != plan.Clients {
				t.Errorf("%d of %d clients submitted", f.speakers(), plan.Clients)
			}
			kinds := map[crash.Verdict]bool{}
			for _, fault := range result.Faults {
				kinds[fault.Verdict] = true
			}
			if row.want == "" && len(kinds) > 0 || row.want != "" && !kinds[row.want] {
				t.Errorf("the verdicts are %v, want %q", result.Faults, row.want)
			}
			var report bytes.Buffer
			if err := crash.Report(&report, []crash.Result{result}); err != nil || !strings.Contains(report.String(), string(row.want)) {
				t.Errorf("the report is %v\n%s", err, &report)
			}
		})
	}
}

func TestEveryTargetIsKilledAsOftenAsPlanned(t *testing.T) {
	shape := newFake().serve(t)
	var kills [3]atomic.Int32
	shape.Targets = nil
	for i := range kills {
		shape.Targets = append(shape.Targets, crash.Target{Name: "target", Crash: func(context.Context) error {
			kills[i].Add(1)
			return nil
		}})
	}
	plan := crash.Plan{Clients: 2, Kills: 5, Round: time.Millisecond, Settle: time.Second, Seed: 1}
	result, err := plan.Run(t.Context(), shape)
	if err != nil || result.Kills != 15 {
		t.Errorf("%d kills, %v", result.Kills, err)
	}
	for i := range kills {
		if n := kills[i].Load(); n != 5 {
			t.Errorf("target %d was killed %d times", i, n)
		}
	}
}

func TestATargetThatDoesNotComeBackEndsTheTrial(t *testing.T) {
	shape := newFake().serve(t)
	gone := context.DeadlineExceeded
	shape.Targets = append(shape.Targets, crash.Target{Name: "gone", Crash: func(context.Context) error { return gone }})
	plan := crash.Plan{Clients: 2, Kills: 2, Round: time.Millisecond, Settle: time.Second, Seed: 1}
	if _, err := plan.Run(t.Context(), shape); err == nil || !strings.Contains(err.Error(), "gone did not come back") {
		t.Errorf("the error is %v", err)
	}
}
