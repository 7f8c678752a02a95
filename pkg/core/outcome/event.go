package outcome

import (
	"slices"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// Event is what became of one request. Parts are what became of the things in it; without any it had one, which went the way
// of the whole.
type Event struct {
	Org      id.ID
	App      id.ID
	Key      id.ID
	Category string
	Reason   apierr.Code // empty: accepted
	At       time.Time
	Parts    []Part
	Refusals []Refusal
}

// Part counts the things in a request that went one way.
type Part struct {
	Reason apierr.Code // empty: accepted
	Items  int64
}

// Tally is where a request with many things in it says what became of each, and one that shows no credential whose it is. It is
// not safe for concurrent use.
type Tally struct {
	org     id.ID
	parts   []Part
	refused []Refused
}

// Refused are the things in a request that were refused alike. Raw is the first of them, as it came.
type Refused struct {
	Err   *apierr.Error
	Items int64
	Raw   []byte
}

// For says whose a request is that shows no credential: the Org's that it names; the zero id is nobody's. Anybody can name an
// Org, so that such requests are counted, and none is kept among the newest refusals: strangers would push out all others.
func (t *Tally) For(org id.ID) { t.org = org }

// Org is whose it was said to be.
func (t *Tally) Org() id.ID { return t.org }

// Accept counts one that was taken in.
func (t *Tally) Accept() { t.count("") }

// Repeat counts one that had been taken in before.
func (t *Tally) Repeat() { t.count(Duplicate) }

// Refuse counts one that was refused. Raw, its JSON, must not change afterwards; it is nil if there is none to show.
func (t *Tally) Refuse(err error, raw []byte) {
	refusal := apierr.Of(err)
	t.count(refusal.Code)
	same := func(r Refused) bool { return r.Err.Code == refusal.Code }
	if n := slices.IndexFunc(t.refused, same); n >= 0 {
		t.refused[n].Items++
		return
	}
	t.refused = append(t.refused, Refused{Err: refusal, Items: 1, Raw: raw})
}

// Parts are what was counted.
func (t *Tally) Parts() []Part { return t.parts }

// Refused are what was refused, by reason.
func (t *Tally) Refused() []Refused { return t.refused }

func (t *Tally) count(reason apierr.Code) {
	n := slices.IndexFunc(t.parts, func(p Part) bool { return p.Reason == reason })
	if n < 0 {
		n = len(t.parts)
		t.parts = append(t.parts, Part{Reason: reason})
	}
	t.parts[n].Items++
}
