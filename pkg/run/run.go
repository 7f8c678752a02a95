// Package run is the life of a process: it starts, serves, drains and ends with a code that tells how it went.
package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/telemetry"
)

// Configured is a configuration that embeds Config.
type Configured interface{ Process() Config }

// Open dials what a service needs and gives the service. Its ctx ends when the process is told to stop: it is for
// dialling, not for keeping. When it fails it has closed what it opened.
type Open[C Configured] func(ctx context.Context, cfg C, env *Env) (App, error)

// Main is the main function of a service. It fills C from the environment, below which defaults (NAME=value) count, and
// runs what open gives until SIGTERM or an interrupt asks it to stop. It returns after a clean end; after any other it
// says why on standard error and exits with code 1. A second signal, over half a second later, ends the process at once.
func Main[C Configured](name string, open Open[C], defaults ...string) {
	spendMemory()
	if err := liveUntilToldToStop(name, open, append(defaults, os.Environ()...)); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func liveUntilToldToStop[C Configured](name string, open Open[C], environ []string) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- live(ctx, name, open, environ) }()
	select {
	case err := <-ended:
		return err
	case <-signals:
		stop()
	}
	// Whoever stops a whole process group, as timeout and terminals do, may reach this process twice within one request.
	told := time.Now()
	for {
		select {
		case err := <-ended:
			return err
		case <-signals:
			if time.Since(told) > oneRequest {
				return errors.New("told twice to stop: requests may be unanswered")
			}
		}
	}
}

// oneRequest is how close two signals lie that are one request to stop.
const oneRequest = 500 * time.Millisecond

func live[C Configured](ctx context.Context, name string, open Open[C], environ []string) (err error) {
	cfg, err := config.Load[C](environ)
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("name this process: %w", err)
	}
	observed, err := telemetry.New(ctx, telemetry.Options{
		Config:   cfg.Process().Telemetry,
		Service:  name,
		Version:  version(),
		Instance: fmt.Sprintf("%s-%d", host, os.Getpid()),
		Log:      os.Stderr,
	})
	if err != nil {
		return err
	}
	defer func() {
		flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushDeadline)
		defer cancel()
		if lost := observed.Shutdown(flush); lost != nil {
			observed.Logger.WarnContext(flush, "the last telemetry was lost", "error", lost)
		}
	}()
	observed.Logger.LogAttrs(ctx, slog.LevelInfo, "configured", config.Masked(cfg)...)

	env := &Env{Telemetry: observed}
	app, err := open(ctx, cfg, env)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil // told to stop while it was starting
	}
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	return Serve(ctx, cfg.Process(), app, env)
}

// release is what an image is told to call itself when it is linked.
var release string

// version is the release's, or the module's, as the Go toolchain stamps it from the tag or the commit.
func version() string {
	if release != "" {
		return release
	}
	if build, ok := debug.ReadBuildInfo(); ok {
		return build.Main.Version
	}
	return "unknown"
}
