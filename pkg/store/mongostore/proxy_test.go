package mongostore_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// proxied gives a way to the server that can be cut for good: established connections break and new ones are refused.
func proxied(t *testing.T, uri string) (through string, cut func()) {
	t.Helper()
	target, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, target: target.Host}
	p.ended.Go(p.serve)
	t.Cleanup(p.cut)

	// A replica set would tell the driver of its members, and so of a way around the proxy.
	query := target.Query()
	query.Del("replicaSet")
	query.Set("directConnection", "true")
	target.Host, target.Path, target.RawQuery = listener.Addr().String(), "/", query.Encode()
	return target.String(), p.cut
}

type proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	open  []net.Conn
	gone  bool
	ended sync.WaitGroup
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil || !p.keep(client, server) {
			client.Close()
			continue
		}
		p.ended.Go(func() { pump(client, server) })
		p.ended.Go(func() { pump(server, client) })
	}
}

// keep holds connections for the cut; it is too late after it.
func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, conns...)
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
	p.ended.Wait()
}

func pump(from, to net.Conn) {
	io.Copy(to, from)
	from.Close()
	to.Close()
}
