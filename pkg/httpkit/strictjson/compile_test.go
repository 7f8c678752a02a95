package strictjson_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heard-dev/heard/pkg/httpkit/strictjson"
)

func TestASchemaThatWouldGoUncheckedDoesNotCompile(t *testing.T) {
	one, half := 1, 0.5
	text := &huma.Schema{Type: huma.TypeString}
	many := map[string]*huma.Schema{}
	for i := range 65 {
		many[fmt.Sprint("f", i)] = text
	}
	rows := []struct {
		schema huma.Schema
		says   string
	}{
		{huma.Schema{Type: "null"}, `type "null"`},
		{huma.Schema{Type: huma.TypeString, Format: "hostname"}, `format "hostname"`},
		{huma.Schema{Type: huma.TypeInteger, Format: "uint64"}, `format "uint64"`},
		{huma.Schema{Type: huma.TypeNumber, Format: "decimal"}, `format "decimal"`},
		{huma.Schema{Type: huma.TypeString, Pattern: "(?!x)"}, "invalid or unsupported Perl syntax"},
		{huma.Schema{Type: huma.TypeString, ContentEncoding: "base64"}, "contentEncoding"},
		{huma.Schema{Type: huma.TypeString, MinItems: &one}, "minItems"},
		{huma.Schema{Type: huma.TypeString, Enum: []any{1.0}}, "enum of float64"},
		{huma.Schema{Type: huma.TypeNumber, Enum: []any{"1"}}, "enum of string"},
		{huma.Schema{Type: huma.TypeBoolean, Enum: []any{true}}, "enum"},
		{huma.Schema{Type: huma.TypeInteger, MultipleOf: &half}, "multipleOf"},
		{huma.Schema{Type: huma.TypeInteger, MaxLength: &one}, "maxLength"},
		{huma.Schema{Type: huma.TypeArray, UniqueItems: true}, "uniqueItems"},
		{huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Not: text}}, "not"},
		{huma.Schema{Type: huma.TypeObject, Properties: many}, "65 fields"},
		{huma.Schema{Type: huma.TypeObject, Required: []string{"ghost"}}, "ghost"},
		{huma.Schema{Type: huma.TypeObject, AdditionalProperties: *text}, "additionalProperties"},
		{huma.Schema{Type: huma.TypeObject, DependentRequired: map[string][]string{"a": {"b"}}}, "dependentRequired"},
		{huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"a": {Type: huma.TypeString, ReadOnly: true}}}, "a: "},
		{huma.Schema{OneOf: []*huma.Schema{text}}, "oneOf"},
		{huma.Schema{AnyOf: []*huma.Schema{text}}, "anyOf"},
		{huma.Schema{AllOf: []*huma.Schema{text}}, "allOf"},
		{huma.Schema{MinLength: &one}, "minLength"},
		{huma.Schema{Nullable: true}, "nullable"},
		{huma.Schema{Ref: "#/s/Nowhere"}, "#/s/Nowhere: not in the registry"},
		{huma.Schema{Ref: "#/s/Nowhere", MaxProperties: &one}, "maxProperties"},
		{huma.Schema{Type: huma.TypeString, Extensions: map[string]any{"const": "x"}}, "const"},
	}
	for _, row := range rows {
		_, err := strictjson.Compile(huma.NewMapRegistry("#/s/", huma.DefaultSchemaNamer), &row.schema)
		if err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("want %q, got %v", row.says, err)
		}
	}
}

// nested lets a fault lie behind a reference.
type nested struct {
	Inner struct {
		Data []byte `json:"data"`
	} `json:"inner"`
}

func TestACompileErrorLeadsToTheField(t *testing.T) {
	registry := huma.NewMapRegistry("#/s/", huma.DefaultSchemaNamer)
	_, err := strictjson.Compile(registry, registry.Schema(reflect.TypeFor[nested](), true, ""))
	if err == nil || !strings.Contains(err.Error(), "data: ") || !strings.Contains(err.Error(), "inner: ") {
		t.Errorf("got %v", err)
	}
}

func TestAnnotationsPass(t *testing.T) {
	schema := huma.Schema{
		Type: huma.TypeString, Title: "t", Description: "d", Default: "x", Examples: []any{"x"}, Deprecated: true, WriteOnly: true,
		Extensions: map[string]any{"x-order": 1}, Nullable: true, Enum: []any{"x", nil},
	}
	compiled, err := strictjson.Compile(huma.NewMapRegistry("#/s/", huma.DefaultSchemaNamer), &schema)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, compiled, `null`)
	expect(t, compiled, `"y"`, ": invalid_value: must be one of x")
}
