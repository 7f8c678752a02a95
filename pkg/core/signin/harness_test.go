package signin_test

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

	"github.com/pquerna/otp/totp"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/signin"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/memgate"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

const (
	password = secret.String("password")
	// cheap is password, hashed at a cost that lets a test log in often.
	cheap = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$ZVrRXqxlLcWfcXCnMyv0m4Rpvh/bnCi7"
)

var home = netip.MustParseAddr("192.0.2.7")

// announcer is a gate whose announcements can fail, and are counted.
type announcer struct {
	gate.Gate
	away  atomic.Bool
	bumps atomic.Int64
}

func (a *announcer) Bump(ctx context.Context, org id.ID) error {
	a.bumps.Add(1)
	if a.away.Load() {
		return errors.New("away")
	}
	return a.Gate.Bump(ctx, org)
}

// hall is an Issuer and what it works with, at a moment that the test moves.
type hall struct {
	*testing.T
	*signin.Issuer
	store *sqlitestore.Store
	gate  *announcer
	at    time.Time
	org   tenant.Org
	ann   tenant.Member // owner of acme, with the password
}

func newHall(t *testing.T) *hall {
	t.Helper()
	h := &hall{T: t, at: time.Date(2026, 3, 1, 12, 0, 10, 123_456_789, time.UTC)}
	now := func() time.Time { return h.at }
	var err error
	h.store, err = sqlitestore.Open(t.Context(), sqlitestore.Options{Path: filepath.Join(t.TempDir(), "heard.db")})
	h.must(err)
	t.Cleanup(func() { h.must(h.store.Close()) })
	hasher, err := apikey.NewHasher(make([]byte, 32))
	h.must(err)
	text, err := secret.NewKeysetJSON()
	h.must(err)
	keyset, err := secret.ParseKeyset(text)
	h.must(err)
	keyring, err := session.ParseKeyring(secret.String(strings.Repeat("5e", 32)))
	h.must(err)
	h.gate = &announcer{Gate: memgate.New(memgate.Options{Now: now})}
	ids := id.NewSource(now, rand.Reader)
	h.Issuer = signin.New(signin.Deps{
		Store: h.store, Gate: h.gate, Keyring: keyring, Keyset: keyset, Hasher: hasher, Passwords: tenant.NewPasswords(rand.Reader, 2),
		Journal: audit.NewJournal(h.store, make([]byte, 32), ids, now), IDs: ids, Now: now, Random: rand.Reader,
	})
	h.org = tenant.Org{ID: ids.New(), Slug: "acme", Name: "Acme", Plan: "default", LeakPolicy: tenant.NotifyLeaks, CreatedAt: h.at, Version: 1}
	h.must(h.store.CreateOrg(t.Context(), h.org))
	h.ann = h.member("ann@example.com", access.Owner)
	return h
}

func (h *hall) member(email string, role access.Role) tenant.Member {
	h.Helper()
	m := tenant.Member{
		ID: h.IDs.New(), Org: h.org.ID, Email: email, Role: role, Status: tenant.Active, PasswordHash: cheap, CreatedAt: h.at, UpdatedAt: h.at, Version: 1,
	}
	h.must(h.store.CreateMember(h.Context(), h.org.ID, m))
	return m
}

// change edits a member in the store.
func (h *hall) change(member id.ID, edit func(*tenant.Member)) {
	h.Helper()
	m := h.stored(member)
	edit(&m)
	h.must(h.store.ReplaceMember(h.Context(), h.org.ID, m))
}

func (h *hall) stored(member id.ID) tenant.Member {
	h.Helper()
	m, err := h.store.Member(h.Context(), h.org.ID, member)
	h.must(err)
	return m
}

func (h *hall) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// is fails the test unless err is a refusal with the code.
func (h *hall) is(what string, err error, code apierr.Code) {
	h.Helper()
	if err == nil || apierr.Of(err).Code != code {
		h.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func from() signin.From { return signin.From{Org: "acme", Address: home, UserAgent: "a browser"} }

// try logs ann in, with a code if there is one.
func (h *hall) try(password, code secret.String) (signin.Login, error) {
	return h.Login(h.Context(), from(), "Ann@Example.com", password, code)
}

func (h *hall) in() signin.Login {
	h.Helper()
	login, err := h.try(password, "")
	h.must(err)
	return login
}

// by is ann as the audit log names her.
func (h *hall) by() audit.Actor {
	return audit.Actor{Kind: audit.ByMember, ID: h.ann.ID, Name: h.ann.Email, Credential: "session:1", Address: home.String()}
}

// protect enables ann's second factor, and gives its secret and recovery codes.
func (h *hall) protect() (key secret.String, recovery []secret.String) {
	h.Helper()
	key, _, err := h.Enroll(h.Context(), h.by(), h.org.ID, h.ann.ID)
	h.must(err)
	recovery, err = h.Enable(h.Context(), h.by(), h.org.ID, h.ann.ID, h.code(key, 0))
	h.must(err)
	h.at = h.at.Add(30 * time.Second) // past the code that was used
	return key, recovery
}

// code is what an authenticator shows that many steps from now.
func (h *hall) code(key secret.String, steps int) secret.String {
	h.Helper()
	code, err := totp.GenerateCode(key.Reveal(), h.at.Add(time.Duration(steps)*30*time.Second))
	h.must(err)
	return secret.String(code)
}

// race lets n do the same at once, and counts by code how they fared; "" is success.
func (h *hall) race(n int, do func() error) map[apierr.Code]int {
	var mu sync.Mutex
	fared := map[apierr.Code]int{}
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			err := do()
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				fared[""]++
				return
			}
			fared[apierr.Of(err).Code]++
		})
	}
	wg.Wait()
	return fared
}

// actions lists what the audit log says was done, oldest first.
func (h *hall) actions() (actions []string) {
	h.Helper()
	for _, e := range h.entries() {
		actions = append(actions, e.Action)
	}
	return actions
}

func (h *hall) entries() []audit.Entry {
	h.Helper()
	entries, err := h.store.AuditFrom(h.Context(), h.org.ID, 0, 1000)
	h.must(err)
	return entries
}
