package strictjson_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/httpkit/strictjson"
)

type submission struct {
	Text        string          `json:"text" minLength:"1" maxLength:"8192"`
	Severity    *string         `json:"severity,omitempty" enum:"low,medium,high" nullable:"true"`
	URL         string          `json:"url,omitempty" format:"uri" maxLength:"2048"`
	UserAgent   string          `json:"userAgent,omitempty" maxLength:"512"`
	Viewport    *viewport       `json:"viewport,omitempty"`
	ConsoleLogs []line          `json:"consoleLogs,omitempty" maxItems:"500" nullable:"false"`
	Attachments []citation      `json:"attachments,omitempty" maxItems:"2" nullable:"false"`
	Metadata    map[string]any  `json:"metadata,omitempty" maxProperties:"50"`
	Extra       json.RawMessage `json:"extra,omitempty"`
	Identity    *identity       `json:"identity,omitempty"`
	SentAt      time.Time       `json:"sentAt,omitzero"`
}

type viewport struct {
	W   float64 `json:"w" exclusiveMinimum:"0"`
	H   float64 `json:"h" exclusiveMinimum:"0"`
	DPR float64 `json:"dpr,omitempty" maximum:"16" multipleOf:"0.05"`
}

type line struct {
	Level   string `json:"level" enum:"log,info,warn,error"`
	Message string `json:"message" maxLength:"1000"`
	TS      int64  `json:"ts" minimum:"0"`
}

type citation struct {
	Key         string `json:"key" minLength:"1"`
	ContentType string `json:"contentType" pattern:"^[a-zA-Z]+/[a-zA-Z0-9.+-]+$" patternDescription:"a media type"`
	ByteSize    uint32 `json:"byteSize" minimum:"1" maximum:"15728640"`
}

type identity struct {
	Email          string `json:"email,omitempty" format:"email"`
	ExternalUserID string `json:"externalUserId,omitempty"`
}

