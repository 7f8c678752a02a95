package httpkit

import (
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/httpkit/strictjson"
)

// params decodes what a request says outside its body. The parameters are written as one JSON object and checked like a
// body, so that both are held to the document by the same rules, and every fault is named at once.
type params struct {
	schema *strictjson.Schema
	fields map[string]param // by name; header names in their canonical form
}

type param struct {
	in    string // path, query or header
	field int
	kind  reflect.Kind
}

func compileParams(registry huma.Registry, op *huma.Operation, in reflect.Type) *params {
	p := &params{fields: map[string]param{}}
	object := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, AdditionalProperties: false}
	for i := range in.NumField() {
		for _, place := range []string{"path", "query", "header"} {
			if name := in.Field(i).Tag.Get(place); name != "" {
				p.fields[name] = param{in: place, field: i, kind: in.Field(i).Type.Kind()}
			}
		}
	}
	for _, documented := range op.Parameters {
		object.Properties[documented.Name] = documented.Schema
		if documented.Required {
			object.Required = append(object.Required, documented.Name)
		}
	}
	object.PrecomputeMessages()
	p.schema = must(strictjson.Compile(registry, object))
	return p
}

// decode sets the fields of in, or refuses with every fault. A query parameter that is not documented is one (D7).
func (p *params) decode(c *gin.Context, in reflect.Value) error {
	if len(p.fields) == 0 && c.Request.URL.RawQuery == "" {
		return nil
	}
	query, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		return apierr.Query(apierr.Issue{Code: "invalid_format", Message: "the query string is malformed"})
	}
	object := append(make([]byte, 0, 256), '{')
	for name, values := range query {
		kind := p.fields[name].kind
		if p.fields[name].in != "query" {
			kind = reflect.Invalid
		}
		for _, value := range values {
			object = appendMember(object, name, value, kind)
		}
	}
	for name, param := range p.fields {
		switch value := ""; param.in {
		case "path":
			object = appendMember(object, name, c.Param(name), param.kind)
		case "header":
			if value = c.Request.Header.Get(name); value != "" {
				object = appendMember(object, name, value, param.kind)
			}
		}
	}
	if issues := p.schema.Check(append(object, '}')); len(issues) > 0 {
		return apierr.Query(issues...)
	}
	for name, param := range p.fields {
		switch param.in {
		case "path":
			in.Field(param.field).SetString(c.Param(name))
		case "header":
			in.Field(param.field).SetString(c.Request.Header.Get(name))
		case "query":
			if values := query[name]; len(values) > 0 {
				set(in.Field(param.field), values[0])
			}
		}
	}
	return nil
}

// appendMember writes one parameter as a member of an object. A value that does not spell its kind stays a string, which
// the schema then refuses.
func appendMember(object []byte, name, value string, kind reflect.Kind) []byte {
	if len(object) > 1 {
		object = append(object, ',')
	}
	object = append(appendString(object, name), ':')
	switch _, err := strconv.ParseInt(value, 10, 64); {
	case kind == reflect.Int && err == nil:
		return strconv.AppendInt(object, must(strconv.ParseInt(value, 10, 64)), 10)
	case kind == reflect.Bool && (value == "true" || value == "false"):
		return append(object, value...)
	}
	return appendString(object, value)
}

// appendString quotes text; what is no UTF-8 becomes U+FFFD.
func appendString(object []byte, text string) []byte {
	quoted, err := jsontext.AppendQuote(object, strings.ToValidUTF8(text, "\uFFFD"))
	return must(quoted, err)
}

// set stores a value that its schema accepted.
func set(field reflect.Value, value string) {
	switch field.Kind() {
	case reflect.Int:
		field.SetInt(must(strconv.ParseInt(value, 10, 64)))
	case reflect.Bool:
		field.SetBool(value == "true")
	default:
		field.SetString(value)
	}
}
