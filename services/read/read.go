// Package read shows an Org what was said and done. It scales with the traffic of customers' backends.
package read

import (
	"context"
	"log/slog"
	"time"

	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/board"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/help"
	"github.com/heard-dev/heard/pkg/core/hook"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/platform/networked"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/services/read/internal/ballot"
	"github.com/heard-dev/heard/services/read/internal/browse"
	"github.com/heard-dev/heard/services/read/internal/httpapi"
	"github.com/heard-dev/heard/services/read/internal/ledger"
	"github.com/heard-dev/heard/services/read/internal/people"
	"github.com/heard-dev/heard/services/read/internal/review"
	"github.com/heard-dev/heard/services/read/internal/thread"
	"github.com/heard-dev/heard/services/read/internal/timeline"
	"github.com/heard-dev/heard/services/read/internal/triage"
)

// Store is what read reads from.
type Store interface {
	feedback.Store
	agentrun.Store
	timeline.Store
	ledger.Store
	people.Store
	help.Store
	browse.Store
	triage.Store
}

// Deps are what read works with. Ledger is what this process has not told the store yet.
type Deps struct {
	Store  Store
	Blobs  attachment.Blobs
	Ledger ledger.Recorder
	People *enduser.Directory
	IDs    *id.Source
	Now    func() time.Time
	Logger *slog.Logger
}

// On are the Deps that a platform gives.
func On(p *platform.Platform, logger *slog.Logger) Deps {
	return Deps{Store: p.Store, Blobs: p.Blobs, Ledger: p.Ledger, People: p.People, IDs: p.IDs, Now: p.Now, Logger: logger}
}

// Service is read.
type Service struct {
	deps     Deps
	reviewer *review.Reviewer
	timeline *timeline.Reader
	people   *people.Reader
	ledger   *ledger.Reader
	shelves  *board.Shelves
	browser  *browse.Browser
	box      *ballot.Box
}

// New makes the service; it never dials.
func New(deps Deps) *Service {
	reviewer := &review.Reviewer{Store: deps.Store, Blobs: deps.Blobs, Now: deps.Now}
	shelves := board.New(deps.Store, deps.IDs, deps.Now)
	browser := &browse.Browser{Store: deps.Store, Shelves: shelves, People: deps.People}
	return &Service{
		deps:     deps,
		reviewer: reviewer,
		timeline: &timeline.Reader{Store: deps.Store},
		people:   &people.Reader{Store: deps.Store, Directory: deps.People, Reviewer: reviewer},
		ledger:   &ledger.Reader{Store: deps.Store, Recorder: deps.Ledger, Now: deps.Now},
		shelves:  shelves,
		browser:  browser,
		box: &ballot.Box{Browser: browser, Now: deps.Now, Failed: func(err error) {
			deps.Logger.Warn("votes could not be counted; they are looked for again", "cause", err)
		}},
	}
}

// Open dials the networked stores and serves read alone.
func Open(ctx context.Context, cfg networked.FilesConfig, env *run.Env) (run.App, error) {
	p, err := networked.OpenWithFiles(ctx, "read", cfg, env)
	if err != nil {
		return run.App{}, err
	}
	return p.App(env, New(On(p, env.Telemetry.Logger))), nil
}

// Routes adds what read serves.
func (s *Service) Routes(kit *httpkit.Kit) {
	native := kit.API("userz")
	httpapi.Userz(native, s.reviewer, s.people)
	httpapi.Events(native, s.timeline)
	httpapi.People(native, s.people)
	httpapi.Ledger(native, s.ledger)
	s.userorbit(kit.API("userorbit"))
}

func (s *Service) userorbit(api *httpkit.API) {
	d := s.deps
	desk := &triage.Desk{Store: d.Store, Browser: s.browser, Blobs: d.Blobs, Now: d.Now}
	httpapi.UserorbitFeedback(api, s.browser, desk, s.box)
	httpapi.UserorbitBoards(api, s.shelves)
	httpapi.UserorbitTags(api, s.shelves)
	httpapi.UserorbitComments(api, &thread.Talk{Browser: s.browser, Members: d.Store, IDs: d.IDs, Now: d.Now})
	httpapi.UserorbitTeam(api)
	httpapi.UserorbitSubscribers(api, d.People)
	httpapi.UserorbitProperties(api, enduser.Properties(d.Store, d.IDs, d.Now))
	httpapi.UserorbitHelp(api, help.NewLibrary(d.Store, d.IDs, d.Now), s.browser)
	httpapi.UserorbitZapier(api, hook.NewRegistry(d.Store, d.IDs, d.Now), d.Store)
}

// Loops count votes that were stored and not counted.
func (s *Service) Loops() []func(context.Context) error {
	return []func(context.Context) error{s.box.Settle}
}
