// Package attachments reserves and signs uploads, and removes those that nothing cites.
package attachments

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/platform/networked"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/services/attachments/internal/httpapi"
	"github.com/heard-dev/heard/services/attachments/internal/reap"
	"github.com/heard-dev/heard/services/attachments/internal/upload"
)

// Store is what attachments keeps things in.
type Store interface {
	attachment.Slots
	feedback.Store
}

// Deps are what attachments works with.
type Deps struct {
	Store  Store
	Blobs  attachment.Blobs
	Now    func() time.Time
	Random io.Reader
	Logger *slog.Logger
}

// Service is attachments.
type Service struct {
	uploader *upload.Uploader
	reaper   *reap.Reaper
}

// New makes the service; it never dials.
func New(deps Deps) *Service {
	return &Service{
		uploader: &upload.Uploader{Slots: deps.Store, Blobs: deps.Blobs, Now: deps.Now, Random: deps.Random},
		reaper: &reap.Reaper{
			Slots: deps.Store, Items: deps.Store, Blobs: deps.Blobs, Now: deps.Now,
			Failed: func(err error) {
				deps.Logger.Warn("an unused upload could not be removed; it is tried again", "cause", err)
			},
		},
	}
}

// Open dials the networked stores and serves attachments alone.
func Open(ctx context.Context, cfg networked.FilesConfig, env *run.Env) (run.App, error) {
	p, err := networked.OpenWithFiles(ctx, "attachments", cfg, env)
	if err != nil {
		return run.App{}, err
	}
	deps := Deps{Store: p.Store, Blobs: p.Blobs, Now: p.Now, Random: p.Random, Logger: env.Telemetry.Logger}
	return p.App(env, New(deps)), nil
}

// Routes adds what attachments serves.
func (s *Service) Routes(kit *httpkit.Kit) {
	httpapi.Userz(kit.API("userz"), s.uploader)
}

// Loops remove what nothing cites.
func (s *Service) Loops() []func(context.Context) error {
	return []func(context.Context) error{s.reaper.Run}
}
