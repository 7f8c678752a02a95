//go:build cluster

package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// recovery is within what time everything works again once a store is back.
const recovery = 10 * time.Second

// request sends one on a connection of its own, so that any pod may get it.
func request(ctx context.Context, method, url, token, body string) (*http.Response, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewBufferString(body))
	if err != nil {
		return nil, "", err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer, string(text), err
}

// Whichever store goes, what is said is kept or refused with a time to come back, and all is well soon after its return.
func TestEveryStoreMayGo(t *testing.T) {
	c := installed(t)
	o := operate(t, c)
	for _, row := range []struct {
		store    string
		away     time.Duration
		degraded []int // how submissions and lists may be answered meanwhile, besides well
	}{
		{"statefulset/mongodb", 10 * time.Second, []int{http.StatusServiceUnavailable}},
		{"deployment/redis", 5 * time.Second, nil},
		{"statefulset/minio", 30 * time.Second, nil},
	} {
		t.Run(row.store, func(t *testing.T) {
			w := watch(t, c, o, row.degraded)
			must(t, c.Scale(t.Context(), row.store, 0))
			wait(t.Context(), row.away)
			must(t, c.Scale(t.Context(), row.store, 1))
			back := time.Now()
			wait(t.Context(), recovery+2*time.Second)
			last, kept := w.stop()
			if late := last.Sub(back); late > recovery {
				t.Errorf("%s after it was back, requests failed still", late)
			}
			for _, item := range kept {
				answer, text, err := request(t.Context(), "GET", c.URL+"/v1/feedback/"+item, o.Demo.Keys["userz"], "")
				if err != nil || answer.StatusCode == http.StatusTooManyRequests {
					wait(t.Context(), time.Second)
					answer, text, err = request(t.Context(), "GET", c.URL+"/v1/feedback/"+item, o.Demo.Keys["userz"], "")
				}
				if err != nil || answer.StatusCode != http.StatusOK {
					t.Errorf("%s was accepted, and is %v %s", item, err, text)
				}
			}
		})
	}
}

// watcher says and reads once a second, which no limit minds.
type watcher struct {
	*testing.T
	cancel context.CancelFunc
	done   chan struct{}
	last   time.Time // when a request failed
	kept   []string
}

func watch(t *testing.T, c *Cluster, o *Operator, degraded []int) *watcher {
	ctx, cancel := context.WithCancel(t.Context())
	w := &watcher{T: t, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		counts := map[int]int{}
		for ; ctx.Err() == nil; wait(ctx, time.Second) {
			for _, q := range [][4]string{
				{"POST", "/v1/feedback", o.Demo.Apps[0].PublicKey, `{"text": "is anybody there?"}`},
				{"GET", "/v1/feedback?limit=1", o.Demo.Keys["userz"], ""},
			} {
				answer, text, err := request(context.WithoutCancel(ctx), q[0], c.URL+q[1], q[2], q[3])
				if err != nil {
					t.Errorf("%s %s: %v", q[0], q[1], err)
					continue
				}
				counts[answer.StatusCode]++
				w.judge(q[0]+" "+q[1], answer, text, degraded)
			}
		}
		t.Logf("answers by status: %v", counts)
	}()
	return w
}

func (w *watcher) judge(what string, answer *http.Response, text string, degraded []int) {
	if answer.StatusCode < 300 {
		var said struct{ ID string }
		if answer.StatusCode == http.StatusCreated && json.Unmarshal([]byte(text), &said) == nil {
			w.kept = append(w.kept, said.ID)
		}
		return
	}
	w.last = time.Now()
	allowed := false
	for _, status := range degraded {
		allowed = allowed || answer.StatusCode == status
	}
	if !allowed || answer.Header.Get("Retry-After") == "" || !strings.Contains(text, `"code":"internal_error"`) {
		w.Errorf("%s: %s, Retry-After %q: %s", what, answer.Status, answer.Header.Get("Retry-After"), text)
	}
}

func (w *watcher) stop() (last time.Time, kept []string) {
	w.cancel()
	<-w.done
	return w.last, w.kept
}

// With three pods of ingest and one of read, limits are as exact as with one, and a revoked key is dead at all of them.
func TestEveryServiceScalesAlone(t *testing.T) {
	c := installed(t)
	o := operate(t, c)
	must(t, c.Install(t.Context(), "services.ingest.replicas=3", "services.read.replicas=1"))
	must(t, c.await(t.Context(), "ingest", 3))
	tell := func(into any, args ...string) {
		t.Helper()
		admin := []string{"--url", c.URL, "--token", o.session(t), "--output", "json"}
		text, err := o.Heard(t.Context(), append(args, admin...)...)
		must(t, err)
		must(t, json.Unmarshal(text, into))
	}

	var app struct{ PublicKey string }
	tell(&app, "app", "create", "--slug", fmt.Sprintf("scaled-%d", time.Now().Unix()), "--name", "Scaled", "--public")
	const capacity, perSecond = 60, 1
	var accepted, other atomic.Int64
	var crowd sync.WaitGroup
	began := time.Now()
	for range 8 {
		crowd.Go(func() {
			for range 20 {
				answer, _, err := request(t.Context(), "POST", c.URL+"/v1/feedback", app.PublicKey, `{"text":"x"}`)
				switch {
				case err == nil && answer.StatusCode == http.StatusCreated:
					accepted.Add(1)
				case err != nil || answer.StatusCode != http.StatusTooManyRequests:
					other.Add(1)
				}
			}
		})
	}
	crowd.Wait()
	most := int64(capacity + 1 + perSecond*int(time.Since(began).Seconds()))
	if n := accepted.Load(); n < capacity || n > most || other.Load() > 0 {
		t.Errorf("three pods took %d, want %d to %d; %d were answered otherwise", n, capacity, most, other.Load())
	}

	var key struct{ ID, Key string }
	tell(&key, "key", "create", "--name", "soon gone", "--format", "ub_live")
	report := func() int {
		answer, text, err := request(t.Context(), "POST", c.URL+"/v1/event", key.Key, `{"event":"seen","user":{"id":"u"}}`)
		must(t, err)
		if answer.StatusCode >= 500 {
			t.Error(text)
		}
		return answer.StatusCode
	}
	for range 30 {
		if status := report(); status >= 300 {
			t.Fatalf("a good key is answered %d", status)
		}
	}
	_, err := o.Heard(t.Context(), "key", "revoke", key.ID, "--url", c.URL, "--token", o.session(t))
	must(t, err)
	for range 30 {
		if status := report(); status != http.StatusUnauthorized {
			t.Errorf("a revoked key is answered %d", status)
		}
	}
	must(t, c.Install(t.Context()))
}

// session logs the demo's admin in.
func (o *Operator) session(t *testing.T) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"org": o.Demo.Org.Slug, "email": o.Demo.Admin.Email, "password": o.Demo.Admin.Password})
	must(t, err)
	answer, text, err := request(t.Context(), "POST", o.cluster.URL+"/v1/sessions", "", string(body))
	must(t, err)
	var made struct{ AccessToken string }
	if err := json.Unmarshal([]byte(text), &made); err != nil || made.AccessToken == "" {
		t.Fatalf("%s %s", answer.Status, text)
	}
	return made.AccessToken
}
