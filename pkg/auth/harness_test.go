package auth_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/memgate"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

// clock stands still until it is moved.
type clock struct{ nanoseconds atomic.Int64 }

func (c *clock) Now() time.Time          { return time.Unix(0, c.nanoseconds.Load()).UTC() }
func (c *clock) Advance(d time.Duration) { c.nanoseconds.Add(int64(d)) }

// directory counts what is asked of the store and lets a test act right after a read.
type directory struct {
	*sqlitestore.Store
	reads atomic.Int64
	after atomic.Pointer[func(read int64)]
}

func (d *directory) read() {
	n := d.reads.Add(1)
	if after := d.after.Load(); after != nil {
		(*after)(n)
	}
}

func (d *directory) Org(ctx context.Context, org id.ID) (tenant.Org, error) {
	defer d.read()
	return d.Store.Org(ctx, org)
}

func (d *directory) AppByPublicKey(ctx context.Context, publicKey string) (tenant.App, error) {
	defer d.read()
	return d.Store.AppByPublicKey(ctx, publicKey)
}

func (d *directory) KeyByHash(ctx context.Context, hash apikey.Hash) (apikey.Key, error) {
	defer d.read()
	return d.Store.KeyByHash(ctx, hash)
}

func (d *directory) Member(ctx context.Context, org, member id.ID) (tenant.Member, error) {
	defer d.read()
	return d.Store.Member(ctx, org, member)
}

func (d *directory) Session(ctx context.Context, org, s id.ID) (session.Session, error) {
	defer d.read()
	return d.Store.Session(ctx, org, s)
}

func (d *directory) Person(ctx context.Context, org, person id.ID) (enduser.Person, error) {
	defer d.read()
	return d.Store.Person(ctx, org, person)
}

func (d *directory) Overrides(ctx context.Context) ([]limit.Override, error) {
	defer d.read()
	return d.Store.Overrides(ctx)
}

// severable is a gate that can be cut off, and that counts what is asked of it.
type severable struct {
	gate.Gate
	cut    atomic.Bool
	checks atomic.Int64
}

var errCut = errors.New("cut off")

func (s *severable) Check(ctx context.Context, ask gate.Ask) (gate.Verdict, error) {
	s.checks.Add(1)
	if s.cut.Load() {
		return gate.Verdict{}, errCut
	}
	return s.Gate.Check(ctx, ask)
}

func (s *severable) Generation(ctx context.Context, org id.ID) (gate.Generation, error) {
	if s.cut.Load() {
		return 0, errCut
	}
	return s.Gate.Generation(ctx, org)
}

func (s *severable) Bump(ctx context.Context, org id.ID) error {
	if s.cut.Load() {
		return errCut
	}
	return s.Gate.Bump(ctx, org)
}

const probeAfter = time.Second

// house is an installation with one Org, and its door.
type house struct {
	*testing.T
	*auth.Authenticator
	deps      auth.Deps
	clock     *clock
	directory *directory
	shared    *severable
	manager   *manage.Manager
	org       tenant.Org

	mu     sync.Mutex
	used   []id.ID
	leaked []apikey.Key
}

func newHouse(t *testing.T) *house {
	return newHouseBehind(t, func(g gate.Gate) gate.Gate { return g })
}

// newHouseBehind puts something before the gate of the door alone.
func newHouseBehind(t *testing.T, before func(gate.Gate) gate.Gate) *house {
	t.Helper()
	h := &house{T: t, clock: new(clock)}
	h.clock.Advance(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Sub(time.Unix(0, 0)))
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Path: filepath.Join(t.TempDir(), "heard.db")})
	h.must(err)
	t.Cleanup(func() { h.must(store.Close()) })
	h.directory = &directory{Store: store}
	h.shared = &severable{Gate: memgate.New(memgate.Options{Now: h.clock.Now})}
	fallback := h.fallback()
	hasher, err := apikey.NewHasher(make([]byte, 32))
	h.must(err)
	text, err := secret.NewKeysetJSON()
	h.must(err)
	keyset, err := secret.ParseKeyset(text)
	h.must(err)
	keyring, err := session.ParseKeyring(secret.String(strings.Repeat("07", 32)))
	h.must(err)
	h.deps = auth.Deps{
		Directory: h.directory, Gate: before(fallback), Hasher: hasher, Keyset: keyset, Keyring: keyring, Now: h.clock.Now,
		Used: h.noteUse, Leaked: h.noteLeak,
	}
	h.Authenticator = auth.New(h.deps)
	ids := id.NewSource(h.clock.Now, rand.Reader)
	h.manager = manage.New(manage.Deps{
		Store: store, Gate: fallback, Hasher: hasher, Keyset: keyset, Passwords: tenant.NewPasswords(rand.Reader, 1),
		Journal: audit.NewJournal(store, hasher.Derive("audit"), ids, h.clock.Now), IDs: ids, Now: h.clock.Now, Random: rand.Reader,
	})
	h.org, err = h.manager.CreateOrg(t.Context(), byTest(), manage.OrgDraft{Slug: "acme", Name: "Acme"})
	h.must(err)
	return h
}

