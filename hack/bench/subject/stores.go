package subject

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"path/filepath"
	"time"

	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/platform/networked"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/diskstore"
	"github.com/heard-dev/heard/pkg/store/memgate"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

// open opens the stores as the product's own shapes do: the all-in-one's folder, or a service's servers.
func open(ctx context.Context, spec Spec, env *run.Env) (*platform.Platform, error) {
	keyset, err := secret.NewKeysetJSON()
	if err != nil {
		return nil, err
	}
	keys := platform.Keys{
		Keyset: keyset, HashKey: secret.String(hex.EncodeToString(random(32))), SessionKeys: secret.String(hex.EncodeToString(random(32))),
	}
	if spec.Engine == Mongo {
		return networked.Open(ctx, "bench", networked.Config{Stores: networked.Stores{
			MongoURI: secret.String(spec.MongoURI), MongoDatabase: spec.Database,
			RedisURL: secret.String(spec.RedisURL), RedisPrefix: spec.Prefix, Keys: keys,
		}}, env)
	}
	opened, err := keys.Open()
	if err != nil {
		return nil, err
	}
	files, err := diskstore.Open(diskstore.Options{
		Dir: filepath.Join(spec.Dir, "files"), SigningKey: random(diskstore.KeySize), Now: time.Now,
		BaseURL: func() string { return "http://127.0.0.1/files" }, Logger: env.Telemetry.Logger,
		Incidents: func(incident.Incident) {},
	})
	if err != nil {
		return nil, err
	}
	store, err := sqlitestore.Open(ctx, sqlitestore.Options{Path: filepath.Join(spec.Dir, "heard.db")})
	if err != nil {
		return nil, err
	}
	return platform.New("heard", platform.Parts{
		Store: store, Gate: memgate.New(memgate.Options{Now: time.Now}), Blobs: files, Opened: opened,
		Closers: []func(context.Context) error{
			func(context.Context) error { return files.Close() },
			func(context.Context) error { return store.Close() },
		},
	}), nil
}

func random(n int) []byte {
	bytes := make([]byte, n)
	rand.Read(bytes) //nolint:errcheck // it never fails
	return bytes
}
