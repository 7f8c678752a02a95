package outcome_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/core/outcome"
)

func known(name string) bool { return name == "text" || name == "list" || name == "user" }

func TestASampleTellsTheShapeOfWhatWasSentAndNothingItSays(t *testing.T) {
	for raw, want := range map[string]string{
		`{"text":"häé\n"}`:                             `{"text":"string(4)"}`,
		`{"text":4111111111111111,"list":[true,null]}`: `{"text":"number","list":["boolean",null]}`,
		`{"list":["a","bb",3,4,5]}`:                    `{"list":["string(1)","string(2)","number","+2"]}`,
		`{"ann@example.com":1,"sk_secret":"x"}`:        `{"name(15)":"number","name(9)":"string(1)"}`,
		`{"user":{"text":{}},"list":[]}`:               `{"user":{"text":{}},"list":[]}`,
		`"secret"`:                                     `"string(6)"`,
		`{"text":"secret`:                              `{"text":<malformed>}`,
		`{"text":secret}`:                              `{"text":<malformed>}`,
		`secret`:                                       `<malformed>`,
		``:                                             `<malformed>`,
		strings.Repeat("[", 20):                        `[[[[[[[[<malformed>]]]]]]]]`,
		strings.Repeat(`{"text":`, 9) + "1" + strings.Repeat("}", 9): strings.Repeat(`{"text":`, 8) + `"object"` + strings.Repeat("}", 8),
	} {
		if got := outcome.Shape([]byte(raw), known); got != want {
			t.Errorf("%s\n got %s\nwant %s", raw, got, want)
		}
	}
}

func FuzzASampleIsSmallAndHoldsNothingOfWhatWasSent(f *testing.F) {
	for _, seed := range []string{`{"text":"canary"}`, `[[{"canary":["canary","canary"]}]]`, `{"text":"canary`, strings.Repeat(`{"text":["canary",`, 100)} {
		f.Add(seed)
	}
	f.Add(`{` + strings.Repeat(`"canary":"canary",`, 500) + `"text":1}`)
	f.Add(strings.Repeat(`{"text":[1,`, 7) + strings.Repeat(`{"text":1},`, 200))
	f.Fuzz(func(t *testing.T, raw string) {
		got := outcome.Shape([]byte(raw), known)
		if len(got) > outcome.MaxSample || strings.Contains(got, "canary") {
			t.Errorf("%d bytes: %s", len(got), got)
		}
		if json.Valid([]byte(raw)) && !json.Valid([]byte(got)) {
			t.Errorf("%s is the shape of %s", got, raw)
		}
	})
}
