// Package token mints user tokens. It alone, with ingest and attachments, opens signing secrets.
package token

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/platform/networked"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/services/token/internal/httpapi"
	"github.com/heard-dev/heard/services/token/internal/mint"
)

// Deps are what token works with.
type Deps struct {
	Apps   tenant.Store
	Keyset secret.Keyset
	Now    func() time.Time
}

// Service is token.
type Service struct{ minter *mint.Minter }

// New makes the service; it never dials.
func New(deps Deps) *Service {
	return &Service{&mint.Minter{Apps: deps.Apps, Keyset: deps.Keyset, Now: deps.Now}}
}

// Open dials the networked stores and serves token alone.
func Open(ctx context.Context, cfg networked.Config, env *run.Env) (run.App, error) {
	p, err := networked.Open(ctx, "token", cfg, env)
	if err != nil {
		return run.App{}, err
	}
	return p.App(env, New(Deps{Apps: p.Store, Keyset: p.Keyset, Now: p.Now})), nil
}

// Routes adds what token serves.
func (s *Service) Routes(kit *httpkit.Kit) {
	httpapi.Userz(kit.API("userz"), s.minter)
}

// Loops are none.
func (s *Service) Loops() []func(context.Context) error { return nil }
