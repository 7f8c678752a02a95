// Package keys is what an Org needs to run itself: its Apps, people and credentials, who changed them, and their end. It
// also refuses paths that no service owns.
package keys

import (
	"context"
	"log/slog"
	"time"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/leak"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/quota"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/platform/networked"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/services/keys/internal/allowance"
	"github.com/heard-dev/heard/services/keys/internal/erase"
	"github.com/heard-dev/heard/services/keys/internal/httpapi"
	"github.com/heard-dev/heard/services/keys/internal/leaks"
	"github.com/heard-dev/heard/services/keys/internal/trail"
)

// Store is what keys keeps things in.
type Store interface {
	manage.Store
	enduser.Store
	vote.Store
	comment.Store
	audit.Store
	usage.Store
	quota.Counter
}

// Deps are what keys works with.
type Deps struct {
	Store     Store
	Gate      gate.Gate
	Blobs     attachment.Blobs // of what is erased
	Manager   *manage.Manager
	People    *enduser.Directory
	Met       *enduser.Recorder
	Journal   *audit.Journal
	SignIn    *signin.Issuer
	Reporters leak.Reporters
	Now       func() time.Time
	Logger    *slog.Logger
}

// On are the Deps that a platform has.
func On(p *platform.Platform, logger *slog.Logger) Deps {
	return Deps{
		Store: p.Store, Gate: p.Gate, Blobs: p.Blobs, Manager: p.Manager, People: p.People, Met: p.Met, Journal: p.Journal,
		Now: p.Now, Logger: logger, SignIn: p.SignIn(), Reporters: p.Reporters,
	}
}

// Service is keys.
type Service struct {
	deps   Deps
	eraser *erase.Eraser
}

// New makes the service; it never dials.
func New(deps Deps) *Service {
	return &Service{deps: deps, eraser: erase.New(erase.Deps{
		Store: deps.Store, Blobs: deps.Blobs, Now: deps.Now,
		Announce: func(ctx context.Context, org id.ID) error { return deps.Gate.Bump(ctx, org) },
		Failed: func(err error) {
			deps.Logger.Warn("an erasure could not be carried out; it is tried again", "cause", err)
		},
	})}
}

// Config is what keys is told by its environment.
type Config struct {
	networked.FilesConfig
	Reporters platform.LeakReporters
}

// Open dials the networked stores and serves keys alone.
func Open(ctx context.Context, cfg Config, env *run.Env) (run.App, error) {
	reporters, err := cfg.Reporters.Open()
	if err != nil {
		return run.App{}, err
	}
	p, err := networked.OpenWithFiles(ctx, "keys", cfg.FilesConfig, env)
	if err != nil {
		return run.App{}, err
	}
	p.Reporters = reporters
	return p.App(env, New(On(p, env.Telemetry.Logger))), nil
}

// Routes adds what keys serves.
func (s *Service) Routes(kit *httpkit.Kit) {
	d := s.deps
	native := kit.API("userz")
	httpapi.Userz(native, d.Manager, d.Store, s.eraser)
	httpapi.Limits(native, d.Manager, &allowance.Explainer{
		Gate: d.Gate, Meter: quota.NewMeter(d.Gate, d.Store, d.Now),
	})
	httpapi.Audit(native, &trail.Reader{Store: d.Store, Journal: d.Journal})
	httpapi.Leaks(native, &leaks.Intake{Manager: d.Manager, Reporters: d.Reporters})
	httpapi.Erasures(native, d.Manager, d.Store, s.eraser)
	httpapi.Authworx(kit.API("authworx"), d.Manager, d.Store)
	httpapi.Users(kit.API("users"), d.Manager, d.Met)
}

// Loops carry out erasures.
func (s *Service) Loops() []func(context.Context) error {
	return []func(context.Context) error{s.eraser.Run}
}
