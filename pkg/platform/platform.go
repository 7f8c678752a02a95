// Package platform is what every service stands on, whatever stores it was opened with: admission, the kit, its loops.
package platform

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/core/leak"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/core/plan"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/dialect/tongues"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
)

// Store is everything a database keeps for Heard.
type Store interface {
	tenant.Store
	apikey.Store
	feedback.Store
	vote.Store
	comment.Store
	enduser.Store
	resource.Store
	attachment.Slots
	idempotency.Store
	agentrun.Store
	incident.Store
	session.Store
	audit.Store
	usage.Store
	erasure.Store
	event.Store
	event.Profiles
	outcome.Store
	limit.Store
	vote.Store
	comment.Store
	enduser.Store
	resource.Store
	Ping(ctx context.Context) error
}

// Parts are what a deployment shape opens: embedded, or networked. Blobs is nil in services that keep no files. Without Plans
// there are the documented ones.
type Parts struct {
	Store Store
	Gate  gate.Gate
	Blobs attachment.Blobs
	Opened
	TrustedProxies []netip.Prefix
	Reporters      leak.Reporters
	Plans          plan.Plans
	// Ready tells what, besides the database, keeps the process from being sent requests. Optional.
	Ready func() error
	// Degraded tells whether the Gate is a stand-in. Optional.
	Degraded func(ctx context.Context) bool
	// Loops keep the parts themselves going.
	Loops []func(context.Context) error
	// Closers are called in reverse.
	Closers []func(context.Context) error
}

// Platform is the ground under the services of one process.
type Platform struct {
	Parts
	Name      string
	IDs       *id.Source
	Now       func() time.Time
	Random    io.Reader
	Passwords *tenant.Passwords
	Journal   *audit.Journal
	Manager   *manage.Manager
	People    *enduser.Directory
	Met       *enduser.Recorder
	Ledger    *outcome.Recorder
	Incidents *incident.Recorder
	uses      *usage.Recorder
	leaks     *leakWatch
}

// Service is a set of use cases that are deployed and scaled together.
type Service interface {
	Routes(kit *httpkit.Kit)
	Loops() []func(context.Context) error
}

// hashesAtOnce is how many passwords are hashed at the same time: 19 MiB and a core each.
const hashesAtOnce = 4

// New makes a platform from opened parts. It is the one place where the time and randomness of the machine come in.
func New(name string, parts Parts) *Platform { return NewAt(name, parts, time.Now) }

// NewAt is New by another clock than the machine's.
func NewAt(name string, parts Parts, now func() time.Time) *Platform {
	p := &Platform{Parts: parts, Name: name, IDs: id.NewSource(now, rand.Reader), Now: now, Random: rand.Reader}
	if p.Plans == nil {
		p.Plans = plan.Documented()
	}
	p.Passwords = tenant.NewPasswords(p.Random, hashesAtOnce)
	p.Journal = audit.NewJournal(p.Store, p.Hasher.Derive("audit chain"), p.IDs, p.Now)
	p.Manager = manage.New(manage.Deps{
		Store: p.Store, Gate: p.Gate, Plans: p.Plans, Hasher: p.Hasher, Keyset: p.Keyset, Passwords: p.Passwords, Journal: p.Journal,
		IDs: p.IDs, Now: p.Now, Random: p.Random,
	})
	p.People = enduser.NewDirectory(enduser.Deps{
		Store: p.Store, Journal: p.Journal, IDs: p.IDs, Now: p.Now,
		Announce: func(ctx context.Context, org id.ID) error { return p.Gate.Bump(ctx, org) },
	})
	p.Met = enduser.NewRecorder(p.People)
	p.Ledger = outcome.NewRecorder(p.Store, p.Now)
	p.Incidents = incident.NewRecorder(p.Store, p.Now)
	p.uses = usage.NewRecorder(p.Store, p.Now)
	p.leaks = newLeakWatch(p.Manager)
	return p
}

// SignIn issues the tokens of members who log in.
func (p *Platform) SignIn() *signin.Issuer {
	return signin.New(signin.Deps{
		Store: p.Store, Gate: p.Gate, Plans: p.Plans, Keyring: p.Keyring, Keyset: p.Keyset, Hasher: p.Hasher, Passwords: p.Passwords, Journal: p.Journal,
		IDs: p.IDs, Now: p.Now, Random: p.Random,
	})
}

// App joins services to one process.
func (p *Platform) App(env *run.Env, services ...Service) run.App {
	kit := p.Kit(env, p.Incidents.Record)
	loops := append([]func(context.Context) error{p.Incidents.Run, p.Ledger.Run, p.uses.Run, p.leaks.run, p.Met.Run}, p.Parts.Loops...)
	for _, service := range services {
		service.Routes(kit)
		loops = append(loops, service.Loops()...)
	}
	kit.ServeDocuments()
	kit.TellAll()
	return run.App{Handler: kit.Handler(), Loops: loops, Close: p.Close}
}

// Kit makes the kit that services add their routes to.
func (p *Platform) Kit(env *run.Env, incidents func(incident.Incident)) *httpkit.Kit {
	return httpkit.New(httpkit.Deps{
		Service: p.Name,
		Auth: auth.New(auth.Deps{
			Directory: p.Store, Gate: p.Gate, Plans: p.Plans, Hasher: p.Hasher, Keyset: p.Keyset, Keyring: p.Keyring, Now: p.Now,
			Used: p.uses.Used, Leaked: p.leaks.note, Concerns: telemetry.WithTenant,
		}),
		IDs: p.IDs, Now: p.Now, Telemetry: env.Telemetry, TrustedProxies: p.TrustedProxies, Incidents: incidents,
		Outcomes: p.Ledger.Record,
		Draining: env.Draining,
		Ready: func(ctx context.Context) error {
			if p.Ready != nil {
				if err := p.Ready(); err != nil {
					return err
				}
			}
			return p.Store.Ping(ctx)
		},
		Degraded: p.Degraded,
	}, tongues.All())
}

// Close closes the parts, last opened first.
func (p *Platform) Close(ctx context.Context) error {
	var failed error
	for _, closer := range slices.Backward(p.Closers) {
		failed = errors.Join(failed, closer(ctx))
	}
	return failed
}
