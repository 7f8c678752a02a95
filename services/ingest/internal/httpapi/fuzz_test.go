package httpapi

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
)

// Whatever a batch consists of, it is refused whole, or each of its items is judged: one that fails says why, and one that
// does not says just what it says.
func FuzzBatch(f *testing.F) {
	good := `{"event":"x","user":{"id":"u","email":"a@b.example","traits":{"n":1.0}},"properties":{},"timestamp":"2026-03-01T12:00:00Z","event_id":"e"}`
	for _, items := range []string{
		"", good, good + "," + good, `{"type":"identify","user":{"id":"u"}},7,null,[],"x"`, `{"event":"x","user":"u"}`, `{"event":"x","event":"y","user":{"id":"u"}}`,
		`{"event":null,"type":null,"user":{"id":"u","traits":null,"email":null},"properties":null,"timestamp":null,"event_id":null}`,
		`{"event":"\ud83d\ude00","user":{"id":"\u0000"},"properties":{"a":{"a":{"a":[[[{}]]]}}}}`, strings.Repeat(`[`, 50) + strings.Repeat(`]`, 50), "\xff", `{"event"`,
	} {
		f.Add([]byte(`{"events":[` + items + `]}`))
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := platform.New("ingest", platform.Parts{})
	kit := p.Kit(&run.Env{Telemetry: telemetry.Discard()}, func(i incident.Incident) { f.Error(i.Cause) })
	api := kit.API("userboost")
	decode := httpkit.Decoder[newEvent](api)
	var judged *batch
	httpkit.Handle(api, httpkit.Route{Method: http.MethodPost, Path: "/v1/events", ID: "x", Tag: "x", Status: http.StatusOK, MaxBody: maxEvents},
		func(_ context.Context, _ auth.Principal, in *eventsIn) (*struct{}, error) {
			judged = in.read(auth.Principal{Key: &apikey.Key{}}, decode)
			return &struct{}{}, nil
		})
	handler := kit.Handler()
	f.Fuzz(func(t *testing.T, body []byte) {
		judged = nil
		answer := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodPost, "/v1/events", bytes.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		handler.ServeHTTP(answer, request)
		if judged == nil {
			if answer.Code != http.StatusBadRequest && answer.Code != http.StatusRequestEntityTooLarge {
				t.Fatalf("%q is answered with %d", body, answer.Code)
			}
			return
		}
		var said struct {
			Events []jsontext.Value `json:"events"`
		}
		if err := json.Unmarshal(body, &said, apart); err != nil || len(said.Events) != len(judged.results) {
			t.Fatalf("%q has %d results: %v", body, len(judged.results), err)
		}
		drafts := map[int]event.Draft{}
		for n, i := range judged.indices {
			drafts[i] = judged.drafts[n]
		}
		for i, refusal := range judged.refusals {
			draft, read := drafts[i]
			if read == (refusal != nil) || refusal != nil && judged.results[i].Error == nil {
				t.Fatalf("%q: item %d is %v, %v", body, i, draft, refusal)
			}
			if refusal != nil && apierr.KindOf(refusal) != apierr.Invalid {
				t.Fatalf("%q: item %d: %v", body, i, refusal)
			}
			if read {
				demandSaid(t, said.Events[i], draft, now, p.IDs)
			}
		}
	})
}

// apart: an item that names a member twice fails alone.
var apart = jsontext.AllowDuplicateNames(true)

// demandSaid holds what was read of an item to what another reader finds in it.
func demandSaid(t *testing.T, item []byte, draft event.Draft, now time.Time, ids *id.Source) {
	t.Helper()
	var said struct {
		Event string `json:"event"`
		User  struct {
			ID string `json:"id"`
		} `json:"user"`
		Properties jsontext.Value `json:"properties"`
	}
	if err := json.Unmarshal(item, &said); err != nil {
		t.Fatalf("%q is taken: %v", item, err)
	}
	if _, err := event.New(id.Zero, draft, now, ids); err != nil && apierr.KindOf(err) != apierr.Invalid {
		t.Fatalf("%q: %v", item, err)
	}
	if !bytes.Contains(item, []byte("\"user\"")) || draft.Kind != event.Track && draft.Kind != event.Identify {
		t.Fatalf("%q is taken as %+v", item, draft)
	}
	if len(draft.Properties) > 0 && !bytes.Equal(draft.Properties, said.Properties) {
		t.Fatalf("%q has the properties %q", item, draft.Properties)
	}
	if draft.Name != said.Event || draft.User.ID != said.User.ID {
		t.Fatalf("%q is %q of %q", item, draft.Name, draft.User.ID)
	}
}
