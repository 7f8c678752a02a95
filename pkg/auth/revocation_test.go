package auth_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// hotUntil keeps requests going from many sides and ends the credential in their midst. None that starts after that
// returned may be admitted.
func (h *house) hotUntil(request, end func() error) {
	h.Helper()
	var over, ended atomic.Bool
	var admitted, refused atomic.Int64
	hot, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		race(func() {
			for after := 0; after < 20; {
				late := over.Load()
				switch err := request(); {
				case err == nil && late:
					h.Error("admitted after the end")
					return
				case err == nil:
					if admitted.Add(1) == 10*racers {
						close(hot)
					}
				case !ended.Load():
					h.Errorf("refused before the end: %v", err)
					return
				default:
					refused.Add(1)
				}
				if late {
					after++
				}
			}
		})
	}()
	select {
	case <-hot:
	case <-done:
	}
	ended.Store(true)
	if err := end(); err != nil {
		h.Error(err)
	}
	over.Store(true)
	<-done
	if refused.Load() == 0 {
		h.Error("nobody was refused")
	}
}

func TestWhatWasRevokedIsRefusedFromThatMoment(t *testing.T) {
	t.Run("key", func(t *testing.T) {
		h := newHouse(t)
		key, text := h.key()
		h.hotUntil(func() error { return h.server(text) }, func() error {
			_, err := h.manager.RevokeKey(context.Background(), byTest(), h.org.ID, key.ID)
			return err
		})
	})
	t.Run("signing secret", func(t *testing.T) {
		h := newHouse(t)
		app, signing := h.app(manage.AppDraft{})
		cred := auth.Credential{Token: app.PublicKey, UserToken: h.token("ann", app.ID, signing)}
		h.hotUntil(func() error { return h.widget(cred) }, func() error {
			_, _, err := h.manager.RotateSecret(context.Background(), byTest(), h.org.ID, app.ID, 0)
			return err
		})
	})
}

// whileFilled lets a credential end after each of the reads that a request needs which fills the cache, one that is cold or
// stale, and demands that this request is refused and that nobody profits later. Issue gives a request and what ends it.
func whileFilled(t *testing.T, most int64, issue func(*house) (request, end func() error)) {
	t.Helper()
	for read := int64(1); read <= most; read++ {
		for name, warm := range map[string]bool{"cold": false, "stale": true} {
			h := newHouse(t)
			request, end := issue(h)
			if warm {
				h.admitted(request())
				h.must(h.shared.Bump(t.Context(), h.org.ID))
			}
			h.directory.reads.Store(0)
			reached := false
			after := func(n int64) {
				if n == read {
					reached = true
					h.must(end())
				}
			}
			h.directory.after.Store(&after)
			err := request()
			if !reached { // a stale entry needs fewer reads
				continue
			}
			if err == nil || request() == nil {
				t.Errorf("%s cache, ended after read %d: admitted", name, read)
			}
		}
	}
}

func TestARevocationWhileTheCacheIsFilledIsNotMissed(t *testing.T) {
	whileFilled(t, 4, func(h *house) (request, end func() error) {
		key, text := h.key()
		return func() error { return h.server(text) }, func() error {
			_, err := h.manager.RevokeKey(t.Context(), byTest(), h.org.ID, key.ID)
			return err
		}
	})
}

// A refusal may rest on something that has changed since: it is checked like an admission, and costs the store nothing.
func TestAGrantIsHeardInTheVeryCallThatIsRefusedFromTheCache(t *testing.T) {
	h := newHouse(t)
	app, signing := h.app(manage.AppDraft{AllowedOrigins: []string{"https://a.example"}})
	ours := auth.Credential{Token: app.PublicKey, Origin: "https://a.example", UserToken: h.token("ann", app.ID, signing)}
	theirs, open := ours, ours
	theirs.Origin, open.UserToken = "https://b.example", ""
	h.admitted(h.widget(ours))

	if n := h.reads(func() {
		h.refused(h.widget(theirs), apierr.CodeOriginNotAllowed)
		h.refused(h.widget(open), apierr.CodePublicDisabled)
	}); n != 0 {
		t.Errorf("refusals from the cache took %d reads", n)
	}
	h.change(app, func(a *tenant.App) { a.AllowedOrigins = append(a.AllowedOrigins, theirs.Origin) })
	h.admitted(h.widget(theirs))
	h.change(app, func(a *tenant.App) { a.PublicSubmission = true })
	h.admitted(h.widget(open))

	_, text, err := h.manager.RotateSecret(t.Context(), byTest(), h.org.ID, app.ID, 0)
	h.must(err)
	h.refused(h.widget(ours), apierr.CodeInvalidUserToken)
	ours.UserToken = h.token("ann", app.ID, h.parsed(text))
	h.admitted(h.widget(ours))
}

