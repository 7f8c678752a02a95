package e2e

import (
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/hack/stack"
)

// However hot a key is in one process, no request that begins after another process has answered its revocation gets in. With
// Redis away that process cannot promise it, and says so; the key is dead all the same.
func TestAKeyThatIsHotInOneProcessDiesByTheAnswerOfAnother(t *testing.T) {
	servers := testServers(t)
	toRedis := lay(t, servers.RedisURL)
	behind := []string{"HEARD_REDIS_URL=" + through(t, toRedis, servers.RedisURL)}
	running := start(t, stack.Options{
		Servers: servers, ServiceEnv: map[string][]string{"read": behind, "keys": behind},
		Env: []string{`HEARD_PLANS={"default": {"reads.key": {"limit": 100000000, "burst": 100000000}}}`}, // more than is asked for here
	})
	reader, keeper := running.Services["read"].URL, running.Services["keys"].URL

	login, err := json.Marshal(map[string]string{"org": running.Demo.Org.Slug, "email": running.Demo.Admin.Email, "password": running.Demo.Admin.Password})
	must(t, err)
	var admin struct{ AccessToken string }
	_, text := ask(t, "POST", running.URL+"/v1/sessions", "", string(login))
	must(t, json.Unmarshal([]byte(text), &admin))
	newKey := func() (key struct{ ID, Key string }) {
		status, text := ask(t, "POST", keeper+"/v1/keys", admin.AccessToken, `{"name":"hot"}`)
		if status != http.StatusCreated {
			t.Fatalf("a key: %d %s", status, text)
		}
		must(t, json.Unmarshal([]byte(text), &key))
		return key
	}
	revoke := func(id string) int {
		status, _ := ask(t, "DELETE", keeper+"/v1/keys/"+id, admin.AccessToken, "")
		return status
	}

	key, other := newKey(), newKey()
	heat(t, reader, key.Key, func() {
		if status := revoke(key.ID); status != http.StatusOK {
			t.Errorf("revoked: %d", status)
		}
	})
	if status, text := ask(t, "GET", reader+"/v1/feedback", other.Key, ""); status != http.StatusOK {
		t.Errorf("another key is answered %d %s", status, text)
	}
	toRedis.Cut()
	heat(t, reader, other.Key, func() {
		if status := revoke(other.ID); status != http.StatusServiceUnavailable {
			t.Errorf("revoked without Redis: %d", status)
		}
	})
	toRedis.Mend()
	for deadline := time.Now().Add(10 * time.Second); revoke(other.ID) != http.StatusOK; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("with Redis back, a key cannot be revoked")
		}
	}
	if status, _ := list(t, reader, other.Key); status != http.StatusUnauthorized {
		t.Errorf("with Redis back, a request is answered %d", status)
	}
}

// heat has many clients list with a key without a pause. Once it is hot they hear of its revocation, after which no request of
// theirs may be admitted.
func heat(t *testing.T, base, key string, revoke func()) {
	t.Helper()
	const clients, hot, late = 8, 200, 20
	var revoked atomic.Bool
	var admitted atomic.Int64
	var crowd sync.WaitGroup
	for range clients {
		crowd.Go(func() {
			for after := 0; after < late; {
				begins := revoked.Load()
				switch status, _ := list(t, base, key); {
				case begins && status != http.StatusUnauthorized:
					t.Errorf("after the revocation a request is answered %d", status)
					return
				case begins:
					after++
				case status == http.StatusOK:
					admitted.Add(1)
				case status != http.StatusUnauthorized:
					t.Errorf("before the revocation a request is answered %d", status)
					return
				}
			}
		})
	}
	for deadline := time.Now().Add(30 * time.Second); admitted.Load() < hot && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	revoke()
	revoked.Store(true)
	crowd.Wait()
	if admitted.Load() < hot {
		t.Errorf("only %d requests were admitted before", admitted.Load())
	}
}
