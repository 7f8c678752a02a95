package manage_test

import (
	"bytes"
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
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
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
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, at: time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.UTC)}
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
	o.Manager = manage.New(manage.Deps{
		Store: o.store, Gate: o.gate, Hasher: hasher, Keyset: keyset, IDs: id.NewSource(now, rand.Reader), Now: now, Random: rand.Reader,
	})
	o.org, err = o.CreateOrg(t.Context(), "acme", "Acme")
	o.must(err)
	return o
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) is(err error, kind apierr.Kind) {
	o.Helper()
	if err == nil || apierr.KindOf(err) != kind {
		o.Fatalf("got %v, want %v", err, kind)
	}
}

func (o *office) app(slug string) (tenant.App, []byte) {
	o.Helper()
	app, text, err := o.CreateApp(o.Context(), o.org.ID, manage.AppDraft{Slug: slug, Name: "App"})
	o.must(err)
	return app, o.parsed(text)
}

func (o *office) parsed(text secret.String) []byte {
	o.Helper()
	key, err := usertoken.ParseSecret(text.Reveal())
	o.must(err)
	return key
}

func TestWhatIsMadeIsStoredAsItIsAnswered(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	org, err := o.store.OrgBySlug(ctx, "acme")
	o.must(err)
	if org.ID != o.org.ID || org.Plan != tenant.DefaultPlan || org.CreatedAt != o.org.CreatedAt {
		t.Errorf("stored %+v, answered %+v", org, o.org)
	}
	app, text, err := o.CreateApp(ctx, org.ID, manage.AppDraft{
		Slug: "web", Name: "Web", Description: "d", PublicSubmission: true, AllowedOrigins: []string{"https://a.example"},
	})
	o.must(err)
	stored, err := o.store.AppByPublicKey(ctx, app.PublicKey)
	o.must(err)
	if stored.ID != app.ID || stored.Org != org.ID || !stored.PublicSubmission || !slices.Equal(stored.AllowedOrigins, app.AllowedOrigins) ||
		stored.ProcessingMode != tenant.Manual || stored.BatchWindowHours != 24 || apikey.CheckPublic(stored.PublicKey) != nil {
		t.Errorf("stored %+v", stored)
	}
	signing, key, err := o.CurrentSecret(stored)
	o.must(err)
	if !bytes.Equal(key, o.parsed(text)) || bytes.Contains(signing.Sealed, key) || len(key) != 32 {
		t.Error("the App's secret is not the one that was shown, or lies open")
	}
	stolen := stored
	stolen.ID = id.ID{1}
	if _, _, err := o.CurrentSecret(stolen); err == nil {
		t.Error("a secret opens as another App's")
	}

	key1, text1, err := o.CreateKey(ctx, org.ID, "ci", "ann@example.com")
	o.must(err)
	found, err := o.store.KeyByHash(ctx, o.Hasher.Hash(text1.Reveal()))
	o.must(err)
	if found.ID != key1.ID || found.Org != org.ID || found.CreatedBy != "ann@example.com" || !found.Live(o.at) || apikey.CheckSecret(text1.Reveal()) != nil {
		t.Errorf("stored %+v", found)
	}

	password := manage.NewPassword(rand.Reader)
	member, err := o.AddMember(ctx, org.ID, "ann@example.com", "Ann", tenant.Owner, password)
	o.must(err)
	members, err := o.store.Members(ctx, org.ID)
	o.must(err)
	if len(members) != 1 || members[0].ID != member.ID || members[0].Role != tenant.Owner || !tenant.VerifyPassword(members[0].PasswordHash, password) {
		t.Errorf("stored %+v", members)
	}
	if other := manage.NewPassword(rand.Reader); other == password || len(other.Reveal()) != 24 {
		t.Error("passwords repeat, or are not of 120 bits")
	}
	if n := o.gate.bumps.Load(); n != 0 {
		t.Errorf("%d announcements of what nobody can have loaded", n)
	}
}

