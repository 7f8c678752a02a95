//go:build cluster

package cluster

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/hack/crash"
	"github.com/heard-dev/heard/hack/front"
)

// They keep a small machine busy and leave it room for what is done to it.
const clients, tellers = 4, 2

// under keeps clients on every surface busy while do disturbs the release, and audits all that they were answered.
func under(t *testing.T, c *Cluster, o *Operator, do func(context.Context) error) crash.Result {
	t.Helper()
	store, err := o.Store(t.Context())
	must(t, err)
	tenant, err := crash.Found(t.Context(), c.URL, store, o.Heard)
	must(t, err)
	must(t, store.Close(t.Context()))
	plan := crash.Plan{Clients: clients, Tellers: tellers, Kills: 1, Round: 1, Settle: 5 * time.Minute, Seed: rand.Uint64()}
	result, err := plan.Run(t.Context(), crash.Shape{
		Name: t.Name(), BaseURL: c.URL, Tenant: tenant,
		Targets: []crash.Target{{Name: "the release", Crash: func(ctx context.Context) error {
			wait(ctx, 3*time.Second)
			if err := do(ctx); err != nil {
				return err
			}
			wait(ctx, 3*time.Second)
			return nil
		}}},
	})
	must(t, err)
	var told strings.Builder
	must(t, crash.Report(&told, []crash.Result{result}))
	t.Log("\n" + told.String())
	for _, fault := range result.Faults {
		t.Errorf("%s: %s", fault.Verdict, fault.What)
	}
	return result
}

// calm is what operators are promised: whatever they do by plan, no request fails, and no connection is cut.
func calm(t *testing.T, result crash.Result) {
	t.Helper()
	if result.Broken > 0 || len(result.Refused) > 0 {
		t.Errorf("of %d requests %d broke, and were refused: %v", result.Requests, result.Broken, result.Refused)
	}
}

func TestNothingFailsWhileOperatorsWork(t *testing.T) {
	c := installed(t)
	o := operate(t, c)
	t.Run("rolling update", func(t *testing.T) {
		calm(t, under(t, c, o, func(ctx context.Context) error { return each(ctx, c.Roll) }))
	})
	if testing.Short() { // the rest takes as long as CI does altogether
		return
	}
	t.Run("eviction", func(t *testing.T) {
		calm(t, under(t, c, o, func(ctx context.Context) error { return each(ctx, c.Evict) }))
	})
	t.Run("upgrade and rollback", func(t *testing.T) {
		calm(t, under(t, c, o, func(ctx context.Context) error {
			if err := c.Install(ctx, "config.logLevel=warn"); err != nil {
				return err
			}
			_, err := c.Helm(ctx, "rollback", c.Release, "--wait", "--timeout", patience)
			return err
		}))
	})
	t.Run("autoscaling from 1 to 3 and back", func(t *testing.T) {
		calm(t, under(t, c, o, func(ctx context.Context) error { return breathe(ctx, c) }))
	})
}

func each(ctx context.Context, do func(context.Context, string) error) error {
	for _, service := range front.Services() {
		if err := do(ctx, service); err != nil {
			return err
		}
	}
	return nil
}

// breathe lets an autoscaler take read to three pods, by its lower bound, and back to one.
func breathe(ctx context.Context, c *Cluster) error {
	for _, bounds := range [][2]int{{1, 1}, {3, 3}, {1, 1}} {
		set := "services.read.autoscaling."
		if err := c.Install(ctx, set+"enabled=true", set+"minReplicas="+strconv.Itoa(bounds[0]), set+"maxReplicas="+strconv.Itoa(bounds[1])); err != nil {
			return err
		}
		if err := c.await(ctx, "read", bounds[0]); err != nil {
			return err
		}
	}
	return c.Install(ctx)
}

func TestNothingAcknowledgedIsLostWhilePodsAreKilled(t *testing.T) {
	c := installed(t)
	o := operate(t, c)
	lasts := 3 * time.Minute
	if text := os.Getenv("HEARD_CLUSTER_KILLING"); text != "" {
		var err error
		lasts, err = time.ParseDuration(text)
		must(t, err)
	}
	chance := rand.New(rand.NewPCG(rand.Uint64(), 0))
	result := under(t, c, o, func(ctx context.Context) error {
		for end := time.Now().Add(lasts); time.Now().Before(end); wait(ctx, 5*time.Second) {
			if _, err := c.Kill(ctx, chance); err != nil {
				return err
			}
		}
		return c.ready(ctx)
	})
	for status := range result.Refused {
		if status < 500 && status != 409 && status != 429 {
			t.Errorf("a request was refused with %d, and pods that die are nobody's fault", status)
		}
	}
}
