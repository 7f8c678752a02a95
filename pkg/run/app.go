package run

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/heard-dev/heard/pkg/telemetry"
)

// App is a service, opened and ready to run.
type App struct {
	Handler http.Handler

	// Loops work in the background until their context ends; Serve waits for them. One that returns an error, or panics,
	// stops the process; one that returns nil is simply done.
	Loops []func(context.Context) error

	// Ready is told the address once requests are answered there. Optional; it must not block.
	Ready func(net.Addr)

	// Close is called last, when no request and no loop is left. It closes stores, the last opened first. Optional.
	Close func(context.Context) error
}

// Env is what a process gives to the App that lives in it.
type Env struct {
	Telemetry *telemetry.Telemetry
	draining  atomic.Bool
}

// Draining turns true, for good, when the process was told to stop: time for /readyz to say so.
func (e *Env) Draining() bool { return e.draining.Load() }

func (a App) ready(addr net.Addr) {
	if a.Ready != nil {
		a.Ready(addr)
	}
}

func (a App) close(ctx context.Context) error {
	if a.Close == nil {
		return nil
	}
	if err := a.Close(ctx); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}
