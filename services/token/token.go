// Package token mints user tokens, and lets members log in. It alone, with ingest and attachments, opens signing secrets.
package token

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/platform/networked"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/services/token/internal/httpapi"
	"github.com/heard-dev/heard/services/token/internal/identify"
	"github.com/heard-dev/heard/services/token/internal/mint"
)

// Deps are what token works with.
type Deps struct {
	Apps          tenant.Store
	Keyset        secret.Keyset
	Now           func() time.Time
	SignIn        *signin.Issuer
	People        *enduser.Directory
	SubscriberKey []byte
}

// On are the Deps that a platform gives.
func On(p *platform.Platform) Deps {
	return Deps{Apps: p.Store, Keyset: p.Keyset, Now: p.Now, SignIn: p.SignIn(), People: p.People, SubscriberKey: auth.SubscriberKey(p.Hasher)}
}

// Service is token.
type Service struct {
	minter     *mint.Minter
	signIn     *signin.Issuer
	identifier *identify.Identifier
}

// New makes the service; it never dials.
func New(deps Deps) *Service {
	return &Service{
		minter: &mint.Minter{Apps: deps.Apps, Keyset: deps.Keyset, Now: deps.Now}, signIn: deps.SignIn,
		identifier: &identify.Identifier{People: deps.People, Key: deps.SubscriberKey, Now: deps.Now},
	}
}

// Open dials the networked stores and serves token alone.
func Open(ctx context.Context, cfg networked.Config, env *run.Env) (run.App, error) {
	p, err := networked.Open(ctx, "token", cfg, env)
	if err != nil {
		return run.App{}, err
	}
	return p.App(env, New(On(p))), nil
}

// Routes adds what token serves.
func (s *Service) Routes(kit *httpkit.Kit) {
	httpapi.Userz(kit.API("userz"), s.minter)
	httpapi.Sessions(kit.API("userz"), s.signIn)
	httpapi.TwoFactor(kit.API("userz"), s.signIn)
	httpapi.Password(kit.API("userz"), s.signIn)
	httpapi.Authworx(kit.API("authworx"), kit.Auth, s.signIn)
	httpapi.JWKS(kit.API("userz"), s.signIn)
	httpapi.Userorbit(kit.API("userorbit"), s.identifier)
}

// Loops forget sessions that are over.
func (s *Service) Loops() []func(context.Context) error {
	return []func(context.Context) error{s.signIn.Run}
}
