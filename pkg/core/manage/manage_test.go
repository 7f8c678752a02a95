package manage_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"strings"
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

func TestEveryChangeIsWrittenDownBeforeItHappensAndAnnouncedAfter(t *testing.T) {
	o := newOffice(t)
	ann := o.member("ann", access.Owner)
	o.gate.look = func() {
		e := o.last()
		orgs, err := o.store.Org(t.Context(), o.org.ID)
		if err != nil || orgs.Name != "Acme Ltd" || e.Action != "org.update" || e.Outcome != audit.Done {
			t.Errorf("announced %s when the Org was %+v, %v", e.Action, orgs, err)
		}
	}
	name := "Acme Ltd"
	_, err := o.UpdateOrg(t.Context(), as(ann), o.org.ID, manage.OrgChange{Name: &name})
	o.must(err)
	e := o.last()
	if e.Actor != as(ann).Actor || string(e.Before) != `{"name":"Acme"}` || string(e.After) != `{"name":"Acme Ltd"}` ||
		e.Target != (audit.Target{Kind: "org", ID: o.org.ID.String(), Name: "acme"}) {
		t.Errorf("%+v", e)
	}
	o.gate.look = nil
	n := o.gate.bumps.Load()
	_, _, err = o.CreateApp(t.Context(), as(ann), o.org.ID, manage.AppDraft{Slug: "web", Name: "Web"})
	o.must(err)
	_, _, err = o.CreateApp(t.Context(), as(ann), o.org.ID, manage.AppDraft{Slug: "web", Name: "Web"})
	o.is("a taken slug", err, apierr.CodeAlreadyExists)
	if e := o.last(); e.Action != "app.create" || e.Outcome != audit.Failed {
		t.Errorf("what failed is written down as %s, %s", e.Action, e.Outcome)
	}
	if o.gate.bumps.Load() != n+1 {
		t.Error("what did not happen was announced")
	}
	check, err := o.Journal.Verify(t.Context(), o.org.ID, audit.Entry{}, 1000)
	if err != nil || check.BrokenAt != 0 || check.Checked != len(o.entries()) {
		t.Errorf("%+v, %v", check, err)
	}
}

func TestAChangeThatCannotBeAnnouncedFailsAndIsSafeToRepeat(t *testing.T) {
	o := newOffice(t)
	ann := o.member("ann", access.Owner)
	bob := o.member("bob", access.Member)
	app, _ := o.app("web")
	key, _, err := o.CreateKey(t.Context(), o.shell, o.org.ID, manage.KeyDraft{Name: "ci"})
	o.must(err)
	name, member := "Acme Ltd", access.Admin
	for what, change := range map[string]func() error{
		"org.update": func() error {
			_, err := o.UpdateOrg(t.Context(), as(ann), o.org.ID, manage.OrgChange{Name: &name})
			return err
		},
		"app.update": func() error {
			_, err := o.UpdateApp(t.Context(), as(ann), o.org.ID, app.ID, manage.AppChange{Name: &name})
			return err
		},
		"member.update": func() error {
			_, err := o.UpdateMember(t.Context(), as(ann), o.org.ID, bob.ID, manage.MemberChange{Role: &member})
			return err
		},
		"key.revoke": func() error { _, err := o.RevokeKey(t.Context(), as(ann), o.org.ID, key.ID); return err },
	} {
		o.gate.away.Store(true)
		if err := change(); apierr.KindOf(err) != apierr.Unavailable {
			t.Errorf("%s, unannounced: %v", what, err)
		}
		o.gate.away.Store(false)
		n := o.gate.bumps.Load()
		if err := change(); err != nil || o.gate.bumps.Load() == n {
			t.Errorf("%s, again: %v", what, err)
		}
	}
}

// Whatever a Manager ever showed is nowhere in the audit log.
func TestNoSecretIsEverWrittenDown(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	shown := []secret.String{password}
	show := func(text secret.String, err error) {
		t.Helper()
		o.must(err)
		shown = append(shown, text)
	}
	app, text, err := o.CreateApp(ctx, o.shell, o.org.ID, manage.AppDraft{Slug: "web", Name: "Web"})
	show(text, err)
	for _, overlap := range []time.Duration{0, time.Hour} {
		_, text, err = o.RotateSecret(ctx, o.shell, o.org.ID, app.ID, overlap)
		show(text, err)
	}
	_, text, err = o.ImportSecret(ctx, o.shell, o.org.ID, app.ID, "an imported signing secret", 0)
	show(text, err)
	shown = append(shown, "an imported signing secret")
	for _, format := range apikey.Formats() {
		key, text, err := o.CreateKey(ctx, o.shell, o.org.ID, manage.KeyDraft{Name: format.Name, Format: format.Name})
		show(text, err)
		_, fresh, err := o.RotateKey(ctx, o.shell, o.org.ID, key.ID, time.Hour)
		show(fresh, err)
		if found, err := o.Leaked(ctx, text, apikey.Leak{Source: "github", URL: "https://example.com/x"}); err != nil || !found {
			t.Errorf("%s: %t, %v", format.Name, found, err)
		}
		_, err = o.RevokeKey(ctx, o.shell, o.org.ID, key.ID)
		o.must(err)
	}
	member, err := o.AddMember(ctx, o.shell, o.org.ID, manage.MemberDraft{Email: "bob@example.com", Name: "Bob", Role: access.Member, Password: password})
	o.must(err)
	suspended := tenant.Suspended
	_, err = o.UpdateMember(ctx, o.shell, o.org.ID, member.ID, manage.MemberChange{Status: &suspended})
	o.must(err)
	_, token, err := o.Invite(ctx, o.shell, o.org.ID, "eve@example.com", access.Member)
	show(token, err)
	eve, err := o.Accept(ctx, token, "Eve", password, "192.0.2.1")
	o.must(err)
	_, err = o.RemoveMember(ctx, o.shell, o.org.ID, eve.ID)
	o.must(err)
	_, err = o.DeleteApp(ctx, o.shell, o.org.ID, app.ID)
	o.must(err)
	_, err = o.CloseOrg(ctx, o.shell, o.org.ID)
	o.must(err)

	entries, actions := o.entries(), map[string]bool{}
	for _, e := range entries {
		actions[e.Action] = true
		said := strings.Join([]string{e.Actor.Name, e.Actor.Credential, e.Target.ID, e.Target.Name, string(e.Before), string(e.After)}, "\n")
		for _, text := range append(shown, secret.String(member.PasswordHash), secret.String(eve.PasswordHash)) {
			if len(text) < 16 || strings.Contains(said, text.Reveal()) {
				t.Errorf("%s shows a secret", e.Action)
			}
		}
	}
	if len(actions) < 14 || len(shown) < 16 {
		t.Errorf("%d sorts of changes and %d secrets prove little", len(actions), len(shown))
	}
}
