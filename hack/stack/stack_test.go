package stack_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/heard-dev/heard/hack/stack"
)

func TestTheAllInOneLivesDiesAndComesBackWhereItWas(t *testing.T) {
	root, err := stack.Root()
	must(t, err)
	bin := filepath.Join(root, "bin", "split")
	must(t, stack.Build(t.Context(), bin, stack.AllInOneProgram))
	a, err := stack.StartAllInOne(t.Context(), stack.Options{Bin: bin})
	must(t, err)
	closed := false
	defer func() {
		if !closed {
			must(t, a.Close())
		}
	}()

	first, pid := a.Demo, a.PID()
	submit(t, a)
	must(t, a.Kill())
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there: %v", pid, err)
	}
	if _, err := http.Get(a.URL + "/healthz"); err == nil {
		t.Error("it was killed, and answers")
	}
	must(t, a.Restart(t.Context()))
	if a.PID() == pid || a.Demo.BaseURL != first.BaseURL || a.Demo.Keys["userz"] != first.Keys["userz"] {
		t.Errorf("it came back as another: %+v, was %+v", a.Demo, first)
	}
	submit(t, a)
	if err := a.Restart(t.Context()); err == nil {
		t.Error("it was started twice")
	}
	out, err := a.Heard(t.Context(), "org", "list", "--output", "json")
	if err != nil || !bytes.Contains(out, []byte(a.Demo.Org.ID)) {
		t.Errorf("its command line says %s, %v", out, err)
	}
	must(t, a.Stop())
	must(t, a.Kill()) // which finds nothing to do
	closed = true
	must(t, a.Close())
	if _, err := os.Stat(a.Dir); !os.IsNotExist(err) {
		t.Errorf("its folder is still there: %v", err)
	}
}

func submit(t *testing.T, a *stack.AllInOne) {
	t.Helper()
	request, err := http.NewRequest("POST", a.URL+"/v1/feedback", strings.NewReader(`{"text":"x"}`))
	must(t, err)
	request.Header.Set("Authorization", "Bearer "+a.Demo.Apps[0].PublicKey)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		t.Errorf("a submission is answered %s", response.Status)
	}
}

func TestAProcessThatCannotStartSaysWhy(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "heard"), []byte("#!/bin/sh\necho the reason >&2\nexit 1\n"), 0o700))
	_, err := stack.StartAllInOne(t.Context(), stack.Options{Bin: dir})
	if err == nil || !strings.Contains(err.Error(), "the reason") {
		t.Errorf("%v", err)
	}
}

func TestWhatIsMissingOfTheServersIsNamed(t *testing.T) {
	for _, name := range []string{"MONGO_URI", "REDIS_URL", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY"} {
		t.Setenv("X_"+name, "")
	}
	t.Setenv("X_REDIS_URL", "redis://localhost")
	_, missing := stack.ServersFromEnv("X_")
	if got := strings.Join(missing, " "); got != "X_MONGO_URI X_S3_ENDPOINT X_S3_ACCESS_KEY X_S3_SECRET_KEY" {
		t.Errorf("missing are %s", got)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
