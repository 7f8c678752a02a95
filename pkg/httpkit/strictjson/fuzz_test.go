package strictjson_test

import (
	stdjson "encoding/json"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/heard-dev/heard/pkg/httpkit/strictjson"
)

// FuzzCheck holds the checker to three judges: the standard library on what JSON is, the Go type on what decodes, and
// huma's own validator on what the schema says.
func FuzzCheck(f *testing.F) {
	for _, body := range []string{
		string(aSubmission()), ``, `null`, `[]`, `{}`, `{"text":"t"} `, `{"text":"t"}x`, `{"text":"t","text":"t"}`,
		`{"text":"\ud83d\ude00\n","severity":null,"metadata":{"a":{"a":[1e3,-0.0,1e400]}},"extra":[[{}]]}`,
		`{"text":"t","viewport":{"w":1,"h":2.5e0,"dpr":1.05}}`, `{"text":"t","sentAt":"2026-01-02T03:04:05.5+01:00"}`,
		`{"text":"t","consoleLogs":[{"level":"log","message":"","ts":1.0},{"level":"x","ts":-1e2}]}`,
		`{"text":"t","attachments":[{"key":"k","contentType":"image/png","byteSize":1e3}]}`,
		`{"text":"t","identity":{"email":"a@b","externalUserId":"\u0000"}}`, `{"Text":"t","` + "\xff" + `":1}`,
		strings.Repeat("[", 40), `{"extra":` + strings.Repeat(`{"a":`, 40),
	} {
		f.Add([]byte(body))
	}
	schema := compile[submission](f)
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	described := registry.Schema(reflect.TypeFor[submission](), true, "")
	registry.Map()["Submission"].Properties["url"].Format = "" // where we take what browsers send, huma takes RFC 3986
	loneSurrogate := regexp.MustCompile(`\\u[dD][89a-fA-F]`)

	f.Fuzz(func(t *testing.T, body []byte) {
		issues := schema.Check(body)
		ended, capped := false, len(issues) == strictjson.MaxIssues
		for _, issue := range issues {
			ended = ended || issue.Code == strictjson.InvalidJSON || issue.Code == strictjson.TooDeep
		}
		if ended && len(issues) != 1 {
			t.Errorf("a fault that ends the reading stands beside others: %v", issues)
		}
		valid := stdjson.Valid(body)
		if !valid && !ended && !capped {
			t.Errorf("not JSON, but %v", issues)
		}
		if valid && ended && issues[0].Code == strictjson.InvalidJSON && utf8.Valid(body) && !loneSurrogate.Match(body) {
			t.Errorf("JSON, but %v", issues)
		}

		var got submission
		err := schema.Decode(body, &got)
		if (err == nil) != (issues == nil) {
			t.Errorf("checked %v, decoded %v", issues, err)
		}
		if issues != nil {
			return
		}
		var strict submission
		err = json.Unmarshal(body, &strict, json.RejectUnknownMembers(true), jsontext.AllowDuplicateNames(false))
		refused, ok := errors.AsType[*json.SemanticError](err)
		if wholeNumber := ok && refused.GoType.Kind() <= reflect.Uint64; err != nil && !wholeNumber {
			t.Errorf("accepted, but %v", err) // whole numbers have spellings that only Decode takes
		}
		if err == nil && !reflect.DeepEqual(got, strict) {
			t.Errorf("got %+v, want %+v", got, strict)
		}
		var loose any
		if err := stdjson.Unmarshal(body, &loose); err != nil {
			t.Errorf("accepted, but %v", err)
		}
		var result huma.ValidateResult
		huma.Validate(registry, described, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, loose, &result)
		for _, refusal := range result.Errors {
			if !strings.Contains(refusal.Error(), "multiple of") { // huma takes 1.05 for no multiple of 0.05
				t.Errorf("accepted, but huma says %v", refusal)
			}
		}
	})
}
