package strictjson_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

type batch struct {
	SentAt time.Time `json:"sent_at,omitzero"`
	Events []event   `json:"events" minItems:"1" maxItems:"1000" nullable:"false"`
}

type event struct {
	Type       string          `json:"type" enum:"event,identify"`
	Event      string          `json:"event" minLength:"1" maxLength:"255"`
	User       eventUser       `json:"user"`
	Timestamp  time.Time       `json:"timestamp,omitzero"`
	Properties json.RawMessage `json:"properties,omitempty"`
}

type eventUser struct {
	ID string `json:"id" minLength:"1" maxLength:"255"`
}

// aSubmission is 700 bytes, as a widget sends them.
func aSubmission() []byte {
	return []byte(`{"text":"The export button does nothing for more than one project. ` + strings.Repeat("It worked last week. ", 8) + `",` +
		`"severity":"high","url":"https://app.example.com/projects/42/export?tab=all",` +
		`"userAgent":"Mozilla/5.0 (X11; Linux x86_64) Firefox/131.0",` +
		`"viewport":{"w":1440,"h":900,"dpr":2},"consoleLogs":[` +
		`{"level":"error","message":"TypeError: undefined","ts":1760000000000},` +
		`{"level":"warn","message":"retrying","ts":1760000000100}],"metadata":{"plan":"pro","build":"2026.1.4","flags":["a","b"]},` +
		`"identity":{"email":"jane@example.com","externalUserId":"u_1029"}}`)
}

// aBatch is 100 events, 20 KB.
func aBatch() []byte {
	var body strings.Builder
	for i := range 100 {
		fmt.Fprintf(&body, `,{"type":"event","event":"checkout_completed","user":{"id":"user_%d"},"timestamp":"2026-01-02T03:04:05Z",`+
			`"properties":{"order":"o_%d","total":129.5,"currency":"EUR","items":3,"coupon":null,"path":"/cart"}}`, i, i)
	}
	return []byte(`{"sent_at":"2026-01-02T03:04:06Z","events":[` + body.String()[1:] + `]}`)
}

func bench[T any](b *testing.B, body []byte) {
	schema := compile[T](b)
	b.Run("check", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if issues := schema.Check(body); issues != nil {
				b.Fatal(issues)
			}
		}
	})
	b.Run("check+decode", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			var into T
			if err := schema.Decode(body, &into); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSubmission(b *testing.B) { bench[submission](b, aSubmission()) }

func BenchmarkBatch(b *testing.B) { bench[batch](b, aBatch()) }
