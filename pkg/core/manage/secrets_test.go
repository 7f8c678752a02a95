package manage_test

import (
	"bytes"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

func (o *office) app(slug string) (tenant.App, []byte) {
	o.Helper()
	app, text, err := o.CreateApp(o.Context(), o.shell, o.org.ID, manage.AppDraft{Slug: slug, Name: "App"})
	o.must(err)
	return app, o.parsed(text)
}

func (o *office) parsed(text secret.String) []byte {
	o.Helper()
	key, err := usertoken.ParseSecret(text.Reveal())
	o.must(err)
	return key
}

func TestAnAppsSecretLiesSealedAndBound(t *testing.T) {
	o := newOffice(t)
	app, key := o.app("web")
	stored, err := o.store.AppByPublicKey(t.Context(), app.PublicKey)
	o.must(err)
	signing, opened, err := o.CurrentSecret(stored)
	o.must(err)
	if !bytes.Equal(opened, key) || bytes.Contains(signing.Sealed, key) || len(key) != 32 || apikey.CheckPublic(stored.PublicKey) != nil {
		t.Error("the App's secret is not the one that was shown, or lies open")
	}
	stolen := stored
	stolen.ID = id.ID{1}
	if _, _, err := o.CurrentSecret(stolen); err == nil {
		t.Error("a secret opens as another App's")
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
	rotated, text, err := o.RotateSecret(ctx, o.shell, o.org.ID, app.ID, time.Hour)
	o.must(err)
	_, present, err := o.CurrentSecret(rotated)
	o.must(err)
	if bytes.Equal(present, former) || !bytes.Equal(present, o.parsed(text)) {
		t.Error("the present secret is not the one that was shown")
	}
	for after, want := range map[time.Duration]int{time.Hour - time.Second: 2, time.Hour: 1} {
		if live := rotated.LiveSecrets(o.at.Add(after)); len(live) != want {
			t.Errorf("after %v %d secrets verify", after, len(live))
		}
	}
	rotated, text, err = o.ImportSecret(ctx, o.shell, o.org.ID, app.ID, "6f7572206f776e", time.Hour)
	o.must(err)
	if _, present, err := o.CurrentSecret(rotated); err != nil || string(present) != "our own" || text != "6f7572206f776e" {
		t.Errorf("imported %q, shown %q, %v", present, text.Reveal(), err)
	}
	_, _, err = o.ImportSecret(ctx, o.shell, o.org.ID, app.ID, " ", 0)
	o.issue("an empty one", err, "required", "secret")
	_, _, err = o.RotateSecret(ctx, o.shell, id.ID{9}, app.ID, 0)
	o.is("another Org's", err, apierr.CodeNotFound)
	o.gate.away.Store(true)
	if _, _, err = o.RotateSecret(ctx, o.shell, o.org.ID, app.ID, 0); apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("unannounced: %v", err)
	}
	stored, err := o.store.App(ctx, o.org.ID, app.ID)
	o.must(err)
	if len(stored.LiveSecrets(o.at)) != 1 {
		t.Error("a rotation without an overlap left a former secret")
	}
}

func TestOnlySoManySecretsVerifyAtOnce(t *testing.T) {
	o := newOffice(t)
	app, _ := o.app("web")
	rotate := func(overlap time.Duration) error {
		_, _, err := o.RotateSecret(t.Context(), o.shell, o.org.ID, app.ID, overlap)
		return err
	}
	for range 4 {
		o.must(rotate(time.Hour))
	}
	o.is("a sixth", rotate(time.Hour), apierr.CodeLimitReached)
	o.must(rotate(0))
	o.must(rotate(time.Hour))
}

// Rotations that meet each other lose none: every secret that was shown is live for the overlap.
func TestRacingRotationsLoseNoSecret(t *testing.T) {
	o := newOffice(t)
	app, first := o.app("web")
	var mu sync.Mutex
	shown := [][]byte{first}
	race(4, func(int) error {
		_, text, err := o.RotateSecret(t.Context(), o.shell, o.org.ID, app.ID, time.Hour)
		if err != nil {
			t.Error(err)
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		shown = append(shown, o.parsed(text))
		return nil
	})
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
