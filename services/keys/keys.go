// Package keys manages an Org's Apps and credentials, and refuses paths that no service owns.
package keys

import (
	"context"

	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/platform/networked"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/services/keys/internal/httpapi"
)

// Deps are what keys works with.
type Deps struct{ Apps tenant.Store }

// Service is keys.
type Service struct{ deps Deps }

// New makes the service; it never dials.
func New(deps Deps) *Service { return &Service{deps} }

// Open dials the networked stores and serves keys alone.
func Open(ctx context.Context, cfg networked.Config, env *run.Env) (run.App, error) {
	p, err := networked.Open(ctx, "keys", cfg, env)
	if err != nil {
		return run.App{}, err
	}
	return p.App(env, New(Deps{Apps: p.Store})), nil
}

// Routes adds what keys serves.
func (s *Service) Routes(kit *httpkit.Kit) {
	httpapi.Userz(kit.API("userz"), s.deps.Apps)
}

// Loops are none.
func (s *Service) Loops() []func(context.Context) error { return nil }
