package conformance

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// limitsRates is U10 and D2: each bucket gives as many at once as documented, refills at the documented rate, and is
// nobody else's.
func (s *suite) limitsRates(t *testing.T) {
	upload := map[string]any{"contentType": "image/png", "byteSize": 1, "kind": "screenshot"}
	submit := func(who as) (answer, error) { return s.try(who, "POST", "/v1/feedback", said("burst")) }
	presign := func(who as) (answer, error) { return s.try(who, "POST", "/v1/feedback/upload-url", upload) }
	mint := func(who as) (answer, error) {
		return s.try(who, "POST", "/v1/tokens/mint?appId="+s.Private.ID, map[string]any{"sub": "u"})
	}
	list := func(who as) (answer, error) { return s.try(who, "GET", "/v1/apps", nil) }
	for _, row := range []struct {
		name     string
		capacity int
		second   float64 // how many more each second
		bucket   func(t *testing.T) (who as, others []as)
		spend    func(as) (answer, error)
		also     func(as) (answer, error) // draws from another budget
	}{
		{"submissions of an address", 60, 1, s.addresses, submit, presign},
		{"presigns of an address", 120, 2, s.addresses, presign, submit},
		{"submissions of a user", 120, 2, s.users, submit, presign},
		{"presigns of a user", 240, 4, s.users, presign, submit},
		{"reads of a key", 100, 10, s.keys, list, mint},
		{"mints of a key", 100, 10, s.keys, mint, list},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			who, others := row.bucket(t)
			taken, refusal, took := burst(t, func() (answer, error) { return row.spend(who) })
			if most := row.capacity + 1 + int(row.second*took.Seconds()); taken < row.capacity || taken > most {
				t.Errorf("%d were taken within %s, want %d to %d", taken, took, row.capacity, most)
			}
			wait := s.limited(t, refusal, row.second)
			for _, other := range others {
				unlimited(t, func() (answer, error) { return row.spend(other) })
			}
			unlimited(t, func() (answer, error) { return row.also(who) })
			time.Sleep(wait) // the wait is what is promised
			unlimited(t, func() (answer, error) { return row.spend(who) })
		})
	}
}

// addresses is one address at an App, and callers whose buckets are others: another App's, and another address.
func (s *suite) addresses(t *testing.T) (as, []as) {
	here := somewhere()
	app, other := s.app(t, s.OrgID, anybody()).PublicKey, s.app(t, s.OrgID, anybody()).PublicKey
	who, others := as{token: app, address: here}, []as{{token: other, address: here}}
	if s.TrustsForwardedFor {
		others = append(others, as{token: app, address: somewhere()})
	}
	return who, others
}

// users is one end user of an App, and callers whose buckets are others: another user, the same user's name at another
// App, and the public.
func (s *suite) users(t *testing.T) (as, []as) {
	app, other := s.app(t, s.OrgID, anybody()), s.app(t, s.OrgID)
	sub := rand.Text()
	return as{token: app.PublicKey, user: token(t, app, claims(app, sub))}, []as{
		user(t, app), {token: other.PublicKey, user: token(t, other, claims(other, sub))}, {token: app.PublicKey},
	}
}

func (s *suite) keys(t *testing.T) (as, []as) {
	return as{token: s.key(t, s.OrgID).Text}, []as{{token: s.key(t, s.OrgID).Text}}
}

// burst sends until a request is refused for its rate, and gives how many were taken before that, and in what time.
func burst(t *testing.T, send func() (answer, error)) (taken int, refusal answer, took time.Duration) {
	t.Helper()
	const workers, most = 8, 1000
	var sent, accepted atomic.Int64
	refusals := make(chan answer, workers)
	var crowd sync.WaitGroup
	began := time.Now()
	for range workers {
		crowd.Go(func() {
			for len(refusals) == 0 && sent.Add(1) <= most {
				got, err := send()
				switch {
				case err != nil:
					t.Error(err)
					return
				case got.status == http.StatusTooManyRequests:
					refusals <- got
					return
				case got.status >= 300:
					t.Errorf("%s", got)
					return
				}
				accepted.Add(1)
			}
		})
	}
	crowd.Wait()
	took = time.Since(began)
	select {
	case refusal = <-refusals:
	default:
		t.Fatalf("none of %d requests was refused", sent.Load())
	}
	return int(accepted.Load()), refusal, took
}

// limited holds a 429 to its form, and gives how long it asks to wait.
func (s *suite) limited(t *testing.T, got answer, second float64) time.Duration {
	t.Helper()
	fault := got.refused(t, http.StatusTooManyRequests, "rate_limited")
	wait, err := strconv.Atoi(got.header.Get("Retry-After"))
	if longest := 1 + int(8/second); err != nil || wait < 1 || wait > longest { // eight may wait for a token each
		t.Fatalf("%s: Retry-After is %q, want 1 to %d", got, got.header.Get("Retry-After"), longest)
	}
	if ms, _ := fault["retryAfterMs"].(float64); ms <= 0 || ms > float64(wait*1000) || ms <= float64((wait-1)*1000) {
		t.Errorf("%s: retryAfterMs is not what Retry-After %d rounds up", got, wait)
	}
	return time.Duration(wait) * time.Second
}

func unlimited(t *testing.T, send func() (answer, error)) {
	t.Helper()
	got, err := send()
	if err != nil || got.status >= 300 {
		t.Errorf("%s: %v", got, err)
	}
}
