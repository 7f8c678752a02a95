// Package cable is a TCP connection to a server that a test can cut and mend.
package cable

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
)

// Cable passes on what is said between its clients and one server.
type Cable struct {
	target   string
	listener net.Listener
	pumps    sync.WaitGroup

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

// To lays a cable to the server at target (host:port), with an end of its own on loopback.
func To(target string) (*Cable, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return lay(listener, target), nil
}

// Sealed lays a cable whose clients speak TLS to that certificate; the server at its other end does not.
func Sealed(target string, certificate tls.Certificate) (*Cable, error) {
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		return nil, err
	}
	return lay(listener, target), nil
}

func lay(listener net.Listener, target string) *Cable {
	c := &Cable{target: target, listener: listener, conns: map[net.Conn]bool{}}
	c.pumps.Go(c.accept)
	return c
}

// Addr is where clients connect: host:port.
func (c *Cable) Addr() string { return c.listener.Addr().String() }

// Cut breaks every connection, and each new one at once, until Mend.
func (c *Cable) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = true
	for conn := range c.conns {
		conn.Close() //nolint:errcheck // whoever uses it learns of it
	}
}

// Mend lets new connections through.
func (c *Cable) Mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = false
}

// Close cuts the cable for good.
func (c *Cable) Close() error {
	err := c.listener.Close()
	c.Cut()
	c.pumps.Wait()
	return err
}

func (c *Cable) accept() {
	for {
		client, err := c.listener.Accept()
		if err != nil {
			return
		}
		c.pumps.Go(func() { c.join(client) })
	}
}

// join is one client's connection, from its beginning to its end.
func (c *Cable) join(client net.Conn) {
	if !c.hold(client) {
		return
	}
	defer c.release(client)
	server, err := net.Dial("tcp", c.target)
	if err != nil || !c.hold(server) {
		return
	}
	defer c.release(server)
	var back sync.WaitGroup
	back.Go(func() { pass(client, server) })
	pass(server, client)
	back.Wait()
}

// pass copies until either side has ended, and then ends the other.
func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from)                  // how it ended is not told: the other side sees that it did
	_ = errors.Join(to.Close(), from.Close()) // likewise
}

// hold keeps a connection for the cut, or closes it when the cut was made already.
func (c *Cable) hold(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut {
		conn.Close() //nolint:errcheck // its other end learns of it
		return false
	}
	c.conns[conn] = true
	return true
}

func (c *Cable) release(conn net.Conn) {
	conn.Close() //nolint:errcheck // closed already, likely
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, conn)
}
