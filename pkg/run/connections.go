package run

import (
	"container/list"
	"errors"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// connections bounds how many connections are open. At the bound, whoever has waited longest without a request gives way
// to the newcomer: thousands of silent or trickling connections cost memory up to the bound and keep nobody out. Only
// when every connection is being answered is the newcomer turned away; deadlines end that state.
type connections struct {
	max int

	mu      sync.Mutex
	open    map[net.Conn]*connection
	waiting *list.List // of *connection without a whole request, longest waiting first
	cut     int        // of open, those that we closed and whose goroutine has yet to notice
}

type connection struct {
	net.Conn
	since time.Time     // it waits
	place *list.Element // among waiting, nil while it is being answered
	cut   bool
}

func newConnections(maximum int) *connections {
	return &connections{max: maximum, open: map[net.Conn]*connection{}, waiting: list.New()}
}

// track is the server's ConnState hook. A connection stays new or idle until the headers of a request are whole.
func (c *connections) track(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry := c.open[conn]
	if entry == nil {
		if state != http.StateNew {
			return
		}
		entry = &connection{Conn: conn}
		c.open[conn] = entry
	}
	switch state {
	case http.StateNew, http.StateIdle:
		if !entry.cut {
			entry.since = time.Now()
			entry.place = c.waiting.PushBack(entry)
		}
		if len(c.open)-c.cut > c.max {
			c.cutOldest()
		}
	case http.StateActive:
		c.unqueue(entry)
	case http.StateClosed, http.StateHijacked:
		c.unqueue(entry)
		delete(c.open, conn)
		if entry.cut {
			c.cut--
		}
	}
}

func (c *connections) unqueue(entry *connection) {
	if entry.place != nil {
		c.waiting.Remove(entry.place)
		entry.place = nil
	}
}

// cutOldest closes the connection that waits longest, if any does. c.mu is held.
func (c *connections) cutOldest() {
	front := c.waiting.Front()
	if front == nil {
		return
	}
	entry := front.Value.(*connection)
	c.unqueue(entry)
	entry.cut = true
	c.cut++
	_ = entry.Close() // its goroutine, reading from it, learns of it whatever Close says
}

// cutSilent closes every connection that has waited for as long as we linger, counted from began at the earliest, and
// tells how many are open still.
func (c *connections) cutSilent(began time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	then := time.Now().Add(-linger)
	for then.After(began) {
		front := c.waiting.Front()
		if front == nil || front.Value.(*connection).since.After(then) {
			break
		}
		c.cutOldest()
	}
	return len(c.open)
}

// answering is how many connections have a request that is not answered yet.
func (c *connections) answering() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open) - c.waiting.Len() - c.cut
}

// guarded makes room when the process has run out of file descriptors before the bound was reached.
type guarded struct {
	net.Listener
	connections *connections
}

// roomToBreathe is how many connections give way at once then: the stores need descriptors too.
const roomToBreathe = 64

func (g guarded) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		g.connections.mu.Lock()
		defer g.connections.mu.Unlock()
		for range roomToBreathe {
			g.connections.cutOldest()
		}
	}
	return conn, err
}
