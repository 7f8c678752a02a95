package stack

import (
	"context"
	"strings"

	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

// Unlimit gives an Org numbers that no load of ours comes near, but for log-ins, whose are everybody's. It must come before the
// Org's first request: a process that has read others keeps them for a while.
func Unlimit(ctx context.Context, store limit.Store, slug string) error {
	for _, policy := range gate.Policies() {
		if gate.ForAll(policy.Name) {
			continue
		}
		if err := store.PutOverride(ctx, limit.Override{
			Name: slug + "-" + strings.ReplaceAll(policy.Name, ".", "-"), Org: slug, Policy: policy.Name,
			Rate: tenant.Rate{Limit: gate.Unlimited, Burst: gate.Unlimited},
		}); err != nil {
			return err
		}
	}
	return nil
}
