// Package keys is what an Org needs to run itself: its Apps, people and credentials, who changed them, and their end. It
// also refuses paths that no service owns.
package keys

import (
	"context"
	"log/slog"
	"time"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/platform/networked"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/services/keys/internal/httpapi"
)

// Store is what keys keeps things in.
type Store interface {
	manage.Store
	audit.Store
	usage.Store
}

// Deps are what keys works with.
type Deps struct {
	Store   Store
	Blobs   attachment.Blobs // of what is erased
	Manager *manage.Manager
	Journal *audit.Journal
	SignIn  *signin.Issuer
	Now     func() time.Time
	Logger  *slog.Logger
}

// On are the Deps that a platform has.
func On(p *platform.Platform, logger *slog.Logger) Deps {
	return Deps{
		Store: p.Store, Blobs: p.Blobs, Manager: p.Manager, Journal: p.Journal, Now: p.Now, Logger: logger,
		SignIn: p.SignIn(),
	}
}

// Service is keys.
type Service struct{ deps Deps }

// New makes the service; it never dials.
func New(deps Deps) *Service { return &Service{deps} }

// Open dials the networked stores and serves keys alone.
func Open(ctx context.Context, cfg networked.FilesConfig, env *run.Env) (run.App, error) {
	p, err := networked.OpenWithFiles(ctx, "keys", cfg, env)
	if err != nil {
		return run.App{}, err
	}
	return p.App(env, New(On(p, env.Telemetry.Logger))), nil
}

// Routes adds what keys serves.
func (s *Service) Routes(kit *httpkit.Kit) {
	d := s.deps
	httpapi.Userz(kit.API("userz"), d.Manager, d.Store)
	httpapi.Authworx(kit.API("authworx"), d.Manager, d.Store)
	httpapi.Users(kit.API("users"), d.Manager)
}

// Loops are none.
func (s *Service) Loops() []func(context.Context) error { return nil }
