package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/hack/stack"
)

func TestAServiceThatDiesTakesNoOtherWithIt(t *testing.T) {
	running := start(t, stack.Options{Servers: testServers(t)})
	say := func(text string) (int, string) {
		return ask(t, "POST", running.URL+"/v1/feedback", running.Demo.Apps[0].PublicKey, `{"text":"`+text+`"}`)
	}
	list := func() (int, string) { return ask(t, "GET", running.URL+"/v1/feedback", running.Demo.Keys["userz"], "") }

	must(t, running.Services["read"].Kill())
	if status, text := say("while nobody reads"); status != http.StatusCreated {
		t.Errorf("without its readers, Heard answers a submission %d %s", status, text)
	}
	if status, text := list(); status != http.StatusServiceUnavailable || !strings.Contains(text, `"code":"internal_error"`) {
		t.Errorf("without its readers, Heard answers a list %d %s", status, text)
	}
	must(t, running.Services["read"].Restart(t.Context()))
	if status, text := list(); status != http.StatusOK || !strings.Contains(text, "while nobody reads") {
		t.Errorf("with its readers back, Heard answers a list %d %s", status, text)
	}
}

// A Redis that cannot be reached stops nobody; whoever checks an installation hears of it.
func TestACheckTellsOfARedisThatIsAway(t *testing.T) {
	servers := testServers(t)
	toRedis := lay(t, servers.RedisURL)
	running := start(t, stack.Options{Servers: servers, ServiceEnv: map[string][]string{
		"read": {"HEARD_REDIS_URL=" + through(t, toRedis, servers.RedisURL)},
	}})
	readers := running.Services["read"].URL
	check := func() error {
		_, err := running.Heard(t.Context(), "check", "--url", running.URL, "--read-url", readers, "--app", running.Demo.Apps[0].Slug, "--token", running.Demo.Keys["userz"])
		return err
	}
	must(t, check())
	toRedis.Cut()
	if err := check(); err == nil || !strings.Contains(err.Error(), readers+" is degraded") {
		t.Errorf("without Redis: %v", err)
	}
	if status, text := ask(t, "GET", readers+"/readyz", "", ""); status != http.StatusOK {
		t.Errorf("without Redis a gateway would send nobody there: %d %s", status, text)
	}
	toRedis.Mend()
	for deadline := time.Now().Add(10 * time.Second); check() != nil; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("with Redis back: %v", check())
		}
	}
}

// Without S3 a submission that cites a file which nobody has looked at yet is to be tried again; nothing else waits for it.
func TestWithoutS3OnlyWhatCitesANewFileIsRefused(t *testing.T) {
	servers := testServers(t)
	toS3 := lay(t, servers.S3Endpoint)
	running := start(t, stack.Options{Servers: servers, Env: []string{"HEARD_S3_ENDPOINT=" + through(t, toS3, servers.S3Endpoint)}})
	app := running.Demo.Apps[0].PublicKey
	url, submission := reserve(t, running)
	put(t, http.DefaultClient, url)

	toS3.Cut()
	status, header, text, err := send("POST", running.URL+"/v1/feedback", app, submission)
	if must(t, err); status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
		t.Errorf("a new file is answered %d, Retry-After %q: %s", status, header.Get("Retry-After"), text)
	}
	if status, text := ask(t, "POST", running.URL+"/v1/feedback", app, `{"text":"without a file"}`); status != http.StatusCreated {
		t.Errorf("a submission without a file is answered %d %s", status, text)
	}
	if status, text := ask(t, "GET", running.URL+"/v1/feedback", running.Demo.Keys["userz"], ""); status != http.StatusOK {
		t.Errorf("a list is answered %d %s", status, text)
	}
	reserve(t, running) // no more is asked of S3 than its signature

	toS3.Mend()
	if status, text := ask(t, "POST", running.URL+"/v1/feedback", app, submission); status != http.StatusCreated {
		t.Errorf("with S3 back, the new file is answered %d %s", status, text)
	}
}
