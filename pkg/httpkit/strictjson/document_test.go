package strictjson_test

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/httpkit/strictjson"
)

func TestWhatIsNoJSONHasThatOneFault(t *testing.T) {
	schema := compile[submission](t)
	rows := []struct{ body, want string }{
		{"", "is empty, up to byte 0"},
		{" \n", "is empty, up to byte 2"},
		{`{"text":"t"`, "ends too early, at byte 11"},
		{`{"text":"t`, "ends too early, at byte 10"},
		{`{"text":tru`, "ends too early, at byte 11"},
		{`{"text":1,"nope":2`, "ends too early, at byte 18"},
		{`{"text":"t"}}`, "has more data after its end, at byte 12"},
		{`{"text":"t"} {"text":"t"}`, "has more data after its end, at byte 13"},
		{`{"text":"t"}` + "\x00", "has more data after its end, at byte 12"},
		{`{"text":7} x`, "has more data after its end, at byte 11"},
		{`{"text":"t",}`, "is not valid JSON at byte 11"},
		{`{"text":"t" "url":1}`, "is not valid JSON at byte 12"},
		{`{text:"t"}`, "is not valid JSON at byte 2"},
		{`{"text"}`, "is not valid JSON at byte 7"},
		{`{null:1}`, "is not valid JSON at byte 1"},
		{`{{}:1}`, "is not valid JSON at byte 1"},
		{`{"text":]`, "is not valid JSON at byte 8"},
		{`{"consoleLogs":[1}`, "is not valid JSON at byte 17"},
		{`{"text":NaN}`, "is not valid JSON at byte 8"},
		{`{"text":01}`, "is not valid JSON at byte 9"},
		{`{"text":"a` + "\n" + `b"}`, "is not valid JSON at byte 10"},
		{`{"text":"\ud800"}`, "is not valid JSON at byte 9"},
		{"\ufeff{}", "is not valid JSON at byte 0"},
		{`{"text":"a` + "\xff" + `"}`, "is not valid UTF-8 at byte 10"},
		{`{"` + "\xc3" + `":1}`, "is not valid UTF-8 at byte 2"},
		{`{"extra":{"a":["` + "\xed\xa0\x80" + `"]}}`, "is not valid UTF-8 at byte 16"},
	}
	for _, row := range rows {
		expect(t, schema, row.body, ": invalid_json: "+row.want)
	}
}

// Of items that stand alone nothing is demanded but that they are JSON; of the list itself, all.
func TestItemsThatStandAloneAreOnlyRead(t *testing.T) {
	schema := compile[struct {
		List apart `json:"list" minItems:"1" maxItems:"3"`
	}](t)
	deep := strings.Repeat("[", 2*strictjson.MaxDepth) + strings.Repeat("]", 2*strictjson.MaxDepth)
	expect(t, schema, `{"list":[{"text":7,"text":8},null,`+deep+`]}`)
	expect(t, schema, `{"list":[]}`, "list: too_small: must have at least 1 item")
	expect(t, schema, `{"list":[1,2,3,4]}`, "list: too_big: must have at most 3 items")
	expect(t, schema, `{"list":{}}`, "list: invalid_type: must be an array")
	expect(t, schema, `{"list":[{"a":}]}`, ": invalid_json: is not valid JSON at byte 14")
	expect(t, schema, `{"list":["`+"\xff"+`"]}`, ": invalid_json: is not valid UTF-8 at byte 10")
	expect(t, schema, `{"list":[1`, ": invalid_json: ends too early, at byte 10")
}

// apart is a list of texts that stand alone.
type apart []any

func (apart) Schema(registry huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeArray, Items: registry.Schema(reflect.TypeFor[string](), true, ""), Extensions: map[string]any{strictjson.Apart: true},
	}
}

