package stack

import (
	"context"
	"errors"
	"slices"
)

// Options say where Heard's programs are and where it lives.
type Options struct {
	Bin string // the folder that Build filled
	Dir string // the data folder: keys, demo.json and logs; a fresh one, removed by Close, when empty
	// Addr is where clients connect, host:port; a free loopback port when empty.
	Addr string
	// Env are further NAME=value pairs for every process. No HEARD_ variable of this process reaches them otherwise.
	Env []string
	// Servers are those of a split Heard.
	Servers Servers
	// ServiceEnv are further pairs for single services of a split Heard, by name.
	ServiceEnv map[string][]string
	// Replicas are how many processes of a service there are, by name; one of each that is not named. The front knows the
	// first alone.
	Replicas map[string]int
}

// Demo is demo.json: the demo tenant, and how to reach it.
type Demo struct {
	BaseURL string `json:"baseUrl"`
	Org     struct {
		ID   string `json:"id"`
		Slug string `json:"slug"`
		Name string `json:"name"`
	} `json:"org"`
	Admin struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	} `json:"admin"`
	Apps []struct {
		ID               string `json:"id"`
		Slug             string `json:"slug"`
		PublicKey        string `json:"publicKey"`
		SigningSecret    string `json:"signingSecret"`
		PublicSubmission bool   `json:"publicSubmissionEnabled"`
	} `json:"apps"`
	Keys map[string]string `json:"keys"`
}

// trusting lets the processes believe where clients say they come from: only this machine can reach them.
const trusting = "HEARD_TRUSTED_PROXIES=127.0.0.1/32"

// AllInOne is all of Heard in one process.
type AllInOne struct {
	*Process
	Demo Demo
	Dir  string
	home home
}

// StartAllInOne starts the all-in-one and waits until it is ready and has its demo tenant.
func StartAllInOne(ctx context.Context, o Options) (*AllInOne, error) {
	h, err := newHome(o)
	if err != nil {
		return nil, err
	}
	address := o.Addr
	if address == "" {
		address = h.ports.take()
	}
	h.env = slices.Concat(h.env, []string{trusting}, o.Env)
	a := &AllInOne{Process: h.process(AllInOneProgram, address, h.env, "serve"), Dir: h.dir, home: h}
	if err := a.Start(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// Start starts the process and waits until it is ready and has its demo tenant.
func (a *AllInOne) Start(ctx context.Context) error {
	err := a.Process.Start(ctx)
	if err == nil {
		a.Demo, err = a.home.awaitDemo(ctx, a.URL)
	}
	return err
}

// Restart is Start again, after Kill or Stop.
func (a *AllInOne) Restart(ctx context.Context) error { return a.Start(ctx) }

// Heard runs the operator's command line on this installation and gives what it printed.
func (a *AllInOne) Heard(ctx context.Context, args ...string) ([]byte, error) {
	return a.home.heard(ctx, args...)
}

// Close stops the process; a folder that was made for it is removed.
func (a *AllInOne) Close() error { return errors.Join(a.Stop(), a.home.leave()) }
