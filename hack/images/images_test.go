package images

import (
	"os"
	"path/filepath"
	"testing"
)

// The same program makes the same image, one that a pod which must not be root may run.
func TestAnImageIsTheSameBytesForTheSameProgram(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "ingest")
	if err := os.WriteFile(binary, []byte("a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := assemble("ingest", "amd64", binary)
	if err != nil {
		t.Fatal(err)
	}
	second, err := assemble("ingest", "amd64", binary)
	if err != nil {
		t.Fatal(err)
	}
	a, errA := first.Digest()
	b, errB := second.Digest()
	if errA != nil || errB != nil || a != b {
		t.Errorf("%s and %s: %v %v", a, b, errA, errB)
	}
	config, err := first.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "65532:65532" || len(config.Config.Entrypoint) != 1 || config.Config.Entrypoint[0] != "/ingest" || !config.Created.IsZero() {
		t.Errorf("made %s as %s to run %v", config.Created, config.Config.User, config.Config.Entrypoint)
	}
	if n := len(roots()); n < 100_000 {
		t.Errorf("the authorities are %d bytes", n)
	}
}