// fallback is the gate of one process.
func (h *house) fallback() gate.Gate {
	local := memgate.New(memgate.Options{Now: h.clock.Now, Share: func() int { return 1 }})
	return gate.NewFallback(h.shared, local, gate.FallbackOptions{Now: h.clock.Now, ProbeAfter: probeAfter})
}

// replica is the door of another process, which shares the store and the gate.
func (h *house) replica() *auth.Authenticator {
	deps := h.deps
	deps.Gate = h.fallback()
	return auth.New(deps)
}

func (h *house) noteUse(_ context.Context, _, credential id.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.used = append(h.used, credential)
}

func (h *house) noteLeak(key apikey.Key, _ string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leaked = append(h.leaked, key)
}

// byTest is who changes things where a test does not care who.
func byTest() manage.By { return manage.Operator("a test") }

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) key() (apikey.Key, string) {
	h.Helper()
	return h.keyOf(byTest(), manage.KeyDraft{})
}

func (h *house) keyOf(by manage.By, draft manage.KeyDraft) (apikey.Key, string) {
	h.Helper()
	draft.Name = "a key"
	key, text, err := h.manager.CreateKey(h.Context(), by, h.org.ID, draft)
	h.must(err)
	return key, text.Reveal()
}

// keyUntil makes a key that expires.
func (h *house) keyUntil(end time.Time) string {
	h.Helper()
	_, text := h.keyOf(byTest(), manage.KeyDraft{ExpiresAt: end})
	return text
}

func (h *house) app(draft manage.AppDraft) (app tenant.App, signing []byte) {
	h.Helper()
	if draft.Slug == "" {
		draft.Slug = "app"
	}
	draft.Name = "App"
	app, text, err := h.manager.CreateApp(h.Context(), byTest(), h.org.ID, draft)
	h.must(err)
	return app, h.parsed(text)
}

func (h *house) parsed(text secret.String) []byte {
	h.Helper()
	signing, err := usertoken.ParseSecret(text.Reveal())
	h.must(err)
	return signing
}

// change stores an App anew and tells the gate.
func (h *house) change(app tenant.App, how func(*tenant.App)) {
	h.Helper()
	stored, err := h.directory.Store.App(h.Context(), app.Org, app.ID)
	h.must(err)
	how(&stored)
	h.must(h.directory.ReplaceApp(h.Context(), app.Org, stored))
	h.must(h.shared.Bump(h.Context(), app.Org))
}

func (h *house) token(sub string, app id.ID, signing []byte) string {
	h.Helper()
	claims, err := usertoken.New(sub, app, nil, usertoken.MaxTTL, h.clock.Now())
	h.must(err)
	text, err := usertoken.Mint(claims, id.Zero, signing)
	h.must(err)
	return text.Reveal()
}

// ample is a policy that no test exhausts.
func ample(name string) gate.Policy {
	return gate.Policy{Name: name, Limit: 1e9, Period: time.Minute, Source: gate.FromDefault}
}

func ampleBudget() auth.Budget { return auth.Budget{Address: ample("ip"), User: ample("user")} }

// serverDoor is one that every sk_ key opens.
func serverDoor() auth.KeyDoor {
	return auth.KeyDoor{Formats: []apikey.Format{apikey.Secret()}, Budgets: []gate.Policy{ample("key")}}
}

func (h *house) server(token string) error {
	_, _, err := h.Key(h.Context(), auth.Credential{Token: token}, serverDoor())
	return err
}

func (h *house) widget(cred auth.Credential) error {
	if !cred.Address.IsValid() {
		cred.Address = netip.MustParseAddr("192.0.2.1")
	}
	_, _, err := h.Widget(h.Context(), cred, ampleBudget())
	return err
}

// reads tells how often do asked the store.
func (h *house) reads(do func()) int64 {
	before := h.directory.reads.Load()
	do()
	return h.directory.reads.Load() - before
}

func (h *house) admitted(err error) {
	h.Helper()
	if err != nil {
		h.Fatalf("refused: %v", err)
	}
}

func (h *house) refused(err error, code apierr.Code) {
	h.Helper()
	if err == nil || apierr.Of(err).Code != code {
		h.Fatalf("answered %v, want %s", err, code)
	}
}

// racers is how many requests come at once.
const racers = 16

// free demands that a refusal takes nothing of the limit that it shows.
func (h *house) free(ask func() (auth.Principal, gate.Verdict, error)) {
	h.Helper()
	var left [2]int64
	for n := range left {
		_, verdict, err := ask()
		if err == nil || len(verdict.Decisions) != 1 {
			h.Fatalf("%v, %+v", err, verdict)
		}
		left[n] = verdict.Decisions[0].Remaining
	}
	if left[0] != left[1] {
		h.Errorf("a refusal took from %d and left %d", left[0], left[1])
	}
}

func race(do func()) {
	var wg sync.WaitGroup
	for range racers {
		wg.Go(do)
	}
	wg.Wait()
}

// limit gives an Org a number of its own.
func (h *house) limit(org tenant.Org, policy string, most int64) {
	h.Helper()
	h.must(h.directory.PutOverride(h.Context(), limit.Override{Name: policy, Org: org.Slug, Policy: policy, Rate: tenant.Rate{Limit: most}}))
}
