package gate

import "time"

// Weight is a Draw in the whole numbers every Gate counts in, so that all of them count alike. A bucket's level is one such
// number: of a token bucket the microseconds until it is full, of a window the cost drawn in it, and at least Floor. A draw
// fits when level + Need <= Room, and always when it takes nothing.
type Weight struct {
	Need   int64
	Room   int64
	Step   int64 // what one token weighs
	Window int64 // microseconds; 0 for a token bucket
	Floor  int64
	Ends   int64 // unix microseconds; 0 but for a window that is not aligned to the clock
}

// Weigh is the Draw's Weight. A token takes a whole number of microseconds to refill, so a token bucket's rate is rounded by
// at most 1 % up to 20,000 a second, and ends at a million a second.
func Weigh(d Draw) Weight {
	p := d.Policy
	period := max(1, p.Period.Microseconds())
	switch p.Algorithm {
	case FixedWindow:
		return Weight{Need: d.Cost, Room: p.Limit, Step: 1, Window: period}
	case CalendarMonth:
		return Weight{Need: d.Cost, Room: p.Limit, Step: 1, Window: period, Floor: d.Floor, Ends: d.Ends.UnixMicro()}
	case TokenBucket:
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
		reset = max(1, w.End(now)-now) // clocks differ: whoever drew may not know yet that the window ended
		wait = reset
	}
	d.Reset = time.Duration(reset) * time.Microsecond
	if !allowed {
		d.RetryAfter = time.Duration(wait) * time.Microsecond
	}
	return d
}

// End is when the window ends that it is now, both in unix microseconds.
func (w Weight) End(now int64) int64 {
	if w.Ends > 0 {
		return w.Ends
	}
	return (now/w.Window + 1) * w.Window
}
