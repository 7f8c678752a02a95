package run

import (
	"time"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/telemetry"
)

// RequestDeadline is how long a handler may work on one request. httpkit puts it into the request's context, because
// none of the server's own timeouts ends a handler.
const RequestDeadline = 20 * time.Second

// answerTime is left for sending an answer after the last moment at which it can begin.
const answerTime = 15 * time.Second

// Config is what every process of Heard is told about its own life. Services embed it in their own.
//
// The deadlines, counted from the first byte of a request:
//
//	 5 s  ReadHeaderTimeout  its headers are in, or the connection is cut
//	30 s  ReadTimeout        its body is in, or the connection is cut: 8 MB need 2.2 Mbit/s
//	      WriteTimeout       counts from the end of the headers. A handler that waited for the whole body answers
//	45 s                     after up to 30 s, one that did not after RequestDeadline (20 s): 30 + 15 s to send it
//	60 s  IdleTimeout        between two requests, counted from the end of the first
//
// An idle connection holds about 20 KB, so MaxConnections of them 320 MB: a smaller machine wants a smaller bound.
//
// A process that is told to stop ends within DrainDelay + DrainTimeout, and up to 20 s later when something hangs; whoever
// started it must grant it that (in Kubernetes: terminationGracePeriodSeconds).
type Config struct {
	Addr              string        `env:"HEARD_ADDR" envDefault:"127.0.0.1:8080"`
	MaxConnections    int           `env:"HEARD_MAX_CONNECTIONS" envDefault:"16384"`
	ReadHeaderTimeout time.Duration `env:"HEARD_READ_HEADER_TIMEOUT" envDefault:"5s"`
	ReadTimeout       time.Duration `env:"HEARD_READ_TIMEOUT" envDefault:"30s"`
	WriteTimeout      time.Duration `env:"HEARD_WRITE_TIMEOUT" envDefault:"45s"`
	IdleTimeout       time.Duration `env:"HEARD_IDLE_TIMEOUT" envDefault:"60s"`
	DrainDelay        time.Duration `env:"HEARD_DRAIN_DELAY" envDefault:"0s"`    // not ready, still accepting: a gateway must notice
	DrainTimeout      time.Duration `env:"HEARD_DRAIN_TIMEOUT" envDefault:"25s"` // above RequestDeadline: honest requests finish
	Telemetry         telemetry.Config
}

// Process is the process's part of the configuration that embeds it.
func (c Config) Process() Config { return c }

// Check holds the deadlines to their arithmetic.
func (c Config) Check() []config.Fault {
	var faults []config.Fault
	require := func(ok bool, name, reason string) {
		if !ok {
			faults = append(faults, config.Fault{Name: name, Reason: reason})
		}
	}
	require(c.MaxConnections > 0, "HEARD_MAX_CONNECTIONS", "must be at least 1")
	require(c.ReadHeaderTimeout > 0, "HEARD_READ_HEADER_TIMEOUT", "must be above 0")
	require(c.ReadTimeout >= c.ReadHeaderTimeout, "HEARD_READ_TIMEOUT", "must not be below HEARD_READ_HEADER_TIMEOUT")
	require(c.WriteTimeout >= max(c.ReadTimeout, RequestDeadline)+answerTime, "HEARD_WRITE_TIMEOUT",
		"must be 15s above HEARD_READ_TIMEOUT and above the request deadline of 20s")
	require(c.IdleTimeout > 0, "HEARD_IDLE_TIMEOUT", "must be above 0")
	require(c.DrainDelay >= 0, "HEARD_DRAIN_DELAY", "must not be below 0")
	require(c.DrainTimeout > RequestDeadline, "HEARD_DRAIN_TIMEOUT", "must be above the request deadline of 20s")
	return faults
}
