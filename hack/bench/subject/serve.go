package subject

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
	"github.com/heard-dev/heard/services/heard"
	"github.com/heard-dev/heard/services/ingest"
	"github.com/heard-dev/heard/services/read"
)

// Serve is the life of one of these processes: it writes its Doors to out as a line of JSON, and ends when in does.
func Serve(ctx context.Context, spec Spec, in io.Reader, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer stop()
		io.Copy(io.Discard, in) //nolint:errcheck // whatever ends it, our parent is gone
	}()
	control, err := listenControl()
	if err != nil {
		return err
	}
	ready := func(address net.Addr, doors Doors) {
		doors.Address, doors.Control = address.String(), control.Addr().String()
		json.NewEncoder(out).Encode(doors) //nolint:errcheck // our parent is gone
	}
	observed, err := telemetry.New(ctx, telemetry.Options{
		Config: telemetry.Config{LogLevel: slog.LevelWarn}, Service: string(spec.Kind), Log: os.Stderr,
	})
	if err != nil {
		return err
	}
	env := &run.Env{Telemetry: observed}
	cfg, err := config.Load[run.Config]([]string{"HEARD_ADDR=127.0.0.1:0"})
	if err != nil {
		return err
	}
	if spec.Kind == Bare {
		list, err := samplePage(platform.New("", platform.Parts{}).IDs, id.Zero, id.Zero)
		if err != nil {
			return err
		}
		return serveBare(ctx, bareHandler(list), func(address net.Addr) { ready(address, Doors{}) })
	}
	p, err := open(ctx, spec, env)
	if err != nil {
		return err
	}
	org, doors, err := settle(ctx, p, spec.Items)
	if err != nil {
		return err
	}
	if spec.Kind == Floor {
		app, err := id.Parse(doors.App)
		if err != nil {
			return err
		}
		return serveBare(ctx, floorHandler(p.Store, p.IDs, org.ID, app), func(address net.Addr) { ready(address, doors) })
	}
	app := p.App(env, services(p, env, spec.Engine)...)
	app.Ready = func(address net.Addr) { ready(address, doors) }
	return run.Serve(ctx, cfg, app, env)
}

// services are all of them where files are kept, and the two that are measured where they are not.
func services(p *platform.Platform, env *run.Env, engine Engine) []platform.Service {
	if engine == SQLite {
		return heard.Services(p, env.Telemetry.Logger)
	}
	return []platform.Service{
		ingest.New(ingest.Deps{Store: p.Store, IDs: p.IDs, Now: p.Now}),
		read.New(read.Deps{Store: p.Store, Now: p.Now}),
	}
}

// serveBare serves as net/http does when nobody asks for more.
func serveBare(ctx context.Context, handler http.Handler, ready func(net.Addr)) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	ready(listener.Addr())
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}