func TestWhatCannotBeMadeIsRefused(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	o.app("web")
	_, err := o.AddMember(ctx, o.org.ID, "ann@example.com", "Ann", tenant.Owner, "a password")
	o.must(err)
	nobody := id.ID{9}
	for name, row := range map[string]struct {
		kind apierr.Kind
		make func() error
	}{
		"an Org's slug, taken":    {apierr.Conflict, func() error { _, err := o.CreateOrg(ctx, "acme", "x"); return err }},
		"an Org's slug, odd":      {apierr.Invalid, func() error { _, err := o.CreateOrg(ctx, "A!", "x"); return err }},
		"an Org without a name":   {apierr.Invalid, func() error { _, err := o.CreateOrg(ctx, "b", " "); return err }},
		"an App's slug, taken":    {apierr.Conflict, func() error { return o.createApp(o.org.ID, manage.AppDraft{Slug: "web", Name: "x"}) }},
		"an App's slug, odd":      {apierr.Invalid, func() error { return o.createApp(o.org.ID, manage.AppDraft{Slug: "-", Name: "x"}) }},
		"an App of nobody":        {apierr.NotFound, func() error { return o.createApp(nobody, manage.AppDraft{Slug: "x", Name: "x"}) }},
		"a key of nobody":         {apierr.NotFound, func() error { _, _, err := o.CreateKey(ctx, nobody, "x", "x"); return err }},
		"a key without a name":    {apierr.Invalid, func() error { _, _, err := o.CreateKey(ctx, o.org.ID, " ", "x"); return err }},
		"a member of nobody":      {apierr.NotFound, func() error { return o.addMember(nobody, "b@example.com") }},
		"a member's e-mail taken": {apierr.Conflict, func() error { return o.addMember(o.org.ID, "ann@example.com") }},
		"a member's odd e-mail":   {apierr.Invalid, func() error { return o.addMember(o.org.ID, "Ann <ann@example.com>") }},
		"a member's odd role":     {apierr.Invalid, func() error { _, err := o.AddMember(ctx, o.org.ID, "c@example.com", "x", "boss", "x"); return err }},
		"an empty secret":         {apierr.Invalid, func() error { _, _, err := o.ImportSecret(ctx, o.org.ID, nobody, " ", 0); return err }},
		"another Org's App":       {apierr.NotFound, func() error { _, _, err := o.RotateSecret(ctx, nobody, nobody, 0); return err }},
	} {
		if err := row.make(); err == nil || apierr.KindOf(err) != row.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	err = o.createApp(o.org.ID, manage.AppDraft{Slug: "x", Name: "x", AllowedOrigins: []string{"https://a.example", "a.example/"}})
	if issues := apierr.Of(err).Issues; len(issues) != 1 || !slices.Equal(issues[0].Path, []any{"allowedOrigins", 1}) {
		t.Errorf("an odd origin: %v", err)
	}
}

func (o *office) createApp(org id.ID, draft manage.AppDraft) error {
	_, _, err := o.CreateApp(o.Context(), org, draft)
	return err
}

func (o *office) addMember(org id.ID, email string) error {
	_, err := o.AddMember(o.Context(), org, email, "x", tenant.Viewer, "a password")
	return err
}

func TestARevocationIsStoredThenAnnounced(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	key, _, err := o.CreateKey(ctx, o.org.ID, "ci", "a test")
	o.must(err)
	o.gate.look = func() {
		if stored, err := o.store.Key(ctx, o.org.ID, key.ID); err != nil || stored.Live(o.at) {
			t.Errorf("announced before it was stored: %+v, %v", stored, err)
		}
	}
	o.gate.away.Store(true)
	_, err = o.RevokeKey(ctx, o.org.ID, key.ID)
	o.is(err, apierr.Unavailable)
	first := o.at
	o.at = o.at.Add(time.Hour)
	o.gate.away.Store(false)
	revoked, err := o.RevokeKey(ctx, o.org.ID, key.ID)
	o.must(err)
	if !revoked.RevokedAt.Equal(first.Truncate(time.Millisecond)) || o.gate.bumps.Load() != 2 {
		t.Errorf("revoked at %v with %d announcements", revoked.RevokedAt, o.gate.bumps.Load())
	}
	_, err = o.RevokeKey(ctx, o.org.ID, id.ID{9})
	o.is(err, apierr.NotFound)
	_, err = o.RevokeKey(ctx, id.ID{9}, key.ID)
	o.is(err, apierr.NotFound)
	if o.gate.bumps.Load() != 2 {
		t.Error("what did not happen was announced")
	}
}

func TestARotationReplacesTheSecretAndAnnouncesIt(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	app, former := o.app("web")
	o.gate.look = func() {
		if stored, err := o.store.App(ctx, o.org.ID, app.ID); err != nil || stored.Secrets[0].ID == app.Secrets[0].ID {
			t.Errorf("announced before it was stored: %+v, %v", stored, err)
		}
	}
	rotated, text, err := o.RotateSecret(ctx, o.org.ID, app.ID, time.Hour)
	o.must(err)
	_, present, err := o.CurrentSecret(rotated)
	o.must(err)
	if bytes.Equal(present, former) || !bytes.Equal(present, o.parsed(text)) {
		t.Error("the present secret is not the one that was shown")
	}
	if live := rotated.LiveSecrets(o.at.Add(time.Hour - time.Second)); len(live) != 2 {
		t.Errorf("%d secrets verify within the overlap", len(live))
	}
	if live := rotated.LiveSecrets(o.at.Add(time.Hour)); len(live) != 1 {
		t.Errorf("%d secrets verify after the overlap", len(live))
	}
	rotated, text, err = o.ImportSecret(ctx, o.org.ID, app.ID, "6f7572206f776e", time.Hour)
	o.must(err)
	if _, present, err := o.CurrentSecret(rotated); err != nil || string(present) != "our own" || text != "6f7572206f776e" {
		t.Errorf("imported %q, shown %q, %v", present, text.Reveal(), err)
	}
	o.gate.away.Store(true)
	_, _, err = o.RotateSecret(ctx, o.org.ID, app.ID, 0)
	o.is(err, apierr.Unavailable)
	if n := o.gate.bumps.Load(); n != 3 {
		t.Errorf("%d announcements", n)
	}
	stored, err := o.store.App(ctx, o.org.ID, app.ID)
	o.must(err)
	if len(stored.LiveSecrets(o.at)) != 1 {
		t.Error("a rotation without an overlap left a former secret")
	}
}

// Rotations that meet each other lose none: every secret that was shown is live for the overlap.
func TestRacingRotationsLoseNoSecret(t *testing.T) {
	o := newOffice(t)
	app, first := o.app("web")
	var mu sync.Mutex
	shown := [][]byte{first}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			_, text, err := o.RotateSecret(t.Context(), o.org.ID, app.ID, time.Hour)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			shown = append(shown, o.parsed(text))
		})
	}
	wg.Wait()
	stored, err := o.store.App(t.Context(), o.org.ID, app.ID)
	o.must(err)
	var live [][]byte
	for _, s := range stored.LiveSecrets(o.at) {
		key, err := usertoken.OpenSecret(o.Keyset, o.org.ID, app.ID, s.Sealed)
		o.must(err)
		live = append(live, key)
	}
	for n, key := range shown {
		if !slices.ContainsFunc(live, func(k []byte) bool { return bytes.Equal(k, key) }) {
			t.Errorf("secret %d of %d verifies nothing", n, len(shown))
		}
	}
}
