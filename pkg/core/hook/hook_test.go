package hook_test

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/hook"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

func registry(t *testing.T) *hook.Registry {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Path: filepath.Join(t.TempDir(), "heard.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return hook.NewRegistry(store, id.NewSource(time.Now, rand.Reader), time.Now)
}

func TestOnlyWhatCanBeToldInConfidenceIsSubscribed(t *testing.T) {
	r, org := registry(t), id.ID{1}
	for target, good := range map[string]bool{
		"https://hooks.example.com/a?b=c": true, "https://hooks.example.com:8443": true,
		"http://127.0.0.1:9/x": true, "http://localhost/x": true, "http://[::1]:9/x": true,
		"http://hooks.example.com/a": false, "http://127.0.0.1.example.com/": false, "http://10.0.0.1/": false, "http://0.0.0.0/": false,
		"https://user:pass@hooks.example.com/": false, "https://hooks.example.com/#x": false, "https:///x": false, "ftp://127.0.0.1/": false,
		"hooks.example.com": false, "": false, "https://hooks.example.com/" + strings.Repeat("x", hook.MaxTarget): false,
	} {
		_, err := r.Subscribe(t.Context(), org, hook.Wish{Event: hook.NewFeedback, Target: target})
		if good != (err == nil) || err != nil && apierr.KindOf(err) != apierr.Invalid {
			t.Errorf("%.60s: %v", target, err)
		}
	}
	if _, err := r.Subscribe(t.Context(), org, hook.Wish{Event: "new_moon", Target: "https://hooks.example.com"}); apierr.KindOf(err) != apierr.Invalid {
		t.Errorf("an unknown event: %v", err)
	}
}

func TestAWishIsOneSubscriptionHoweverOftenItIsMade(t *testing.T) {
	r, org := registry(t), id.ID{1}
	wish := hook.Wish{Event: hook.NewFeedback, Target: "https://hooks.example.com/A"}
	var mu sync.Mutex
	made := map[id.ID]bool{}
	var racing sync.WaitGroup
	for range 8 {
		racing.Go(func() {
			s, err := r.Subscribe(t.Context(), org, wish)
			mu.Lock()
			defer mu.Unlock()
			if made[s.ID] = true; err != nil {
				t.Error(err)
			}
		})
	}
	racing.Wait()
	if len(made) != 1 {
		t.Errorf("one wish made %d subscriptions", len(made))
	}
	other, err := r.Subscribe(t.Context(), org, hook.Wish{Event: wish.Event, Target: "https://hooks.example.com/a"})
	if err != nil || made[other.ID] {
		t.Errorf("another address, by its case: %+v %v", other, err)
	}
	if err := r.Unsubscribe(t.Context(), org, other.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Find(t.Context(), org, wish.Event, other.Value.Target); apierr.KindOf(err) != apierr.NotFound {
		t.Errorf("unsubscribed, and found: %v", err)
	}
	for n := range hook.Max - 1 {
		if _, err := r.Subscribe(t.Context(), org, hook.Wish{Event: hook.NewVote, Target: fmt.Sprint("https://hooks.example.com/", n)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Subscribe(t.Context(), org, hook.Wish{Event: hook.NewVote, Target: "https://hooks.example.com/more"}); apierr.Of(err).Code != apierr.CodeLimitReached {
		t.Errorf("one too many: %v", err)
	}
	if _, err := r.Subscribe(t.Context(), org, wish); err != nil {
		t.Errorf("an old wish of a full Org: %v", err)
	}
}
