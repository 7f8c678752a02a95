package userz

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/dialect"
)

// Limits shows every limit that the request was held to, as draft-ietf-httpapi-ratelimit-headers-10 spells it. RateLimit-Policy
// has the most that can be used at once, q, and the seconds, w, in which as much comes back; RateLimit what is left, r, and the
// seconds, t, until it is whole again.
func (Dialect) Limits(header http.Header, verdict gate.Verdict, _ time.Time) {
	if len(verdict.Decisions) == 0 {
		return
	}
	policies, left := make([]string, len(verdict.Decisions)), make([]string, len(verdict.Decisions))
	for i, d := range verdict.Decisions {
		policies[i] = fmt.Sprintf("%q;q=%d;w=%d", d.Policy.Name, d.Policy.Capacity(), dialect.Seconds(window(d.Policy)))
		left[i] = fmt.Sprintf("%q;r=%d;t=%d", d.Policy.Name, d.Remaining, dialect.Seconds(d.Reset))
	}
	header.Set("RateLimit-Policy", strings.Join(policies, ", "))
	header.Set("RateLimit", strings.Join(left, ", "))
}

// window is in how long a policy gives its capacity.
func window(p gate.Policy) time.Duration {
	if p.Algorithm != gate.TokenBucket || p.Limit <= 0 {
		return p.Period
	}
	return time.Duration(float64(p.Period) * float64(p.Capacity()) / float64(p.Limit))
}