func TestDepth(t *testing.T) {
	schema := compile[submission](t)
	nested := func(depth int) string {
		return `{"text":1,"extra":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
	}
	expect(t, schema, nested(strictjson.MaxDepth), "text: invalid_type: must be a string")
	deepest := "extra" + strings.Repeat(".0", strictjson.MaxDepth-1)
	expect(t, schema, nested(strictjson.MaxDepth+1), deepest+": too_deep: is nested deeper than 32 levels")
}

func TestBombsAreRefusedInLittleTimeAndMemory(t *testing.T) {
	const size = 8 << 20
	schema := compile[submission](t)
	many := func(open, one, end string) string { return open + strings.Repeat(one, size/len(one)) + end }
	rows := []struct{ name, body, code string }{
		{"arrays", strings.Repeat("[", size), strictjson.TooDeep},
		{"objects in a free field", many(`{"extra":`, `{"a":`, ``), strictjson.TooDeep},
		{"unknown fields", many(`{`, `"a":1,`, `"b":1}`), strictjson.UnrecognizedKeys},
		{"wrong items", many(`{"consoleLogs":[`, `1,`, `1]}`), strictjson.InvalidType},
		{"faults below a long key", many(`{"`, `\u0061`, `":[`+strings.Repeat(`{"a":1,"a":1},`, 200)+`1]}`), strictjson.UnrecognizedKeys},
		{"a long text", `{"text":"` + strings.Repeat("é", size/2) + `"}`, strictjson.TooBig},
		{"a long number", `{"viewport":{"w":1,"h":1` + strings.Repeat("0", size) + `}}`, strictjson.TooBig},
		{"a long integer", `{"consoleLogs":[{"level":"log","message":"","ts":1.` + strings.Repeat("0", size) + `1}]}`, strictjson.InvalidType},
	}
	for _, row := range rows {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		issues := schema.Check([]byte(row.body))
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if len(issues) == 0 || issues[0].Code != row.code || len(issues) > strictjson.MaxIssues {
			t.Errorf("%s: %d issues, first %.300v", row.name, len(issues), issues[:min(1, len(issues))])
		}
		if used := after.TotalAlloc - before.TotalAlloc; took > 2*time.Second || used > 5*size {
			t.Errorf("%s: took %v and %d MB", row.name, took, used>>20)
		}
	}
}

func TestIssuesAreCapped(t *testing.T) {
	var body strings.Builder
	for i := range 2 * strictjson.MaxIssues {
		fmt.Fprintf(&body, `,"k%d":0`, i)
	}
	issues := compile[submission](t).Check([]byte("{" + body.String()[1:] + "} and then what is no JSON"))
	if last := len(issues) - 1; last+1 != strictjson.MaxIssues || issues[last].Path[0] != "k99" {
		t.Errorf("%d issues, last %v", last+1, issues[last])
	}
}

func TestDuplicatesAreSeenAmongAnyNumberOfNames(t *testing.T) {
	schema := compile[submission](t)
	for _, n := range []int{1, 31, 32, 33, 34, 1000} {
		var body strings.Builder
		for i := range n {
			fmt.Fprintf(&body, `"k%d":{"k":0},`, i)
		}
		expect(t, schema, `{"text":"t","extra":{`+body.String()+`"last":0}}`)
		for _, repeated := range []int{0, n / 2, n - 1} {
			expect(t, schema, fmt.Sprintf(`{"text":"t","extra":{%s"\u006b%d":0}}`, body.String(), repeated),
				fmt.Sprintf("extra.k%d: duplicate_key: appears twice", repeated))
		}
	}
}

func TestNoValueIsRepeatedAndKeysAreClipped(t *testing.T) {
	const secret = "hunter2"
	schema := compile[submission](t)
	for _, body := range []string{
		`{"text":["hunter2"],"severity":"hunter2","url":"hunter2","identity":{"email":"hunter2"},"sentAt":"hunter2","viewport":"hunter2"}`,
		`{"text": hunter2}`, `{"text":"hunter2` + "\xff" + `"}`, `{"text":"t"} hunter2`,
	} {
		issues := schema.Check([]byte(body))
		if len(issues) == 0 || strings.Contains(fmt.Sprint(issues), secret) {
			t.Errorf("%s: %v", body, issues)
		}
	}
	long := strings.Repeat("é", 100)
	expect(t, schema, `{"text":"t","`+long+`":1}`, strings.Repeat("é", 64)+": unrecognized_keys: is not a known field")
}

func TestDecode(t *testing.T) {
	type bounded struct {
		Tiny  int8           `json:"tiny,omitempty"`
		Many  []int64        `json:"many,omitempty"`
		None  uint16         `json:"none,omitempty"`
		Free  map[string]any `json:"free,omitempty"`
		List  []int16        `json:"list,omitempty"`
		Inner *bounded       `json:"inner,omitempty"`
	}
	schema := compile[bounded](t)
	body := []byte(`{"many":[1.0, 2e3 ,-0.0, 40e-1,5],"none":-0,"free":{"x":1.0},"inner":{"tiny":1e1}}`)
	sent := slices.Clone(body)
	var got bounded
	if err := schema.Decode(body, &got); err != nil {
		t.Fatal(err)
	}
	want := bounded{Many: []int64{1, 2000, 0, 4, 5}, Free: map[string]any{"x": 1.0}, Inner: &bounded{Tiny: 10}}
	if !reflect.DeepEqual(got, want) || string(sent) != string(body) {
		t.Errorf("got %+v, body %s", got, body)
	}

	var untouched bounded
	err := apierr.Of(schema.Decode([]byte(`{"tiny":1,"nope":1}`), &untouched))
	if err.Kind != apierr.Invalid || err.Code != apierr.CodeInvalidBody || len(err.Issues) != 1 || untouched.Tiny != 0 {
		t.Errorf("a refused body: %v %v, %+v", err, err.Issues, untouched)
	}

	err = apierr.Of(schema.Decode([]byte(`{"inner":{"tiny":100,"list":[1,40000]}}`), &untouched))
	if err.Kind != apierr.Invalid || !slices.Equal(told(err.Issues), []string{"inner.list.1: invalid_value: is not an accepted value"}) {
		t.Errorf("a value the type can't hold: %v %v", err, err.Issues)
	}
}

func TestOneSchemaServesManyAtOnce(t *testing.T) {
	schema := compile[submission](t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 200 {
				text := fmt.Sprintf("from %d", i)
				var got submission
				if err := schema.Decode(fmt.Appendf(nil, `{"text":%q,"metadata":{"a":1}}`, text), &got); err != nil || got.Text != text {
					t.Errorf("got %q, %v", got.Text, err)
				}
				expect(t, schema, fmt.Sprintf(`{"text":"t","k%d":1}`, i), fmt.Sprintf("k%d: unrecognized_keys: is not a known field", i))
			}
		})
	}
	all.Wait()
}
