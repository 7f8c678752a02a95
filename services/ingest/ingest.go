// Package ingest takes in what end users say and do. It scales with the traffic of widgets, and of customers' products.
package ingest

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/board"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/core/quota"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform/networked"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/services/ingest/internal/httpapi"
	"github.com/heard-dev/heard/services/ingest/internal/intake"
	"github.com/heard-dev/heard/services/ingest/internal/submit"
	"github.com/heard-dev/heard/services/ingest/internal/suggest"
)

// Store is what ingest keeps things in.
type Store interface {
	feedback.Store
	attachment.Slots
	idempotency.Store
	event.Store
	event.Profiles
	resource.Store
	suggest.Store
}

// Deps are what ingest works with. Writes is how many writes of events may be under way at once; one, where it is zero.
type Deps struct {
	Store  Store
	Gate   gate.Gate
	Blobs  attachment.Blobs
	People *enduser.Directory
	Met    *enduser.Recorder
	IDs    *id.Source
	Now    func() time.Time
	Writes int
}

// networkWrites keep a store busy that is a network away.
const networkWrites = 4

// Service is ingest.
type Service struct {
	submitter *submit.Submitter
	suggester *suggest.Suggester
	intake    *intake.Intake
}

// New makes the service; it never dials.
func New(deps Deps) *Service {
	return &Service{
		submitter: &submit.Submitter{Store: deps.Store, Blobs: deps.Blobs, Met: deps.Met, IDs: deps.IDs, Now: deps.Now},
		suggester: &suggest.Suggester{
			Store: deps.Store, People: deps.People, Shelves: board.New(deps.Store, deps.IDs, deps.Now), IDs: deps.IDs, Now: deps.Now,
		},
		intake: &intake.Intake{
			Taker: event.NewTaker(deps.Store, deps.Store, event.NewWriter(deps.Store, deps.Writes), deps.IDs, deps.Now),
			Meter: quota.NewMeter(deps.Gate, deps.Store, deps.Now),
			Met:   deps.Met,
		},
	}
}

// Open dials the networked stores and serves ingest alone.
func Open(ctx context.Context, cfg networked.FilesConfig, env *run.Env) (run.App, error) {
	p, err := networked.OpenWithFiles(ctx, "ingest", cfg, env)
	if err != nil {
		return run.App{}, err
	}
	return p.App(env, New(Deps{
		Store: p.Store, Gate: p.Gate, Blobs: p.Blobs, People: p.People, Met: p.Met, IDs: p.IDs, Now: p.Now, Writes: networkWrites,
	})), nil
}

// Routes adds what ingest serves.
func (s *Service) Routes(kit *httpkit.Kit) {
	httpapi.Userz(kit.API("userz"), s.submitter)
	httpapi.Userorbit(kit.API("userorbit"), s.suggester)
	httpapi.Userboost(kit.API("userboost"), s.intake)
}

// Loops forget idempotency keys that are no longer promised.
func (s *Service) Loops() []func(context.Context) error {
	return []func(context.Context) error{s.submitter.ForgetClaims}
}