func TestWhileTheGateIsAwayTheStoreIsAskedEveryTime(t *testing.T) {
	h := newHouse(t)
	key, text := h.key()
	_, cold := h.key()
	app, _ := h.app(manage.AppDraft{PublicSubmission: true, AllowedOrigins: []string{"https://a.example"}})
	cred := auth.Credential{Token: app.PublicKey, Origin: "https://b.example"}
	h.admitted(h.server(text))
	h.refused(h.widget(cred), apierr.CodeOriginNotAllowed)

	h.shared.cut.Store(true)
	for range 3 {
		for _, token := range []string{text, cold} {
			_, verdict, err := h.Key(t.Context(), auth.Credential{Token: token}, serverDoor())
			h.admitted(err)
			if !verdict.Degraded || !verdict.Allowed() || len(verdict.Decisions) != 1 {
				t.Fatalf("verdict %+v", verdict)
			}
		}
		if n := h.reads(func() { h.admitted(h.server(text)) }); n != 3 {
			t.Fatalf("took %d reads instead of the key's, the Org's and the overrides", n)
		}
	}

	// Nobody can announce a change now: the revocation says so, and is effective all the same.
	if _, err := h.manager.RevokeKey(t.Context(), byTest(), h.org.ID, key.ID); apierr.KindOf(err) != apierr.Unavailable {
		t.Fatalf("revoked while the gate is away: %v", err)
	}
	h.refused(h.server(text), apierr.CodeInvalidKey)

	// What is granted by the store alone is drawn for like anything else.
	stored, err := h.directory.Store.App(t.Context(), app.Org, app.ID)
	h.must(err)
	stored.AllowedOrigins = nil
	h.must(h.directory.ReplaceApp(t.Context(), app.Org, stored))
	_, verdict, err := h.Widget(t.Context(), cred, ampleBudget())
	h.admitted(err)
	if len(verdict.Decisions) != 1 {
		t.Fatalf("admitted without a draw: %+v", verdict)
	}

	h.shared.cut.Store(false)
	h.clock.Advance(probeAfter)
	h.refused(h.server(text), apierr.CodeInvalidKey)
	h.admitted(h.widget(cred))
	if n := h.reads(func() { h.admitted(h.widget(cred)) }); n != 0 {
		t.Errorf("%d reads although the gate is back", n)
	}
}

// Whatever befalls the gate, what was once loaded is believed for half a minute at most.
func TestNoCredentialIsBelievedForLong(t *testing.T) {
	h := newHouse(t)
	key, text := h.key()
	h.admitted(h.server(text))
	_, err := h.directory.RevokeKey(t.Context(), h.org.ID, key.ID, h.clock.Now()) // and nobody tells the gate
	h.must(err)
	h.clock.Advance(30*time.Second - 1)
	h.admitted(h.server(text))
	h.clock.Advance(1)
	h.refused(h.server(text), apierr.CodeInvalidKey)
}

func TestWhatEndsByTimeEndsWithoutAnAnnouncement(t *testing.T) {
	h := newHouse(t)
	text := h.keyUntil(h.clock.Now().Add(10 * time.Second))
	app, former := h.app(manage.AppDraft{})
	_, _, err := h.manager.RotateSecret(t.Context(), byTest(), h.org.ID, app.ID, 20*time.Second)
	h.must(err)
	cred := auth.Credential{Token: app.PublicKey, UserToken: h.token("ann", app.ID, former)}
	h.admitted(h.server(text))
	h.admitted(h.widget(cred))
	if n := h.reads(func() {
		h.clock.Advance(10*time.Second - 1)
		h.admitted(h.server(text))
		h.clock.Advance(1)
		h.refused(h.server(text), apierr.CodeInvalidKey)
		h.clock.Advance(10*time.Second - 1)
		h.admitted(h.widget(cred))
		h.clock.Advance(1)
		h.refused(h.widget(cred), apierr.CodeInvalidUserToken)
	}); n != 0 {
		t.Errorf("took %d reads", n)
	}
}

// restless is the gate of an Org whose credentials change all the time.
type restless struct{ gate.Gate }

func (r restless) Generation(ctx context.Context, org id.ID) (gate.Generation, error) {
	generation, err := r.Gate.Generation(ctx, org)
	if err == nil {
		err = r.Bump(ctx, org)
	}
	return generation, err
}

func TestCredentialsThatKeepChangingAreNotReloadedForEver(t *testing.T) {
	h := newHouseBehind(t, func(g gate.Gate) gate.Gate { return restless{g} })
	_, text := h.key()
	n := h.reads(func() {
		if err := h.server(text); apierr.KindOf(err) != apierr.Unavailable {
			t.Errorf("answered %v", err)
		}
	})
	if n > 15 {
		t.Errorf("took %d reads", n)
	}
}
