// Package trial measures servers side by side: in short turns, over and over, so that whatever else the machine does falls
// on all of them alike and a ratio means something where an absolute number does not.
package trial

import (
	"slices"
	"time"

	"github.com/heard-dev/heard/hack/bench/load"
	"github.com/heard-dev/heard/hack/bench/subject"
)

// Lane is one thing to measure: Requests to a Server, or else calls of Direct, of which no CPU is told.
type Lane struct {
	Server      *subject.Process
	Operation   string
	Connections int
	Request     load.Request
	Direct      func() error
}

// Turn is what one turn of a Lane showed. CPU is the server's alone.
type Turn struct {
	PerSecond float64
	P50, P99  time.Duration
	CPU       float64 // microseconds a request
}

// Measured is a Lane and its turns.
type Measured struct {
	Lane
	Turns []Turn
}

// Timing is how many turns each Lane gets and how long one lasts, after a turn of Warm that does not count.
type Timing struct {
	Rounds int
	Turn   time.Duration
	Warm   time.Duration
}

// brief is for what new connections cost at first.
const brief = 50 * time.Millisecond

// Run gives all lanes a turn, then all of them the next in the opposite order, and so on.
func Run(lanes []Lane, timing Timing) ([]Measured, error) {
	measured := make([]Measured, len(lanes))
	for round := range timing.Rounds + 1 {
		for place := range lanes {
			i := place
			if round%2 == 1 {
				i = len(lanes) - 1 - place // who is always second has another's garbage to bear
			}
			lane, lasting := lanes[i], timing.Turn
			if round == 0 {
				lasting = timing.Warm
			}
			turn, err := lane.turn(lasting)
			if err != nil {
				return nil, err
			}
			measured[i].Lane = lane
			if round > 0 {
				measured[i].Turns = append(measured[i].Turns, turn)
			}
		}
	}
	return measured, nil
}

func (l Lane) turn(lasting time.Duration) (turn Turn, err error) {
	if l.Direct != nil {
		sample, err := load.Repeat(l.Direct, l.Connections, lasting)
		return newTurn(sample), err
	}
	client, err := load.Dial(l.Server.Address, l.Connections)
	if err != nil {
		return turn, err
	}
	defer client.Close() //nolint:errcheck // nothing is under way
	if _, err := client.Run(l.Request, brief); err != nil {
		return turn, err
	}
	before, err := l.Server.Usage()
	if err != nil {
		return turn, err
	}
	sample, err := client.Run(l.Request, lasting)
	if err != nil {
		return turn, err
	}
	after, err := l.Server.Usage()
	turn = newTurn(sample)
	turn.CPU = float64(after.CPU-before.CPU) / float64(len(sample.Latencies))
	return turn, err
}

func newTurn(s load.Sample) Turn {
	return Turn{PerSecond: s.PerSecond(), P50: s.Percentile(50), P99: s.Percentile(99)}
}

// PerSecond is a number of a Turn.
func PerSecond(t Turn) float64 { return t.PerSecond }

// P50 is a number of a Turn, in milliseconds.
func P50(t Turn) float64 { return float64(t.P50) / float64(time.Millisecond) }

// CPU is a number of a Turn.
func CPU(t Turn) float64 { return t.CPU }

// Median is the middle one of a number of all turns.
func (m Measured) Median(number func(Turn) float64) float64 {
	values := make([]float64, len(m.Turns))
	for i, turn := range m.Turns {
		values[i] = number(turn)
	}
	return median(values)
}

// Ratio is the median of what a number of m is to that of other in the same round.
func (m Measured) Ratio(other Measured, number func(Turn) float64) float64 {
	values := make([]float64, len(m.Turns))
	for i, turn := range m.Turns {
		values[i] = number(turn) / number(other.Turns[i])
	}
	return median(values)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
