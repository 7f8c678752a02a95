// Package front joins the services of a split Heard behind one address, for development and proofs.
package front

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/dialect"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	// idle is below the services' own 60 s, so that no request is sent on a connection they are about to close.
	idle = 30 * time.Second
	// dialTimeout is ample on one machine.
	dialTimeout = 2 * time.Second
	// readyWithin bounds how long all services together may take to say that they are ready; each of them takes 2 s at most.
	readyWithin = 3 * time.Second
)

// Front sends each request to the service that serves its route, by the services' own tables, and gives the answer as it
// is. It adds its client's address to X-Forwarded-For and believes what stands there already: keep it off the Internet.
type Front struct {
	upstreams map[string]*url.URL
	routes    []route
	transport *http.Transport
	proxies   map[string]*httputil.ReverseProxy
	ids       *id.Source
}

// New makes a Front before services that listen at these URLs, by name. Faults of the services are written to errs.
func New(upstreams map[string]string, errs io.Writer) (*Front, error) {
	f := &Front{
		upstreams: map[string]*url.URL{}, routes: table(), transport: newTransport(), proxies: map[string]*httputil.ReverseProxy{},
		ids: id.NewSource(time.Now, rand.Reader),
	}
	logger := log.New(errs, "front: ", log.LstdFlags|log.LUTC)
	for _, name := range Services() {
		upstream, err := url.Parse(upstreams[name])
		if err != nil || upstream.Host == "" {
			return nil, fmt.Errorf("front: %q is not where %s listens", upstreams[name], name)
		}
		f.upstreams[name] = upstream
		f.proxies[name] = &httputil.ReverseProxy{
			Transport: f.transport, ErrorLog: logger,
			Rewrite:        func(r *httputil.ProxyRequest) { rewrite(r, upstream) },
			ModifyResponse: f.keepFaithful,
			ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
				f.away(w, r, fmt.Errorf("%s: %w", name, err), logger)
			},
		}
	}
	return f, nil
}

// Close lets go of idle connections.
func (f *Front) Close() { f.transport.CloseIdleConnections() }

func newTransport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
	transport.DisableCompression = true
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 256
	transport.IdleConnTimeout = idle
	transport.ExpectContinueTimeout = time.Minute // longer than any service waits before it reads or refuses
	return transport
}

func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/healthz":
		f.health(w, http.StatusOK, "ok")
	case "/readyz":
		if err := f.ready(r.Context()); err != nil {
			f.health(w, http.StatusServiceUnavailable, "unavailable")
			return
		}
		f.health(w, http.StatusOK, "ok")
	default:
		service, _ := owner(f.routes, r)
		f.proxies[service].ServeHTTP(final{w}, r)
	}
}

// rewrite sends the request on as it came. With a body it waits for the service to want it: one that refuses by the
// headers alone is heard although the client goes on sending.
func rewrite(r *httputil.ProxyRequest, upstream *url.URL) {
	r.SetURL(upstream)
	r.Out.URL.RawQuery = r.In.URL.RawQuery
	r.Out.Host = r.In.Host
	r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
	r.SetXForwarded()
	if r.In.ContentLength != 0 {
		r.Out.Header.Set("Expect", "100-continue")
	}
}

// keepFaithful restores what is about connections, or about more than one service.
func (f *Front) keepFaithful(answer *http.Response) error {
	if answer.StatusCode == http.StatusRequestEntityTooLarge && answer.Close {
		answer.Header.Set("Connection", "close")
	}
	if answer.Header.Get("Allow") != "" {
		_, methods := owner(f.routes, answer.Request)
		if answer.Request.Method == http.MethodOptions {
			methods = append(methods, http.MethodOptions)
		}
		answer.Header.Set("Allow", strings.Join(methods, ", "))
	}
	return nil
}

// away answers for a service that cannot. A client that went away itself, or whose connection we cut, hears nothing.
func (f *Front) away(w http.ResponseWriter, r *http.Request, err error, logger *log.Logger) {
	if r.Context().Err() != nil {
		panic(http.ErrAbortHandler)
	}
	name := f.ids.New().String()
	logger.Printf("request %s: %v", name, err)
	refusal := userz.Dialect{}.Refuse(dialect.Refusal{Err: apierr.Of(apierr.Away(err)), RequestID: name, Now: time.Now()})
	header := w.Header()
	for field, values := range refusal.Header {
		header[field] = values
	}
	header.Set("X-Request-Id", name)
	w.WriteHeader(refusal.Status)
	w.Write(refusal.Body) //nolint:errcheck // the client is gone; there is nobody to tell
}

// ready asks all services at once.
func (f *Front) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	faults := make(chan error, len(f.upstreams))
	for name, upstream := range f.upstreams {
		go func() { faults <- f.readyAt(ctx, name, upstream.JoinPath("readyz").String()) }()
	}
	var all error
	for range f.upstreams {
		all = errors.Join(all, <-faults)
	}
	return all
}

func (f *Front) readyAt(ctx context.Context, name, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := f.transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer response.Body.Close() //nolint:errcheck // only the status counts
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s is not ready: %s", name, response.Status)
	}
	return nil
}

func (f *Front) health(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", dialect.JSON)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Request-Id", f.ids.New().String())
	w.WriteHeader(status)
	fmt.Fprintf(w, "{\"status\":%q}\n", text) //nolint:errcheck // the prober is gone; there is nobody to tell
}

// final writes the answer itself. It keeps the services' own 100 Continue from clients, who may not have asked for one;
// net/http sends theirs when their body is first read.
type final struct{ http.ResponseWriter }

func (w final) WriteHeader(status int) {
	if status == http.StatusContinue {
		return
	}
	if w.Header().Get("Connection") == "close" {
		httpkit.Linger(w)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w final) Unwrap() http.ResponseWriter { return w.ResponseWriter }
