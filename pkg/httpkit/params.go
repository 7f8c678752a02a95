package httpkit

import (
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/httpkit/strictjson"
)

// params decodes what a request says outside its body. The parameters are written as JSON objects and checked like a body,
// so that both are held to the document by the same rules, and every fault is named at once: first those of the path, then
// of the headers and cookies, then of the query in the order of its names.
type params struct {
	path, header, cookie []param
	query                map[string]param // by name

	inBody bool // what the query says is a part of the body

	aside *strictjson.Schema // of path, headers and cookies
	asked *strictjson.Schema // of the query
}

type param struct {
	name  string
	field int
	kind  reflect.Kind
}

func compileParams(registry huma.Registry, op *huma.Operation, in reflect.Type) *params {
	p := &params{query: map[string]param{}}
	for i := range in.NumField() {
		tag, kind := in.Field(i).Tag, in.Field(i).Type.Kind()
		if name := tag.Get("path"); name != "" {
			p.path = append(p.path, param{name, i, kind})
		}
		if name := tag.Get("header"); name != "" {
			p.header = append(p.header, param{name, i, kind})
		}
		if name := tag.Get("cookie"); name != "" {
			p.cookie = append(p.cookie, param{name, i, kind})
		}
		if name := tag.Get("query"); name != "" {
			p.query[name] = param{name, i, kind}
		}
	}
	aside, asked := parameters(), parameters()
	for _, documented := range op.Parameters {
		object := aside
		if documented.In == "query" {
			object = asked
		}
		object.Properties[documented.Name] = documented.Schema
		if documented.Required {
			object.Required = append(object.Required, documented.Name)
		}
	}
	p.aside, p.asked = must(strictjson.Compile(registry, aside)), must(strictjson.Compile(registry, asked))
	return p
}

// parameters are an object without any yet, and that takes no others.
func parameters() *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, AdditionalProperties: false}
}

// decode sets the fields of in, or refuses with every fault. A query parameter that is not documented is one (D7).
func (p *params) decode(c *gin.Context, in reflect.Value) error {
	var query url.Values
	if !p.inBody {
		var err error
		if query, err = parseQuery(c.Request.URL.RawQuery); err != nil {
			return err
		}
	}
	if issues := append(p.aside.Check(p.writeAside(c)), p.asked.Check(p.writeQuery(query))...); len(issues) > 0 {
		return apierr.Query(issues...)
	}
	for _, param := range p.path {
		in.Field(param.field).SetString(segment(c, param.name))
	}
	for _, param := range p.header {
		in.Field(param.field).SetString(c.Request.Header.Get(param.name))
	}
	for _, param := range p.cookie {
		in.Field(param.field).SetString(cookie(c, param.name))
	}
	for name, values := range query {
		set(in.Field(p.query[name].field), values[0])
	}
	return nil
}

func (p *params) writeAside(c *gin.Context) []byte {
	object := append(make([]byte, 0, 256), '{')
	for _, param := range p.path {
		object = appendMember(object, param.name, segment(c, param.name), param.kind)
	}
	for _, param := range p.header {
		if value := c.Request.Header.Get(param.name); value != "" {
			object = appendMember(object, param.name, value, param.kind)
		}
	}
	for _, param := range p.cookie {
		if value := cookie(c, param.name); value != "" {
			object = appendMember(object, param.name, value, param.kind)
		}
	}
	return append(object, '}')
}

// segment is a part of the path, unescaped. gin gives what is escaped as it stands, if anything is.
func segment(c *gin.Context, name string) string {
	value := c.Param(name)
	if c.Request.URL.RawPath == "" {
		return value
	}
	plain, err := url.PathUnescape(value)
	if err != nil {
		return value
	}
	return plain
}

// cookie is empty where there is none; gin's own would unescape it.
func cookie(c *gin.Context, name string) string {
	found, err := c.Request.Cookie(name)
	if err != nil {
		return ""
	}
	return found.Value
}

func (p *params) writeQuery(query url.Values) []byte {
	object := append(make([]byte, 0, 64), '{')
	for _, name := range slices.Sorted(maps.Keys(query)) {
		for _, value := range query[name] {
			object = appendMember(object, name, value, p.query[name].kind)
		}
	}
	return append(object, '}')
}

// parseQuery spares the map of a query that is not there, which is every widget's.
func parseQuery(raw string) (url.Values, error) {
	if raw == "" {
		return nil, nil
	}
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, apierr.Query(apierr.Issue{Path: []any{}, Code: strictjson.InvalidFormat, Message: "the query string is malformed"})
	}
	return query, nil
}

// appendMember writes one parameter as a member of an object. A value that does not spell its kind stays a string, which
// the schema then refuses.
func appendMember(object []byte, name, value string, kind reflect.Kind) []byte {
	if len(object) > 1 {
		object = append(object, ',')
	}
	object = append(appendString(object, name), ':')
	switch kind {
	case reflect.Int:
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return strconv.AppendInt(object, n, 10)
		}
	case reflect.Bool:
		if value == "true" || value == "false" {
			return append(object, value...)
		}
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
