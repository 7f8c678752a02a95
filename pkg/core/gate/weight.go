package gate

import "time"

// Weight is a Draw in the whole numbers every Gate counts in, so that all of them count alike. A bucket's level is one such
// number: of a token bucket the microseconds until it is full, of a window the cost drawn in it. A draw fits when
// level + Need <= Room, and always when it gives back.
type Weight struct {
	Need   int64
	Room   int64
	Step   int64 // what one token weighs
	Window int64 // microseconds; 0 for a token bucket
}

// Weigh is the Draw's Weight. A token takes a whole number of microseconds to refill, so a token bucket's rate is rounded by
// at most 1 % up to 20,000 a second, and ends at a million a second.
func Weigh(d Draw) Weight {
	p := d.Policy
	period := max(1, p.Period.Microseconds())
	if p.Algorithm == FixedWindow {
		return Weight{Need: d.Cost, Room: p.Limit, Step: 1, Window: period}
	}
	if p.Limit <= 0 {
		return Weight{Need: d.Cost * period, Step: period}
	}
	step := max(1, (period+p.Limit/2)/p.Limit)
	return Weight{Need: d.Cost * step, Room: p.Capacity() * step, Step: step}
}

// Decision is what the draw met at a bucket that stands at level after the verdict; now is unix microseconds.
func (w Weight) Decision(p Policy, level, now int64, allowed bool) Decision {
	d := Decision{Policy: p, Allowed: allowed, Remaining: max(0, (w.Room-level)/w.Step)}
	reset, wait := level, level+w.Need-w.Room
	if w.Window > 0 {
		reset = w.Window - now%w.Window
		wait = reset
	}
	d.Reset = time.Duration(reset) * time.Microsecond
	if !allowed {
		d.RetryAfter = time.Duration(wait) * time.Microsecond
	}
	return d
}
