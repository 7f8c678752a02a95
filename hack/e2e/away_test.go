package e2e

import (
	"net/http"
	"strings"
	"testing"

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
