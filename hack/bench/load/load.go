// Package load drives an HTTP server over keep-alive connections, each of which sends a request as soon as its last one is
// answered, and costs little itself: the server is measured on the same machine.
package load

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// answerWithin bounds how long one answer may take.
const answerWithin = 20 * time.Second

// Request is the bytes of a whole HTTP/1.1 request, and the status of every answer to it.
type Request struct {
	Bytes  []byte
	Status int
}

// Sample is what the answers of one run took.
type Sample struct {
	Elapsed   time.Duration
	Latencies []time.Duration // of each request, the shortest first
}

// PerSecond is how many requests a second were answered.
func (s Sample) PerSecond() float64 { return float64(len(s.Latencies)) / s.Elapsed.Seconds() }

// Percentile is the latency that p of a hundred requests stayed within; zero when there were none.
func (s Sample) Percentile(p float64) time.Duration {
	if len(s.Latencies) == 0 {
		return 0
	}
	return s.Latencies[min(int(float64(len(s.Latencies))*p/100), len(s.Latencies)-1)]
}

// Client is a number of open connections to one server.
type Client struct{ connections []*connection }

// Dial opens the connections.
func Dial(address string, connections int) (*Client, error) {
	c := &Client{}
	for range connections {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("load: %w", err), c.Close())
		}
		c.connections = append(c.connections, newConnection(conn))
	}
	return c, nil
}

// Close closes the connections.
func (c *Client) Close() error {
	var errs []error
	for _, conn := range c.connections {
		errs = append(errs, conn.Close())
	}
	return errors.Join(errs...)
}

// Repeat calls from so many callers at once, each as soon as its last call returns, for that long.
func Repeat(call func() error, callers int, lasting time.Duration) (Sample, error) {
	return gather(callers, lasting, func(_ int, until time.Time) (taken []time.Duration, err error) {
		for now := time.Now(); now.Before(until) && err == nil; {
			err = call()
			returned := time.Now()
			taken = append(taken, returned.Sub(now))
			now = returned
		}
		return taken, err
	})
}

// Run sends the request on all connections, over and over, for that long. When it returns every request is answered. An
// answer of another status ends its connection's part, and is an error.
func (c *Client) Run(request Request, lasting time.Duration) (Sample, error) {
	return gather(len(c.connections), lasting, func(i int, until time.Time) ([]time.Duration, error) {
		return c.connections[i].repeat(request, until)
	})
}

// gather lets all of them run until then, and gives what they took. An error is the first of theirs.
func gather(callers int, lasting time.Duration, run func(i int, until time.Time) ([]time.Duration, error)) (Sample, error) {
	var running sync.WaitGroup
	faults := make([]error, callers)
	taken := make([][]time.Duration, callers)
	begun := time.Now()
	for i := range callers {
		running.Go(func() { taken[i], faults[i] = run(i, begun.Add(lasting)) })
	}
	running.Wait()
	sample := Sample{Elapsed: time.Since(begun), Latencies: slices.Concat(taken...)}
	slices.Sort(sample.Latencies)
	for _, fault := range faults {
		if fault != nil {
			return sample, fault // the others are its like
		}
	}
	return sample, nil
}
