package stack

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// ports are a home's own until it is left, also while nothing listens on them: a process that was killed finds its port
// free again.
type ports struct{ held []net.PacketConn }

// take picks a loopback address with a port that nobody listens on, from below those that systems give to outgoing
// connections. UDP's port of the same number is held meanwhile, which tells everybody else who picks this way.
func (p *ports) take() string {
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000))
		held, err := net.ListenPacket("udp", address)
		if err != nil {
			continue
		}
		listener, err := net.Listen("tcp", address)
		if err == nil && listener.Close() == nil {
			p.held = append(p.held, held)
			return address
		}
		held.Close() //nolint:errcheck // another one is picked
	}
}

// giveBack is for when no process is left.
func (p *ports) giveBack() (faults error) {
	for _, held := range p.held {
		faults = errors.Join(faults, held.Close())
	}
	p.held = nil
	return faults
}
