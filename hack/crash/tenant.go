package crash

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/heard-dev/heard/hack/stack"
	"github.com/heard-dev/heard/pkg/core/limit"
)

// Tenant is whom the clients speak to, and what opens it.
type Tenant struct {
	Public, Private App
	Key             string
	EventKey        string // which tells events
	BoardKey        string // which Userorbit's clients speak with
	Slug, OrgKey    string // which AuthWorx's do
}

// App hears anybody, or end users with a token only.
type App struct {
	ID        string `json:"id"`
	PublicKey string `json:"publicKey"`
}

// Found makes an Org by the operator's command line, lets no limit hold it up, in the store, and makes the rest of the
// tenant by its own.
func Found(ctx context.Context, base string, store limit.Store, heard func(context.Context, ...string) ([]byte, error)) (made Tenant, err error) {
	slug := "crash-" + strings.ToLower(rand.Text())
	tell := func(into any, args ...string) error {
		text, err := heard(ctx, append(args, "--output", "json")...)
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			err = fmt.Errorf("make a tenant: %w", err)
		}
		return err
	}
	var operator, key, events, boards, org struct {
		Text string `json:"key"`
	}
	if err := tell(&operator, "admin", "bootstrap", "--org", slug, "--name", "Crash", "--email", "owner@crash.example"); err != nil {
		return made, err
	}
	if err := stack.Unlimit(ctx, store, slug); err != nil {
		return made, err
	}
	for _, thing := range []struct {
		into any
		args []string
	}{
		{&made.Public, []string{"app", "create", "--slug", "public", "--name", "Public", "--public"}},
		{&made.Private, []string{"app", "create", "--slug", "private", "--name", "Private"}},
		{&key, []string{"key", "create", "--name", "crash"}},
		{&events, []string{"key", "create", "--name", "crash events", "--format", "ub_live"}},
		{&boards, []string{"key", "create", "--name", "crash boards", "--format", "userorbit"}},
		{&org, []string{"key", "create", "--name", "crash org", "--format", "pk_live"}},
	} {
		if err := tell(thing.into, append(thing.args, "--url", base, "--token", operator.Text)...); err != nil {
			return made, err
		}
	}
	made.Key, made.EventKey, made.BoardKey, made.Slug, made.OrgKey = key.Text, events.Text, boards.Text, slug, org.Text
	return made, nil
}
