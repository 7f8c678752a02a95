package subject

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os/signal"
	"syscall"

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
	go func() {
		io.Copy(io.Discard, in)                         //nolint:errcheck // whatever ends it, our parent is gone
		syscall.Kill(syscall.Getpid(), syscall.SIGTERM) //nolint:errcheck // nobody forbids that
	}()
	control, err := listenControl()
	if err != nil {
		return err
	}
	ready := func(address net.Addr, doors Doors) {
		doors.Address, doors.Control = address.String(), control.Addr().String()
		json.NewEncoder(out).Encode(doors) //nolint:errcheck // our parent is gone
	}
	if spec.Kind == Heard {
		serveHeard(spec, ready)
		return nil
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	if spec.Kind == Bare {
		list, err := samplePage(platform.New("", platform.Parts{}).IDs, id.Zero, id.Zero)
		if err != nil {
			return err
		}
		return serveBare(ctx, bareHandler(list), func(address net.Addr) { ready(address, Doors{}) })
	}
	p, err := open(ctx, spec, &run.Env{Telemetry: telemetry.Discard()})
	if err != nil {
		return err
	}
	org, doors, err := settle(ctx, p, spec.Items)
	if err != nil {
		return err
	}
	app, err := id.Parse(doors.App)
	if err != nil {
		return err
	}
	err = serveBare(ctx, floorHandler(p.Store, p.IDs, org.ID, app), func(address net.Addr) { ready(address, doors) })
	return errors.Join(err, p.Close(context.WithoutCancel(ctx)))
}

// serveHeard lives as the product does, until a signal ends it.
func serveHeard(spec Spec, ready func(net.Addr, Doors)) {
	run.Main("heard", func(ctx context.Context, _ run.Config, env *run.Env) (run.App, error) {
		p, err := open(ctx, spec, env)
		if err != nil {
			return run.App{}, err
		}
		org, doors, err := settle(ctx, p, spec.Items)
		if err != nil {
			return run.App{}, errors.Join(err, p.Close(ctx))
		}
		app := p.App(env, services(p, env, spec.Engine)...)
		app.Handler = withBoards(app.Handler, p.Store, org.ID)
		app.Ready = func(address net.Addr) { ready(address, doors) }
		return app, nil
	}, "HEARD_ADDR=127.0.0.1:0", "HEARD_LOG_LEVEL=warn")
}

// services are all of them where files are kept, and the two that are measured where they are not.
func services(p *platform.Platform, env *run.Env, engine Engine) []platform.Service {
	if engine == SQLite {
		return heard.Services(p, env.Telemetry.Logger)
	}
	return []platform.Service{
		ingest.New(ingest.Deps{Store: p.Store, Gate: p.Gate, People: p.People, Met: p.Met, IDs: p.IDs, Now: p.Now, Writes: 4}),
		read.New(read.Deps{Store: p.Store, People: p.People, Ledger: p.Ledger, Now: p.Now}),
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
