// Package auth turns a credential into a Principal and asks the gate once, with a cache that cannot serve a revoked key.
package auth

import (
	"context"
	"errors"
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/plan"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// Credential is what a request presents. OrgSlug is the Org that it says to be for. Address is the client's, as far as it
// can be trusted.
type Credential struct {
	Token     string
	UserToken string
	OrgSlug   string
	Origin    string
	Address   netip.Addr
}

// Directory finds credentials, and with them the Org they belong to.
type Directory interface {
	Org(ctx context.Context, org id.ID) (tenant.Org, error)
	AppByPublicKey(ctx context.Context, publicKey string) (tenant.App, error)
	KeyByHash(ctx context.Context, hash apikey.Hash) (apikey.Key, error)
	Member(ctx context.Context, org, member id.ID) (tenant.Member, error)
	Session(ctx context.Context, org, session id.ID) (session.Session, error)
	Person(ctx context.Context, org, person id.ID) (enduser.Person, error)
	Overrides(ctx context.Context) ([]limit.Override, error)
}

// Deps are what an Authenticator works with.
type Deps struct {
	Directory Directory
	Gate      gate.Gate
	Plans     plan.Plans
	Hasher    apikey.Hasher
	Keyset    secret.Keyset
	Keyring   session.Keyring
	Now       func() time.Time
	// Used is told of every credential that admitted somebody. It must not block for long.
	Used func(ctx context.Context, org, credential id.ID)
	// Leaked is told of a key that a browser presented, and that is not known to have leaked. It must not block.
	Leaked func(key apikey.Key, origin string)
	// Concerns notes in a context whom a request concerns, once that is known; a zero ID where it is not. Optional.
	Concerns func(ctx context.Context, org, app id.ID) context.Context
}

const (
	// entryLife bounds how long a credential is believed without the store, whatever happens to the gate.
	entryLife = 30 * time.Second
	// unknownLife is how long a token is remembered to be nobody's. Keys are random: none is presented before it exists.
	unknownLife = 5 * time.Second
	// cacheSize is how many credentials are kept; each takes about 2 KiB.
	cacheSize = 8192
	// staleTries bounds the reloads of one request while an Org's credentials keep changing under it.
	staleTries = 4
)

// Authenticator admits requests. It is safe for concurrent use.
type Authenticator struct {
	Deps
	known   *lru.Cache[string, *entry]
	unknown *lru.Cache[string, nobodys]
}

// nobodys is a token that opened nothing at that time, and the key that it was, if it was one.
type nobodys struct {
	at  time.Time
	key *apikey.Key
}

// entry is a credential as the store had it at loadedAt, when the Org's generation was generation.
type entry struct {
	org        tenant.Org
	numbers    limit.Numbers
	key        *apikey.Key
	member     *tenant.Member
	session    *session.Session
	app        *tenant.App
	person     *enduser.Person
	secrets    []signingSecret
	generation gate.Generation
	loadedAt   time.Time
}

// New makes an Authenticator with an empty cache.
func New(deps Deps) *Authenticator {
	known, errKnown := lru.New[string, *entry](cacheSize)
	unknown, errUnknown := lru.New[string, nobodys](cacheSize)
	if errKnown != nil || errUnknown != nil {
		panic("auth: the cache size must be positive")
	}
	if deps.Concerns == nil {
		deps.Concerns = func(ctx context.Context, _, _ id.ID) context.Context { return ctx }
	}
	return &Authenticator{Deps: deps, known: known, unknown: unknown}
}

// dead is errUnknown of what was a key, or is none yet.
type dead struct{ key *apikey.Key }

func (dead) Error() string        { return errUnknown.Error() }
func (dead) Is(target error) bool { return target == errUnknown }

var (
	errUnknown  = errors.New("auth: nobody's credential")
	errRestless = errors.New("auth: the Org's credentials keep changing")
)

// load reads a credential from the store: an entry, or an error that refuses the caller.
type load func(ctx context.Context) (*entry, error)

// judge looks at an entry and says who calls and what to draw, or refuses: with the draws of a caller that is shown its limits
// nevertheless, as one that is known.
type judge func(e *entry) (Principal, []gate.Draw, error)

// admit asks the gate whether the credential is current and within its limits, in one round trip when the cache is warm.
// The verdict has decisions only if draws were asked for.
func (a *Authenticator) admit(ctx context.Context, token string, load load, judge judge) (Principal, gate.Verdict, error) {
	for range staleTries {
		e, cached, err := a.entry(ctx, token, load)
		if err != nil {
			return Principal{}, gate.Verdict{}, err
		}
		caller, draws, refusal := judge(e)
		org, app := caller.Tenant()
		ctx := a.Concerns(ctx, org, app)
		if refusal != nil {
			if !cached && len(draws) == 0 {
				return caller, gate.Verdict{}, refusal
			}
			draws = looks(draws) // only ask whether the refusal rests on what is current, and what is left
		}
		verdict, err := a.Gate.Check(ctx, gate.Ask{Org: e.org.ID, Generation: e.generation, Draws: draws})
		if err != nil {
			return caller, gate.Verdict{}, apierr.Away(err)
		}
		if verdict.Stale {
			a.outdate(token, e)
			continue
		}
		if verdict.Degraded && cached {
			// Nobody vouches for the cache now, so the store must.
			a.outdate(token, e)
			if refusal != nil {
				continue // nothing was drawn
			}
			if e, err = a.look(ctx, token, load); err != nil {
				return Principal{}, verdict, err
			}
			caller, _, refusal = judge(e)
		}
		if refusal == nil && !verdict.Allowed() {
			refusal = verdict.Refusal("Too many requests; please slow down.")
		}
		if !verdict.Degraded {
			caller.generation = e.generation
		}
		if refusal == nil && !caller.used.IsZero() {
			a.Used(ctx, caller.Org.ID, caller.used)
		}
		return caller, verdict, refusal
	}
	return Principal{}, gate.Verdict{}, apierr.Away(errRestless)
}

// entry gives a credential from the cache, or loads it.
func (a *Authenticator) entry(ctx context.Context, token string, load load) (e *entry, cached bool, err error) {
	now := a.Now()
	e, known := a.known.Get(token)
	if known && now.Sub(e.loadedAt) < entryLife && (e.key == nil || e.key.Live(now)) {
		return e, true, nil
	}
	if n, ok := a.unknown.Get(token); ok && now.Sub(n.at) < unknownLife && (n.key == nil || !n.key.Live(now)) {
		return nil, false, dead{n.key}
	}
	if !known { // whose credential is it?
		if e, err = a.look(ctx, token, load); err != nil {
			return nil, false, err
		}
	}
	ctx = a.Concerns(ctx, e.org.ID, id.Zero)
	// First the generation, then the look that it shall vouch for. Without one the look just made is as good.
	generation, err := a.Gate.Generation(ctx, e.org.ID)
	if err != nil {
		return nil, false, apierr.Away(err)
	}
	if known || generation != 0 {
		if e, err = a.look(ctx, token, load); err != nil {
			return nil, false, err
		}
	}
	if generation != 0 {
		e.generation, e.loadedAt = generation, now
		a.known.Add(token, e)
	}
	return e, false, nil
}

// tenant gives the entry its Org, and what binds it.
func (a *Authenticator) tenant(ctx context.Context, e *entry, org id.ID) (err error) {
	if e.org, err = a.Directory.Org(ctx, org); err == nil {
		e.numbers, err = limit.Find(ctx, a.Directory, a.Plans, e.org)
	}
	return err
}

// look reads the store and remembers for a moment that a token is nobody's.
func (a *Authenticator) look(ctx context.Context, token string, load load) (*entry, error) {
	at := a.Now()
	e, err := load(ctx)
	was, over := errors.AsType[dead](err)
	if over || err != nil && apierr.KindOf(err) == apierr.NotFound {
		a.known.Remove(token)
		a.unknown.Add(token, nobodys{at: at, key: was.key})
		return nil, was
	}
	return e, err
}

// outdate forgets of an entry all but whose it is, unless another request has renewed it already.
func (a *Authenticator) outdate(token string, e *entry) {
	if present, ok := a.known.Peek(token); ok && present == e {
		a.known.Add(token, &entry{org: e.org})
	}
}

// looks makes of draws what takes nothing.
func looks(draws []gate.Draw) []gate.Draw {
	for n := range draws {
		draws[n].Cost = 0
	}
	return draws
}
