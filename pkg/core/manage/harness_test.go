package manage_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/memgate"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

// announcer is a gate that can be away, and that lets a test look at the store when a change is announced.
type announcer struct {
	gate.Gate
	away  atomic.Bool
	bumps atomic.Int64
	look  func()
}

func (a *announcer) Bump(ctx context.Context, org id.ID) error {
	if a.look != nil {
		a.look()
	}
	a.bumps.Add(1)
	if a.away.Load() {
		return errors.New("away")
	}
	return a.Gate.Bump(ctx, org)
}

// office is a Manager and what it works with, at a moment that the test moves.
type office struct {
	*testing.T
	*manage.Manager
	store *sqlitestore.Store
	gate  *announcer
	at    time.Time
	org   tenant.Org
	shell manage.By
}

const password = secret.String("correct horse battery")

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, at: time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.UTC), shell: manage.Operator("a test")}
	now := func() time.Time { return o.at }
	var err error
	o.store, err = sqlitestore.Open(t.Context(), sqlitestore.Options{Path: filepath.Join(t.TempDir(), "heard.db")})
	o.must(err)
	t.Cleanup(func() { o.must(o.store.Close()) })
	hasher, err := apikey.NewHasher(make([]byte, 32))
	o.must(err)
	text, err := secret.NewKeysetJSON()
	o.must(err)
	keyset, err := secret.ParseKeyset(text)
	o.must(err)
	o.gate = &announcer{Gate: memgate.New(memgate.Options{Now: now})}
	ids := id.NewSource(now, rand.Reader)
	o.Manager = manage.New(manage.Deps{
		Store: o.store, Gate: o.gate, Hasher: hasher, Keyset: keyset, Passwords: tenant.NewPasswords(rand.Reader, 2),
		Journal: audit.NewJournal(o.store, hasher.Derive("audit"), ids, now), IDs: ids, Now: now, Random: rand.Reader,
	})
	o.org, err = o.CreateOrg(t.Context(), o.shell, manage.OrgDraft{Slug: "acme", Name: "Acme"})
	o.must(err)
	return o
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// is fails the test unless err is a refusal with the code.
func (o *office) is(what string, err error, code apierr.Code) {
	o.Helper()
	if err == nil || apierr.Of(err).Code != code {
		o.Errorf("%s: got %v, want %s", what, err, code)
	}
}

// issue fails the test unless err names a fault with the code at the path.
func (o *office) issue(what string, err error, code string, path ...any) {
	o.Helper()
	issues := apierr.Issues(err)
	if !slices.ContainsFunc(issues, func(i apierr.Issue) bool { return i.Code == code && slices.Equal(i.Path, path) }) {
		o.Errorf("%s: got %v with %+v, want %s at %v", what, err, issues, code, path)
	}
}

// member adds a person to the Org without the cost of a hash.
func (o *office) member(name string, role access.Role) tenant.Member {
	o.Helper()
	m := tenant.Member{
		ID: o.IDs.New(), Org: o.org.ID, Email: name + "@example.com", Name: name, Role: role, Status: tenant.Active, EmailVerified: true,
		CreatedAt: o.at, UpdatedAt: o.at, Version: 1,
	}
	o.must(o.store.CreateMember(o.Context(), o.org.ID, m))
	return m
}

// as is a member who is logged in.
func as(m tenant.Member) manage.By {
	return manage.By{
		Actor: audit.Actor{Kind: audit.ByMember, ID: m.ID, Name: m.Email, Credential: "session:1", Address: "192.0.2.7"},
		Role:  m.Role, Rights: access.Of(m.Role),
	}
}

// entries are what the Org's audit log says, oldest first.
func (o *office) entries() []audit.Entry {
	o.Helper()
	entries, err := o.store.AuditFrom(o.Context(), o.org.ID, 0, 1000)
	o.must(err)
	return entries
}

// last is the newest of them.
func (o *office) last() audit.Entry {
	o.Helper()
	entries := o.entries()
	return entries[len(entries)-1]
}

// race lets n do the same at once, and counts by code how they fared; "" is success.
func race(n int, do func(racer int) error) map[apierr.Code]int {
	var mu sync.Mutex
	fared := map[apierr.Code]int{}
	var wg sync.WaitGroup
	for racer := range n {
		wg.Go(func() {
			err := do(racer)
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
