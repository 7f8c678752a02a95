package crash_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// fakeEvents is the part of the fake that is told events.
type fakeEvents struct {
	forgets, garbles, forgetsNames, renames, stutters, invents, refuses, fails, keepsWaiting, miscounts bool

	served int
	events []fakeEvent
	names  map[string]string // an event's id, by what its client named it
}

type fakeEvent struct {
	EventID    string         `json:"eventId"`
	Name       string         `json:"name"`
	Properties map[string]any `json:"properties"`
}

type toldEvent struct {
	Event      string
	EventID    string `json:"event_id"`
	Properties map[string]any
}

func (f *fakeEvents) answer(r *http.Request, body []byte) (int, any) {
	if r.Method == http.MethodGet {
		return f.page(r.FormValue("cursor"))
	}
	f.served++
	var batch struct{ Events []toldEvent }
	batch.Events = make([]toldEvent, 1)
	into := any(&batch.Events[0])
	if r.URL.Path == "/v1/events" {
		into = &batch
	}
	if json.Unmarshal(body, into) != nil || f.refuses && f.served%7 == 0 {
		return http.StatusBadRequest, nil
	}
	var results []any
	for i, told := range batch.Events {
		name := told.EventID
		if key := r.Header.Get("Idempotency-Key"); name == "" && key != "" {
			name = key + " " + strconv.Itoa(i)
		}
		if f.keepsWaiting && f.names[name] != "" {
			return http.StatusServiceUnavailable, nil
		}
		results = append(results, f.take(name, told))
	}
	if f.miscounts {
		results = results[1:]
	}
	return http.StatusOK, map[string]any{"data": map[string]any{"results": results}}
}

func (f *fakeEvents) take(name string, told toldEvent) any {
	f.served++
	unlucky := f.served%7 == 0
	if f.fails && unlucky {
		return map[string]any{"success": false, "retryable": false}
	}
	fresh := fakeEvent{fmt.Sprintf("%08d", f.served), told.Event, told.Properties}
	if before := f.names[name]; before != "" && !f.forgetsNames {
		if f.renames {
			before = fresh.EventID
		}
		return map[string]any{"success": true, "event_id": before, "duplicate": true}
	}
	if name != "" {
		f.names[name] = fresh.EventID
	}
	if f.garbles && unlucky {
		fresh.Properties = map[string]any{"said": "?"}
	}
	if !f.forgets || !unlucky {
		f.events = append(f.events, fresh)
	}
	if f.invents && unlucky {
		f.events = append(f.events, fakeEvent{EventID: fresh.EventID + "0", Name: "something else"})
	}
	return map[string]any{"success": true, "event_id": fresh.EventID}
}

// page lists ten events at most.
func (f *fakeEvents) page(cursor string) (int, any) {
	first, err := strconv.Atoi(cmp.Or(cursor, "0"))
	if err != nil {
		return http.StatusBadRequest, nil
	}
	last := min(first+10, len(f.events))
	page := map[string]any{"data": slices.Clone(f.events[first:last]), "nextCursor": nil}
	if last < len(f.events) {
		if f.stutters {
			last--
		}
		page["nextCursor"] = strconv.Itoa(last)
	}
	return http.StatusOK, page
}
