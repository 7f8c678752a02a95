package images

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/pem"
	"io"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

const passwd = "root:x:0:0::/:/sbin/nologin\nheard:x:65532:65532::/tmp:/sbin/nologin\n"

// ground is the image that others stand on: an empty one, unless base is an archive or a name.
func ground(ctx context.Context, base, arch string) (v1.Image, error) {
	switch {
	case base == "":
		return mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), nil
	case strings.HasSuffix(base, ".tar"):
		return tarball.ImageFromPath(base, nil)
	}
	reference, err := name.ParseReference(base)
	if err != nil {
		return nil, err
	}
	return remote.Image(reference, remote.WithContext(ctx), remote.WithPlatform(v1.Platform{OS: "linux", Architecture: arch}))
}

// assemble puts a program onto the file system of base.
func assemble(base v1.Image, program, arch, binary string) (v1.Image, error) {
	code, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	layer, err := layerOf([]file{
		{"etc/", 0o755, nil},
		{"etc/passwd", 0o644, []byte(passwd)},
		{"etc/ssl/certs/ca-certificates.crt", 0o644, roots()},
		{"tmp/", 0o1777, nil},
		{program, 0o755, code},
	})
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(base, layer)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, withConfig(config.DeepCopy(), program, arch))
}

func withConfig(config *v1.ConfigFile, program, arch string) *v1.ConfigFile {
	config.OS, config.Architecture = "linux", arch
	config.Config = v1.Config{
		User: User, Entrypoint: []string{"/" + program}, WorkingDir: "/", Env: config.Config.Env,
		Labels: map[string]string{
			"org.opencontainers.image.title":    called(program),
			"org.opencontainers.image.licenses": "Apache-2.0",
			"org.opencontainers.image.source":   "https://github.com/heard-dev/heard",
		},
	}
	return config
}

// file is one of a layer; a folder's name ends in a slash.
type file struct {
	name string
	mode int64
	data []byte
}

func layerOf(files []file) (v1.Layer, error) {
	var packed bytes.Buffer
	writer := tar.NewWriter(&packed)
	for _, f := range files {
		if err := writer.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.data)), Format: tar.FormatUSTAR}); err != nil {
			return nil, err
		}
		if _, err := writer.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
}

// roots are the certificate authorities that Mozilla trusts, as the Go project publishes them.
func roots() []byte {
	var text bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil { // a file cannot say what some are limited to
			text.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return text.Bytes()
}
