package images

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// made is the image of a program that stands on base.
func made(t *testing.T, base string) v1.Image {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "ingest")
	ground, errGround := ground(t.Context(), base, "amd64")
	if err := errors.Join(errGround, os.WriteFile(binary, []byte("a program"), 0o600)); err != nil {
		t.Fatal(err)
	}
	image, err := assemble(ground, "ingest", "amd64", binary)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// The same program makes the same image, one that a pod which must not be root may run.
func TestAnImageIsTheSameBytesForTheSameProgram(t *testing.T) {
	first := made(t, "")
	a, errA := first.Digest()
	b, errB := made(t, "").Digest()
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

// For development a program can stand on an image that has a shell, of which nothing is lost.
func TestAnImageOnAnotherKeepsWhatIsThere(t *testing.T) {
	shell, errLayer := layerOf([]file{{"bin/", 0o755, nil}, {"bin/sh", 0o755, []byte("a shell")}})
	below, errAppend := mutate.AppendLayers(empty.Image, shell)
	below, errConfig := mutate.Config(below, v1.Config{Env: []string{"PATH=/bin"}, User: "root"})
	archive := filepath.Join(t.TempDir(), "base.tar")
	tag, errTag := name.NewTag("base:1")
	if err := errors.Join(errLayer, errAppend, errConfig, errTag, tarball.WriteToFile(archive, tag, below)); err != nil {
		t.Fatal(err)
	}
	image := made(t, archive)
	layers, errLayers := image.Layers()
	config, errFile := image.ConfigFile()
	if err := errors.Join(errLayers, errFile); err != nil {
		t.Fatal(err)
	}
	if len(layers) != 2 || !slices.Equal(config.Config.Env, []string{"PATH=/bin"}) || config.Config.User != User {
		t.Errorf("%d layers, run as %s with %v", len(layers), config.Config.User, config.Config.Env)
	}
}
