package run

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

const (
	// linger is how long a connection may stay silent while the process drains. It is above a round trip and a client's
	// pause between two requests, so that a request on its way meets a server and learns that it was the last.
	linger = 500 * time.Millisecond

	// glance is how often a drain looks whether anybody is left.
	glance = 5 * time.Millisecond

	// When something hangs, this is how long each of the steps after a drain may hold up the end of the process.
	handlerDeadline = 5 * time.Second // handlers that were cut off still use the stores
	loopDeadline    = 5 * time.Second
	closeDeadline   = 5 * time.Second
	flushDeadline   = 5 * time.Second
)

// Serve runs the App at cfg.Addr (port 0 picks one, see App.Ready) until ctx ends, a loop fails or the listener does. Then
// it drains: Env.Draining turns true, DrainDelay passes, new connections are refused, requests in flight are answered
// within DrainTimeout, loops are stopped and awaited. The App is closed last, and whatever happens.
//
// It returns nil when ctx ended, every accepted request was answered, and loops and App closed without an error.
func Serve(ctx context.Context, cfg Config, app App, env *Env) (err error) {
	// What is under way must not end when the process is merely told to stop.
	outlive := context.WithoutCancel(ctx)
	defer func() {
		closing, cancel := context.WithTimeout(outlive, closeDeadline)
		defer cancel()
		err = errors.Join(err, app.close(closing))
	}()

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	requests, cutRequests := context.WithCancel(outlive)
	defer cutRequests()
	s := startServer(requests, listener, cfg, app.Handler, env)
	work := startLoops(outlive, app.Loops)
	env.Telemetry.Logger.InfoContext(ctx, "serving", "addr", listener.Addr().String())
	app.ready(listener.Addr())

	select {
	case <-ctx.Done():
	case <-work.failed:
	case <-s.stopped:
	}
	env.Telemetry.Logger.InfoContext(outlive, "draining")
	drained := s.drain(cfg, env, cutRequests)
	stopping, cancel := context.WithTimeout(outlive, loopDeadline)
	defer cancel()
	return errors.Join(drained, work.stop(stopping))
}

// server is the HTTP server while it runs.
type server struct {
	http     *http.Server
	listener net.Listener
	open     *connections
	stopped  chan struct{} // closed when no more connections are accepted; err tells why
	err      error
}

func startServer(requests context.Context, listener net.Listener, cfg Config, handler http.Handler, env *Env) *server {
	s := &server{listener: listener, open: newConnections(cfg.MaxConnections), stopped: make(chan struct{})}
	s.http = newHTTPServer(requests, cfg, handler, env)
	s.http.ConnState = s.open.track
	go func() {
		defer close(s.stopped)
		s.err = s.http.Serve(guarded{listener, s.open})
	}()
	return s
}

// drain does what http.Server.Shutdown does not: it closes no connection between two requests of a busy client, and it
// drops no request that arrived while it was called.
func (s *server) drain(cfg Config, env *Env, cutRequests context.CancelFunc) error {
	env.draining.Store(true)
	began := time.Now()
	time.Sleep(cfg.DrainDelay)

	_ = s.listener.Close() // it had failed before if this does, and err says how
	<-s.stopped            // now whatever was accepted is counted
	var fault error
	if !errors.Is(s.err, net.ErrClosed) {
		fault = fmt.Errorf("accept: %w", s.err)
	}
	if s.emptied(cfg.DrainTimeout, began) {
		return fault
	}
	unanswered := s.open.answering()
	cutRequests()
	_ = s.http.Close()
	s.emptied(handlerDeadline, began)
	if unanswered > 0 {
		fault = errors.Join(fault, fmt.Errorf("drain: %d requests were cut off, unanswered after %s", unanswered, cfg.DrainTimeout))
	}
	return fault
}

// emptied waits until every connection is closed, be it after its last answer or for lingering in silence.
func (s *server) emptied(within time.Duration, began time.Time) bool {
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(glance) {
		if s.open.cutSilent(began) == 0 {
			return true
		}
	}
	return false
}