func compile[T any](t testing.TB) *strictjson.Schema {
	t.Helper()
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	schema, err := strictjson.Compile(registry, registry.Schema(reflect.TypeFor[T](), true, "Body"))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// told spells issues as "path: code: message", the path joined by dots.
func told(issues []apierr.Issue) []string {
	var lines []string
	for _, issue := range issues {
		path := make([]string, len(issue.Path))
		for i, step := range issue.Path {
			path[i] = fmt.Sprint(step)
		}
		lines = append(lines, strings.Join(path, ".")+": "+issue.Code+": "+issue.Message)
	}
	return lines
}

func expect(t *testing.T, schema *strictjson.Schema, body string, want ...string) {
	t.Helper()
	if got := told(schema.Check([]byte(body))); !slices.Equal(got, want) {
		t.Errorf("%.200s\n got %s\nwant %s", body, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func TestEveryFaultIsNamedAtOnceInTheOrderOfTheDocument(t *testing.T) {
	expect(t, compile[submission](t), `{
		"severity": "urgent",
		"Text": "another case is another name",
		"url": "not a url",
		"viewport": {"w": 0, "dpr": 1.52, "w": 1},
		"consoleLogs": [{"level":"warn","message":"m","ts":1.5}, null, {"level":"x","message":7,"ts":-1,"more":{"a":1,"a":2}}],
		"attachments": [{"key":"","contentType":"png","byteSize":15728641}],
		"metadata": {"a": {"b": 1, "c": [{"b": 1, "b": 2}]}, "\u0061": 1e999},
		"extra": [{"x":1,"x":1}],
		"identity": {"email": "jane at example.com", "externalUserId": null},
		"sentAt": "yesterday",
		"severity": null
	}`,
		`severity: invalid_value: must be one of low, medium, high`,
		`Text: unrecognized_keys: is not a known field`,
		`url: invalid_format: must be a URL with its scheme`,
		`viewport.w: too_small: must be greater than 0`,
		`viewport.dpr: not_multiple_of: must be a multiple of 0.05`,
		`viewport.w: duplicate_key: appears twice`,
		`viewport.h: required: is required`,
		`consoleLogs.0.ts: invalid_type: must be an integer`,
		`consoleLogs.1: invalid_type: must be an object`,
		`consoleLogs.2.level: invalid_value: must be one of log, info, warn, error`,
		`consoleLogs.2.message: invalid_type: must be a string`,
		`consoleLogs.2.ts: too_small: must be at least 0`,
		`consoleLogs.2.more: unrecognized_keys: is not a known field`,
		`consoleLogs.2.more.a: duplicate_key: appears twice`,
		`attachments.0.key: too_small: must be at least 1 character`,
		`attachments.0.contentType: invalid_format: must be a media type`,
		`attachments.0.byteSize: too_big: must be at most 15728640`,
		`metadata.a.c.0.b: duplicate_key: appears twice`,
		`metadata.a: duplicate_key: appears twice`,
		`metadata.a: too_big: is too large a number`,
		`extra.0.x: duplicate_key: appears twice`,
		`identity.email: invalid_format: must be an e-mail address`,
		`identity.externalUserId: invalid_type: must be a string`,
		`sentAt: invalid_format: must be an RFC 3339 date and time`,
		`severity: duplicate_key: appears twice`,
		`text: required: is required`,
	)
}

func TestPathsHoldKeysAsTextAndPositionsAsNumbers(t *testing.T) {
	issues := compile[submission](t).Check([]byte(`{"text":"t","attachments":[{"key":"k","contentType":"a/b","byteSize":1,"0":2}]}`))
	want := []apierr.Issue{{Path: []any{"attachments", 0, "0"}, Code: "unrecognized_keys", Message: "is not a known field"}}
	if !reflect.DeepEqual(issues, want) {
		t.Errorf("got %#v", issues)
	}
	issues = compile[submission](t).Check([]byte(`[]`))
	if len(issues) != 1 || issues[0].Path == nil || len(issues[0].Path) != 0 {
		t.Errorf("the document itself has the path []: got %#v", issues)
	}
}

func TestNullIsRefusedWhereTheSchemaDoesNotOfferIt(t *testing.T) {
	type nulls struct {
		Plain    string   `json:"plain,omitempty"`
		Pointer  *string  `json:"pointer"` // huma: nullable, as a nil would be written
		Optional *string  `json:"optional,omitempty"`
		Offered  *int     `json:"offered,omitempty" nullable:"true"`
		Forced   bool     `json:"forced" nullable:"true" required:"false"`
		Object   *line    `json:"object,omitempty"`
		List     []string `json:"list,omitempty"` // huma: nullable unless told otherwise
		Items    []string `json:"items,omitempty" nullable:"false"`
		Map      map[string]bool
		Free     any `json:"free,omitempty"`
	}
	expect(t, compile[nulls](t), `{"plain":null,"pointer":null,"optional":null,"offered":null,"forced":null,"object":null,"list":null,
		"items":null,"Map":null,"free":null}`,
		"plain: invalid_type: must be a string",
		"optional: invalid_type: must be a string",
		"object: invalid_type: must be an object",
		"items: invalid_type: must be an array",
		"Map: invalid_type: must be an object",
	)
	expect(t, compile[nulls](t), `{"offered":"1"}`,
		"offered: invalid_type: must be an integer or null", "pointer: required: is required", "Map: required: is required")
	expect(t, compile[nulls](t), `null`, ": invalid_type: must be an object")
}

func TestKeywords(t *testing.T) {
	type floats struct {
		Single float32 `json:"single,omitempty"`
		Double float64 `json:"double,omitempty" minimum:"-1.5" exclusiveMaximum:"2"`
		Cents  float64 `json:"cents,omitempty" multipleOf:"0.01"`
		Choice float64 `json:"choice,omitempty" enum:"1,2.5"`
	}
	type integers struct {
		Any    int64  `json:"any,omitempty" minimum:"-1e30" maximum:"1e30"`
		Small  int32  `json:"small,omitempty"`
		Count  uint64 `json:"count,omitempty"`
		Open   int    `json:"open,omitempty" exclusiveMinimum:"1.5" exclusiveMaximum:"10"`
		Dozens int    `json:"dozens,omitempty" multipleOf:"12" maximum:"100"`
		Choice *int   `json:"choice,omitempty" enum:"1,2" nullable:"true"`
	}
	type texts struct {
		Length  string `json:"length,omitempty" minLength:"2" maxLength:"3"`
		Pattern string `json:"pattern,omitempty" pattern:"^[a-z]+$"`
		Both    string `json:"both,omitempty" minLength:"4" format:"uuid"`
	}
	type lists struct {
		Words [][]string         `json:"words,omitempty" minItems:"1" maxItems:"2"`
		Pair  [2]bool            `json:"pair,omitempty"`
		Ages  map[string]uint8   `json:"ages,omitempty" minProperties:"1" maxProperties:"2"`
		Deep  map[string][]lists `json:"deep,omitempty"`
	}
	type open struct {
		_    struct{} `additionalProperties:"true"`
		Name string   `json:"name"`
	}
	f, i, x, l, o := compile[floats](t), compile[integers](t), compile[texts](t), compile[lists](t), compile[open](t)

	expect(t, f, `{"single":3.4e38,"double":-1.5,"cents":19.99,"choice":2.5}`)
	expect(t, f, `{"single":1e39,"double":2,"cents":19.995,"choice":2}`,
		"single: too_big: must be at most 3.4028234663852886e+38", "double: too_big: must be less than 2",
		"cents: not_multiple_of: must be a multiple of 0.01", "choice: invalid_value: must be one of 1, 2.5")
	expect(t, f, `{"double":-1.50001,"cents":-1e99999,"choice":true}`,
		"double: too_small: must be at least -1.5", "cents: too_small: must be at least -1.7976931348623157e+308",
		"choice: invalid_type: must be a number")

	expect(t, i, `{"any":-9223372036854775808,"small":2147483647,"count":9223372036854775807,"open":2,"dozens":96,"choice":null}`)
	expect(t, i, `{"any":1e3,"small":-1.0,"count":0.00e99999999999999999999,"open":900000e-5,"dozens":0.00024E+5,"choice":-0.0002e4}`,
		"choice: invalid_value: must be one of 1, 2")
	expect(t, i, `{"any":9223372036854775808,"small":-2147483649,"count":-1,"open":1,"dozens":102,"choice":3}`,
		"any: too_big: must be at most 9223372036854775807", "small: too_small: must be at least -2147483648",
		"count: too_small: must be at least 0", "open: too_small: must be greater than 1.5",
		"dozens: too_big: must be at most 100", "dozens: not_multiple_of: must be a multiple of 12",
		"choice: invalid_value: must be one of 1, 2")
	expect(t, i, `{"any":-1e99999999999999999999,"small":1e-99999999999999999999,"count":1e19,"open":10,
		"dozens":1.00000000000000001,"choice":1.5}`,
		"any: too_small: must be at least -9223372036854775808", "small: invalid_type: must be an integer",
		"count: too_big: must be at most 9223372036854775807", "open: too_big: must be less than 10",
		"dozens: invalid_type: must be an integer", "choice: invalid_type: must be an integer or null")

	expect(t, x, `{"length":"\ud83d\ude00é","pattern":"abc"}`) // characters, not bytes
	expect(t, x, `{"length":"😀","pattern":"ABC","both":"a"}`,
		"length: too_small: must be at least 2 characters", "pattern: invalid_format: must match ^[a-z]+$",
		"both: too_small: must be at least 4 characters", "both: invalid_format: must be a UUID")
	expect(t, x, `{"length":"😀😀😀😀"}`, "length: too_big: must be at most 3 characters")

	expect(t, l, `{"words":[["a"],[]],"pair":[true,false],"ages":{"a":1},"deep":{"x":[{"deep":{"y":[]}}]}}`)
	expect(t, l, `{"words":[],"pair":[true],"ages":{}}`, "words: too_small: must have at least 1 item",
		"pair: too_small: must have at least 2 items", "ages: too_small: must have at least 1 field")
	expect(t, l, `{"words":[[],[1],[2]],"pair":[1,2,3],"ages":{"a":1,"b":-1,"c":"2"},"deep":{"x":[{"deep":{"y":[{"z":1}]}}]}}`,
		"words.1.0: invalid_type: must be a string", "words: too_big: must have at most 2 items",
		"pair.0: invalid_type: must be true or false", "pair.1: invalid_type: must be true or false", "pair: too_big: must have at most 2 items",
		"ages.b: too_small: must be at least 0", "ages.c: invalid_type: must be an integer", "ages: too_big: must have at most 2 fields",
		"deep.x.0.deep.y.0.z: unrecognized_keys: is not a known field")

	expect(t, o, `{"name":"n","anything":[null,1,"x",{"y":true}]}`)
	expect(t, o, `{"anything":1,"anything":1}`, "anything: duplicate_key: appears twice", "name: required: is required")
}
