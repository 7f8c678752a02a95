package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/heard-dev/heard/hack/front"
	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
)

// Split is Heard as five processes on servers, behind a front that lives in this process.
type Split struct {
	URL      string // the front's
	Dir      string
	Demo     Demo
	Banner   string // what to tell a person
	Servers  Servers
	Services map[string]*Process // by name, and where there are Replicas as read, read-2, read-3…

	home     home
	entrance *entrance
	fresh    Servers // the names that were made for this Split, to be forgotten with it
}

// StartSplit starts the services, the front before them, and makes the demo tenant. What the options do not name of the
// servers (database, prefix, bucket) is made for this Split, and dropped by Close.
func StartSplit(ctx context.Context, o Options) (*Split, error) {
	h, err := newHome(o)
	if err != nil {
		return nil, err
	}
	s := &Split{Dir: h.dir, home: h, Services: map[string]*Process{}}
	s.Servers, s.fresh = o.Servers.named()
	if err := s.start(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Split) start(ctx context.Context, o Options) error {
	s.home.env = slices.Concat(s.home.env, s.Servers.environ(), []string{trusting}, o.Env)
	keys, err := s.home.keys()
	if err != nil {
		return err
	}
	s.home.env = append(s.home.env, keys...)
	upstreams := map[string]string{}
	group, ready := errgroup.WithContext(ctx)
	for _, name := range front.Services() {
		for n := range max(1, o.Replicas[name]) {
			p := s.home.process(name, s.home.ports.take(), slices.Concat(s.home.env, o.ServiceEnv[name]))
			if n == 0 {
				s.Services[name], upstreams[name] = p, p.URL
			} else {
				s.Services[fmt.Sprint(name, "-", n+1)] = p
			}
			group.Go(func() error { return p.Start(ready) })
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if s.entrance, err = open(upstreams, o.Addr, filepath.Join(s.Dir, "front.log")); err != nil {
		return err
	}
	s.URL = s.entrance.url
	banner, err := s.home.heard(ctx, "admin", "demo", "--base-url", s.URL)
	if err != nil {
		return err
	}
	s.Banner = string(banner)
	s.Demo, err = s.home.demo()
	return err
}

// Heard runs the operator's command line on this installation and gives what it printed.
func (s *Split) Heard(ctx context.Context, args ...string) ([]byte, error) {
	return s.home.heard(ctx, args...)
}

// Wait waits until ctx ends. A service, or the front, that ends before is an error.
func (s *Split) Wait(ctx context.Context) error {
	ended := make(chan error, len(s.Services))
	for _, p := range s.Services {
		go func() {
			select {
			case <-p.Ended():
				ended <- fmt.Errorf("stack: %s ended%s", p.Name, p.lastWords())
			case <-ctx.Done():
			}
		}()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-ended:
		return err
	case <-s.entrance.ended:
		return fmt.Errorf("stack: the front ended: %w", s.entrance.failed)
	}
}

// Close drains the front, then the services, and drops what was made for this Split alone.
func (s *Split) Close() error {
	err := s.entrance.close()
	var services errgroup.Group
	faults := make(chan error, len(s.Services))
	for _, p := range s.Services {
		services.Go(func() error {
			faults <- p.Stop()
			return nil
		})
	}
	services.Wait() //nolint:errcheck // faults has them all
	close(faults)
	for fault := range faults {
		err = errors.Join(err, fault)
	}
	return errors.Join(err, s.fresh.Drop(), s.home.leave())
}

// entrance is the front while it serves.
type entrance struct {
	url    string
	front  *front.Front
	log    *os.File
	cancel context.CancelFunc
	ended  chan struct{}
	failed error // read after ended
}

// patience is by how much the front waits longer for its clients and services than the services wait, so that it is they
// who tell a client that it is too slow.
const patience = 10 * time.Second

func open(upstreams map[string]string, address, log string) (*entrance, error) {
	cfg, err := config.Load[run.Config](nil)
	if err != nil {
		return nil, err
	}
	if cfg.Addr = address; address == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	cfg.ReadTimeout += patience
	cfg.WriteTimeout += 2 * patience
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	joined, err := front.New(upstreams, file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	e := &entrance{front: joined, log: file, cancel: cancel, ended: make(chan struct{})}
	serving := make(chan net.Addr, 1)
	app := run.App{Handler: joined, Ready: func(at net.Addr) { serving <- at }}
	go func() {
		e.failed = run.Serve(ctx, cfg, app, &run.Env{Telemetry: telemetry.Discard()})
		close(e.ended)
	}()
	select {
	case at := <-serving:
		e.url = "http://" + at.String()
		return e, nil
	case <-e.ended:
		return nil, e.close()
	}
}

func (e *entrance) close() error {
	if e == nil {
		return nil
	}
	e.cancel()
	<-e.ended
	e.front.Close()
	return errors.Join(e.failed, e.log.Close())
}
