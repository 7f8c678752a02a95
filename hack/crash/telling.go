package crash

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// naming is how a telling names its events, so that they are recognised when they come again.
type naming int

const (
	unnamed naming = iota
	byEventID
	byHeader // one Idempotency-Key for all of them
	namings
)

// telling is a request that tells events.
type telling struct {
	naming naming
	name   string
	target string
	body   []byte
	events []*happening
}

// happening is one event. Its name is unlike all others.
type happening struct {
	name, said string
	answers    []string // the event_ids that it was answered, one for each success
}

func (m *telling) String() string { return "the events " + m.name }

func (h *happening) String() string {
	if len(h.answers) == 0 {
		return "event " + h.name
	}
	return "event " + h.name + ", accepted as " + h.answers[0] + ","
}

// answered tells whether every event was answered as stored.
func (m *telling) answered() bool {
	return !slices.ContainsFunc(m.events, func(h *happening) bool { return len(h.answers) == 0 })
}

// compose makes something new to tell.
func (t *teller) compose() *telling {
	m := &telling{name: fmt.Sprintf("%s-%d", t.name(), len(t.told)), naming: naming(t.chance.IntN(int(namings))), target: "/v1/events"}
	const most = 20
	n := 1 + t.chance.IntN(most)
	if t.single() {
		m.target, n = "/v1/event", 1
	}
	bodies := make([]any, n)
	for i := range bodies {
		h := &happening{name: fmt.Sprintf("%s.%d", m.name, i), said: strings.Repeat("so it goes ", t.chance.IntN(50))}
		m.events = append(m.events, h)
		body := map[string]any{
			"event": h.name, "properties": map[string]any{"said": h.said},
			"user": map[string]any{"id": t.name(), "traits": map[string]any{"latest": m.name}},
		}
		if m.naming == byEventID {
			body["event_id"] = "id of " + h.name
		}
		bodies[i] = body
	}
	if m.body = encode(map[string]any{"events": bodies}); t.single() {
		m.body = encode(bodies[0])
	}
	t.told = append(t.told, m)
	return m
}

// send sends it once. What has names is sent again later unless all of it was stored; what has none only when it was surely
// not stored.
func (t *teller) send(ctx context.Context, m *telling) {
	headers := map[string]string{}
	if m.naming == byHeader {
		headers["Idempotency-Key"] = m.name
	}
	got, err := t.asker.send(ctx, ask{method: http.MethodPost, target: m.target, token: t.tenant.EventKey, header: headers, body: m.body})
	switch {
	case err != nil || got.passing():
	case got.status == http.StatusOK:
		if t.hear(m, got) {
			return
		}
	default:
		t.fault(Other, "%s were refused: %s", m, got)
		return
	}
	if m.naming != unnamed || got.status == http.StatusTooManyRequests {
		t.later(m, time.Now().Add(t.pause(got, err)), ended(got, err), t.sending(m))
	}
	if unreachable(got, err) {
		rest(ctx, t.moment(100*time.Millisecond)) // before anything else
	}
}

func (t *teller) sending(m *telling) func(context.Context) {
	return func(ctx context.Context) { t.send(ctx, m) }
}

// outcome is what was answered of one event.
type outcome struct {
	Success, Duplicate, Retryable bool
	EventID                       string `json:"event_id"`
}

// hear takes in what was answered of each event, and tells whether that is final.
func (t *teller) hear(m *telling, got answer) (final bool) {
	var body struct{ Data struct{ Results []outcome } }
	if err := got.read(&body); err != nil || len(body.Data.Results) != len(m.events) {
		t.fault(Other, "%s were answered by %d results: %v", m, len(body.Data.Results), err)
		return true
	}
	final = true
	for i, o := range body.Data.Results {
		switch {
		case o.Success:
			t.stored(m, m.events[i], o)
		case o.Retryable:
			final = false
		default:
			t.fault(Other, "%s was refused: %s", m.events[i], got)
		}
	}
	return final
}

func (t *teller) stored(m *telling, h *happening, o outcome) {
	if o.Duplicate {
		t.count.Replayed++
	}
	switch {
	case o.EventID == "":
		t.fault(Other, "%s was accepted without an id", h)
		return
	case len(h.answers) > 0 && o.EventID != h.answers[0]:
		t.fault(Duplicated, "%s was answered %s when it was sent again", h, o.EventID)
	case len(h.answers) > 0 && !o.Duplicate:
		t.fault(Duplicated, "%s was taken for new when it was sent again", h)
	case o.Duplicate && m.naming == unnamed:
		t.fault(Other, "%s was answered as a repeat", h)
	}
	h.answers = append(h.answers, o.EventID)
}

// auditEvents reads all events back, and compares them to what was told.
func auditEvents(ctx context.Context, shape Shape, told []*happening) ([]Fault, error) {
	type stored struct {
		EventID, Name string
		Properties    struct{ Said string }
	}
	events, err := list[stored](ctx, shape, "/v1/events?limit=100")
	if err != nil {
		return nil, err
	}
	rows, claims := make([]row, len(events)), make([]claim, len(told))
	for i, e := range events {
		rows[i] = row{e.EventID, e.Name + " " + e.Properties.Said}
	}
	for i, h := range told {
		claims[i] = claim{h, h.name + " " + h.said, h.answers}
	}
	return judge(claims, rows), nil
}
