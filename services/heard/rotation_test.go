package heard_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/dialect/userz"
)

// clients is how many use a credential while it is rotated.
const clients = 8

// turn is a credential that can be rotated: how it is used, and how it is replaced by way of another process.
type turn struct {
	old    string
	use    func(credential string) (ok bool)
	rotate func(overlapSeconds int) (fresh string)
}

// keyTurn is an API key's.
func keyTurn(t *testing.T, used, rotating *installation) turn {
	h := used.found("keys")
	_, admin, err := used.manager.CreateKey(t.Context(), byTest(), h.org.ID, manage.KeyDraft{Name: "admin", Scopes: access.Rights()})
	must(t, err)
	return turn{
		old: h.sk,
		use: func(key string) bool {
			return used.call(http.MethodGet, "/v1/feedback?limit=1", key, "").Code == http.StatusOK
		},
		rotate: func(overlap int) string {
			body := fmt.Sprintf(`{"overlapSeconds":%d}`, overlap)
			w := rotating.call(http.MethodPost, "/v1/keys/"+h.key.ID.String()+"/rotate", admin.Reveal(), body)
			var fresh struct{ Key string }
			rotating.answer(w, http.StatusCreated, &fresh)
			return fresh.Key
		},
	}
}

// secretTurn is a signing secret's: what is used are user tokens that it signs.
func secretTurn(t *testing.T, used, rotating *installation) turn {
	h := used.found("secrets")
	_, admin, err := used.manager.CreateKey(t.Context(), byTest(), h.org.ID, manage.KeyDraft{Name: "admin", Scopes: access.Rights()})
	must(t, err)
	return turn{
		old: used.signed(h.app, h.app.Secrets[0].ID.String(), h.signing),
		use: func(token string) bool {
			w := used.call(http.MethodPost, "/v1/feedback", h.app.PublicKey, `{"text":"x"}`, "X-Userz-User-Token", token)
			return w.Code == http.StatusCreated
		},
		rotate: func(overlap int) string {
			body := fmt.Sprintf(`{"overlapSeconds":%d}`, overlap)
			w := rotating.call(http.MethodPost, "/v1/apps/"+h.app.ID.String()+"/rotate-secret", admin.Reveal(), body)
			var fresh struct{ ID, SigningSecret string }
			rotating.answer(w, http.StatusOK, &fresh)
			key, err := usertoken.ParseSecret(fresh.SigningSecret)
			must(t, err)
			return used.signed(h.app, fresh.ID, key)
		},
	}
}

// signed is a user token of an App, under that signing secret.
func (i *installation) signed(app tenant.App, kid string, key []byte) string {
	i.t.Helper()
	claims, err := usertoken.New("ann", app.ID, nil, time.Hour, i.Now())
	must(i.t, err)
	token, err := usertoken.Mint(claims, userz.ID(kid), key)
	must(i.t, err)
	return token.Reveal()
}

// underLoad rotates in the midst of requests from many clients. With an overlap none of them fails, whichever credential it
// has; without one, the former opens nothing to a request that starts after the rotation has returned.
func (c turn) underLoad(t *testing.T, overlap int) {
	t.Helper()
	var began, over atomic.Bool
	var fresh atomic.Pointer[string]
	var admitted, refused atomic.Int64
	hot := make(chan struct{})
	client := func() {
		for after := 0; after < 20; {
			rotating, late := began.Load(), over.Load()
			switch ok := c.use(c.old); {
			case ok && late && overlap == 0:
				t.Error("the former one opened after it was replaced")
				return
			case !ok && (overlap > 0 || !rotating && !began.Load()):
				t.Error("the former one failed")
				return
			case ok:
				if admitted.Add(1) == 10*clients {
					close(hot)
				}
			default:
				refused.Add(1)
			}
			if present := fresh.Load(); present != nil && !c.use(*present) {
				t.Error("the new one failed")
				return
			}
			if late {
				after++
			}
		}
	}
	var running sync.WaitGroup
	for range clients {
		running.Go(client)
	}
	done := make(chan struct{})
	go func() {
		running.Wait()
		close(done)
	}()
	select {
	case <-hot:
	case <-done: // all have failed
		return
	}
	began.Store(true)
	made := c.rotate(overlap)
	fresh.Store(&made)
	over.Store(true)
	<-done
	if (refused.Load() > 0) != (overlap == 0) {
		t.Errorf("%d requests admitted, %d refused", admitted.Load(), refused.Load())
	}
}

func TestARotationUnderLoadFailsNobodyWithinItsOverlapAndLetsNobodyInWithoutOne(t *testing.T) {
	shapes := map[string]func(t *testing.T) (used, rotating *installation){
		"embedded": func(t *testing.T) (*installation, *installation) {
			i := serve(t, embedded(t, sqlite(t), time.Now), time.Now)
			return i, i
		},
		"networked": func(t *testing.T) (*installation, *installation) {
			d := deploy(t)
			return d.process(t, nil), d.process(t, nil)
		},
	}
	turns := map[string]func(t *testing.T, used, rotating *installation) turn{"API key": keyTurn, "signing secret": secretTurn}
	for shape, open := range shapes {
		for what, turning := range turns {
			for _, overlap := range []int{0, 3600} {
				t.Run(fmt.Sprintf("%s/%s/%d s", shape, what, overlap), func(t *testing.T) {
					t.Parallel()
					used, rotating := open(t)
					turning(t, used, rotating).underLoad(t, overlap)
				})
			}
		}
	}
}

// What was rotated with an overlap is dead when that ends, without anybody saying so.
func TestAnOverlapEnds(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		for what, turning := range map[string]func(*testing.T, *installation, *installation) turn{"API key": keyTurn, "signing secret": secretTurn} {
			c := turning(t, i, i)
			fresh := c.rotate(60)
			i.clock.Advance(time.Minute - time.Millisecond)
			if !c.use(c.old) || !c.use(fresh) {
				t.Errorf("%s: refused within the overlap", what)
			}
			i.clock.Advance(time.Millisecond)
			if c.use(c.old) || !c.use(fresh) {
				t.Errorf("%s: after the overlap the former one opens, or the new one does not", what)
			}
		}
	})
}
