// Package heard is the all-in-one: every service in one process, on one port.
package heard

import (
	"log/slog"

	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/services/attachments"
	"github.com/heard-dev/heard/services/ingest"
	"github.com/heard-dev/heard/services/keys"
	"github.com/heard-dev/heard/services/read"
	"github.com/heard-dev/heard/services/token"
)

// Services are all services of Heard on one platform, the very code that a cluster runs apart.
func Services(p *platform.Platform, logger *slog.Logger) []platform.Service {
	return []platform.Service{
		ingest.New(ingest.Deps{Store: p.Store, Gate: p.Gate, Blobs: p.Blobs, People: p.People, Met: p.Met, IDs: p.IDs, Now: p.Now}),
		read.New(read.On(p, logger)),
		token.New(token.On(p)),
		keys.New(keys.On(p, logger)),
		attachments.New(attachments.Deps{Store: p.Store, Blobs: p.Blobs, Now: p.Now, Random: p.Random, Logger: logger}),
	}
}
