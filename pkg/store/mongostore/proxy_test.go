package mongostore_test

import (
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands before the server. Cut, it breaks its connections and refuses new ones; silent, it swallows what is said.
type proxy struct {
	uri      string
	listener net.Listener
	target   string
	ask      func(client io.ReadWriter, server io.Writer) // passes on what clients say
	silent   atomic.Bool
	serving  sync.WaitGroup

	mu   sync.Mutex
	open []net.Conn
	gone bool
}

// newProxy stands before the server at uri, or before its first member. A nil ask passes everything on.
func newProxy(t *testing.T, uri string, ask func(client io.ReadWriter, server io.Writer)) *proxy {
	t.Helper()
	target, err := url.Parse(uri)
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &proxy{listener: listener, ask: ask}
	if ask == nil {
		p.ask = p.pass
	}
	p.target, _, _ = strings.Cut(target.Host, ",")
	target.Host, target.Path = listener.Addr().String(), "/"
	// A replica set would tell the driver a way around the proxy.
	p.uri = with(t, target.String(), "replicaSet", "", "directConnection", "true", "serverSelectionTimeoutMS", "500")
	p.serving.Go(p.serve)
	t.Cleanup(p.cut)
	return p
}

// with is the URI with other options: names and values by turns, an empty value for none.
func with(t *testing.T, uri string, options ...string) string {
	t.Helper()
	target, err := url.Parse(uri)
	must(t, err)
	query := target.Query()
	for option := range slices.Chunk(options, 2) {
		query.Del(option[0])
		if option[1] != "" {
			query.Set(option[0], option[1])
		}
	}
	target.Path, target.RawQuery = "/", query.Encode()
	return target.String()
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		if !p.keep(client, server) {
			client.Close()
			server.Close()
			continue
		}
		for _, pump := range []func(){func() { p.ask(client, server) }, func() { p.pass(server, client) }} {
			p.serving.Go(func() {
				defer server.Close()
				defer client.Close()
				pump()
			})
		}
	}
}

// keep remembers connections for the cut, unless it was made already.
func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone {
		p.open = append(p.open, conns...)
	}
	return !p.gone
}

func (p *proxy) cut() {
	p.listener.Close()
	p.mu.Lock()
	p.gone = true
	for _, conn := range p.open {
		conn.Close()
	}
	p.mu.Unlock()
	p.serving.Wait()
}

func (p *proxy) pass(from io.ReadWriter, to io.Writer) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if p.silent.Load() {
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
