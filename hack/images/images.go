// Package images makes the container images that users run, out of nothing but Go: a static binary, the roots that it
// trusts and a name for its user. The same commit and toolchain give the same bytes.
package images

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/heard-dev/heard/hack/front"
	"github.com/heard-dev/heard/hack/stack"
)

// Programs are what there is an image of: the services, and the command line that jobs run.
func Programs() []string { return append(front.Services(), stack.AllInOneProgram) }

// MaxBytes is what an image may weigh as it is pulled.
const MaxBytes = 25 << 20

// User is whom every program runs as; no file belongs to it.
const User = "65532:65532"

// Options say what to make. Images are called Registry/heard-SERVICE:Tag, such as ghcr.io/heard-dev/heard-ingest:1.0.0; that
// of the command line is Registry/heard:Tag.
type Options struct {
	Registry, Tag string
	Architectures []string // of GOARCH; several make an index each, which only a registry can hold
	Dir           string   // for binaries, archives and bills of materials
	Version       string   // what the programs say of themselves
	Base          string   // an image to stand on instead of nothing, by name or as an archive (….tar): for development, where a shell helps
}

// Image is one that was made.
type Image struct {
	Program, Name string
	Digest        string
	Bytes         int64    // compressed, as it is pulled
	Archive       string   // as `docker save` writes one
	Bills         []string // SPDX, by architecture

	platforms map[string]v1.Image
}

// Make builds the image of a program and writes its archive, of the first architecture, and its bills of materials.
func Make(ctx context.Context, o Options, program string) (Image, error) {
	made := Image{Program: program, Name: o.Registry + "/" + called(program) + ":" + o.Tag, platforms: map[string]v1.Image{}}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return made, err
	}
	for _, arch := range o.Architectures {
		binary := filepath.Join(o.Dir, arch, program)
		if err := compile(ctx, program, arch, binary, o.Version); err != nil {
			return made, err
		}
		base, err := ground(ctx, o.Base, arch)
		if err != nil {
			return made, err
		}
		image, err := assemble(base, program, arch, binary)
		if err != nil {
			return made, err
		}
		made.platforms[arch] = image
		digest, err := image.Digest()
		if err != nil {
			return made, err
		}
		bill := filepath.Join(o.Dir, program+"-"+arch+".spdx.json")
		if err := writeBill(bill, binary, made.Name, digest); err != nil {
			return made, err
		}
		made.Bills = append(made.Bills, bill)
	}
	return made, made.archive(o)
}

func called(program string) string {
	if program == stack.AllInOneProgram {
		return program
	}
	return "heard-" + program
}

func (i *Image) archive(o Options) error {
	first := i.platforms[o.Architectures[0]]
	digest, errDigest := first.Digest()
	size, errSize := weigh(first)
	tag, errName := name.NewTag(i.Name)
	if err := errors.Join(errDigest, errSize, errName); err != nil {
		return err
	}
	if i.Digest, i.Bytes = digest.String(), size; size > MaxBytes {
		return fmt.Errorf("images: %s weighs %d bytes, above %d", i.Program, size, MaxBytes)
	}
	i.Archive = filepath.Join(o.Dir, i.Program+".tar")
	return tarball.WriteToFile(i.Archive, tag, first)
}

func weigh(image v1.Image) (int64, error) {
	layers, err := image.Layers()
	if err != nil {
		return 0, err
	}
	total := int64(0)
	for _, layer := range layers {
		size, err := layer.Size()
		if err != nil {
			return 0, err
		}
		total += size
	}
	return total, nil
}

// Push sends the image to its registry, as an index where there are several architectures, with the credentials that
// docker login left.
func (i *Image) Push(ctx context.Context) error {
	tag, err := name.NewTag(i.Name)
	if err != nil {
		return err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for arch, image := range i.platforms {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	i.Digest = digest.String()
	return remote.WriteIndex(tag, index, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
}

func compile(ctx context.Context, program, arch, binary, version string) error {
	root, err := stack.Root()
	if err == nil {
		binary, err = filepath.Abs(binary)
	}
	if err != nil {
		return err
	}
	flags := "-s -w -buildid= -X github.com/heard-dev/heard/pkg/run.release=" + version
	build := exec.CommandContext(ctx, "go", "build", "-tags", "nomsgpack", "-trimpath", "-buildvcs=false", "-ldflags", flags,
		"-o", binary, "./services/"+program+"/cmd/"+program)
	build.Dir = root
	build.Env = append(os.Environ(), "GOWORK="+filepath.Join(root, "go.work"), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("images: build %s: %w\n%s", program, err, said)
	}
	return nil
}
