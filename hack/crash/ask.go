package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// patience is how long an answer may take: no handler works longer than 20 s.
const patience = 30 * time.Second

// Tally counts requests by what became of them.
type Tally struct {
	Requests int
	Accepted int         // submissions that were answered 201, each counted once
	Events   int         // events that were answered as stored, each counted once
	Replayed int         // answers that said they repeat an earlier one
	Refused  map[int]int // by status
	Broken   int         // connections refused, cut, or silent: whether the request was carried out is unknown
}

func (t *Tally) add(more Tally) {
	t.Requests += more.Requests
	t.Accepted += more.Accepted
	t.Events += more.Events
	t.Replayed += more.Replayed
	t.Broken += more.Broken
	if t.Refused == nil {
		t.Refused = map[int]int{}
	}
	for status, n := range maps.All(more.Refused) {
		t.Refused[status] += n
	}
}

// asker sends requests one after the other.
type asker struct {
	http  *http.Client
	base  string
	count Tally
}

func newAsker(base string) asker {
	return asker{
		http:  &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 1}},
		base:  base,
		count: Tally{Refused: map[int]int{}},
	}
}

// ask is one request: to Heard when its target is a path, to wherever it says otherwise.
type ask struct {
	method, target, token string
	header                map[string]string
	body                  []byte
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// send gives the answer, or an error if it did not arrive whole.
func (a *asker) send(ctx context.Context, q ask) (answer, error) {
	a.count.Requests++
	got, err := a.exchange(ctx, q)
	switch {
	case err != nil:
		a.count.Broken++
	case got.status > 299:
		a.count.Refused[got.status]++
	}
	return got, err
}

func (a *asker) exchange(ctx context.Context, q ask) (answer, error) {
	if q.target[0] == '/' {
		q.target = a.base + q.target
	}
	request, err := http.NewRequestWithContext(ctx, q.method, q.target, bytes.NewReader(q.body))
	if err != nil {
		return answer{}, err
	}
	request.GetBody = nil // net/http would repeat some requests by itself, and we count them
	request.Header.Set("Content-Type", "application/json")
	if q.token != "" {
		request.Header.Set("Authorization", "Bearer "+q.token)
	}
	for name, value := range q.header {
		request.Header.Set(name, value)
	}
	response, err := a.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close() //nolint:errcheck // it was read to its end, or failed to be
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body}, err
}

// persist sends a request that may be repeated, until it is answered for good. For when nothing is killed any more.
func (a *asker) persist(ctx context.Context, q ask) (got answer, err error) {
	const attempts = 20
	for range attempts {
		got, err = a.send(ctx, q)
		if err == nil && !got.passing() || ctx.Err() != nil {
			break
		}
		rest(ctx, got.wait())
	}
	return got, err
}

// passing tells whether the same request may be answered otherwise later.
func (a answer) passing() bool {
	return a.status == http.StatusTooManyRequests || a.status >= http.StatusInternalServerError
}

// wait is how long the answer asks to wait before the next attempt; a moment when it says nothing.
func (a answer) wait() time.Duration {
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil {
		return 50 * time.Millisecond
	}
	return time.Duration(seconds) * time.Second
}

func (a answer) String() string {
	const most = 300
	return fmt.Sprintf("%d %.*s", a.status, most, a.body)
}

// read takes the answer's JSON apart.
func (a answer) read(into any) error {
	if err := json.Unmarshal(a.body, into); err != nil {
		return fmt.Errorf("%s: %w", a, err)
	}
	return nil
}
