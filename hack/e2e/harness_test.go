// Package e2e proves what only whole processes can: a split Heard, from its front to its servers.
package e2e

import (
	"path/filepath"
	"testing"

	"github.com/heard-dev/heard/hack/stack"
)

func testServers(t *testing.T) stack.Servers {
	t.Helper()
	servers, missing := stack.ServersFromEnv("HEARD_TEST_")
	if len(missing) > 0 {
		t.Skipf("needs servers: %v", missing)
	}
	return servers
}

// start starts a split Heard of the present code, for as long as the test lasts.
func start(t *testing.T, o stack.Options) *stack.Split {
	t.Helper()
	root, err := stack.Root()
	must(t, err)
	o.Bin = filepath.Join(root, "bin", "split")
	must(t, stack.Build(t.Context(), o.Bin))
	running, err := stack.StartSplit(t.Context(), o)
	must(t, err)
	t.Cleanup(func() { must(t, running.Close()) })
	return running
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
