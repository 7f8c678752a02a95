package crash

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// Tenant is whom the clients speak to, and what opens it.
type Tenant struct {
	Public, Private App
	Key             string
}

// App hears anybody, or end users with a token only.
type App struct {
	ID        string `json:"id"`
	PublicKey string `json:"publicKey"`
}

// unreached is a rate, per minute, that no crowd of ours comes near.
const unreached = 60_000_000

// found makes an Org that no limit holds up, in the store; and the rest of the tenant by the operator's command line.
func found(ctx context.Context, store tenant.Store, heard func(context.Context, ...string) ([]byte, error)) (made Tenant, err error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	org := tenant.Org{
		ID: id.NewSource(time.Now, rand.Reader).New(), Slug: "crash-" + strings.ToLower(rand.Text()), Name: "Crash",
		Plan: tenant.DefaultPlan, Limits: map[string]tenant.Rate{}, CreatedAt: now,
	}
	for _, policy := range gate.Policies() {
		org.Limits[policy.Name] = tenant.Rate{Limit: unreached, Burst: unreached}
	}
	if err := store.CreateOrg(ctx, org); err != nil {
		return made, err
	}
	var key struct {
		Text string `json:"key"`
	}
	for _, thing := range []struct {
		into any
		args []string
	}{
		{&made.Public, []string{"app", "create", "--slug", "public", "--name", "Public", "--public"}},
		{&made.Private, []string{"app", "create", "--slug", "private", "--name", "Private"}},
		{&key, []string{"key", "create", "--name", "crash"}},
	} {
		text, err := heard(ctx, append(thing.args, "--org", org.ID.String(), "--output", "json")...)
		if err == nil {
			err = json.Unmarshal(text, thing.into)
		}
		if err != nil {
			return made, fmt.Errorf("make a tenant: %w", err)
		}
	}
	made.Key = key.Text
	return made, nil
}
